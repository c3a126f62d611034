// SPDX-License-Identifier: Apache-2.0

import { writeSync } from 'node:fs';

// report tells the test of something, on a line of its own, before anything
// else can happen.
export function report(what) {
	writeSync(1, JSON.stringify(what) + '\n');
}
