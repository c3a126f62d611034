// SPDX-License-Identifier: Apache-2.0

// Reads each stream that it is given with fetch and eventsource-parser, which
// parses and does nothing else: to come back is the program's own affair.
import { EventSourceParserStream } from 'eventsource-parser/stream';
import { report } from './report.mjs';

async function read(url, stream) {
	let id = '';
	for (;;) {
		try {
			const headers = { Accept: 'text/event-stream' };
			if (id !== '') {
				headers['Last-Event-ID'] = id;
			}
			const response = await fetch(url, { headers });
			if (response.status !== 200) {
				report({ stream, type: 'closed', data: String(response.status) });
				return;
			}
			const events = response.body.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream());
			for await (const e of events) {
				id = e.id ?? id;
				report({ stream, id, type: e.event ?? 'message', data: e.data });
			}
		} catch {
			// The connection broke: come back.
		}
	}
}

await Promise.all(process.argv.slice(2).map(read));
