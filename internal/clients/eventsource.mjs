// SPDX-License-Identifier: Apache-2.0

// Reads each stream that it is given with Node's eventsource, as a page does
// with the browser's own: it leaves the end to the server.
import { EventSource } from 'eventsource';
import { report } from './report.mjs';

process.argv.slice(2).forEach((url, stream) => {
	const source = new EventSource(url);
	const tell = (e) => report({ stream, id: e.lastEventId, type: e.type, data: e.data });
	source.addEventListener('message', tell);
	source.addEventListener('end', tell);
	source.addEventListener('error', (e) => {
		if (source.readyState === EventSource.CLOSED) {
			report({ stream, type: 'closed', data: String(e.code ?? '') });
		}
	});
});
