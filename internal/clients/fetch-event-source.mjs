// SPDX-License-Identifier: Apache-2.0

// Reads each stream that it is given with @microsoft/fetch-event-source. After
// HIDE, the page that it believes to be in is hidden once a number has come, and
// shown again. After STAY, that is so once the end has come, for which it does not
// stop; it is stopped when it has come back in vain a few times. After POST and a body, the requests are POSTs of that.
import { report } from './report.mjs';

// The page that it needs around it.
const watching = new Set();
globalThis.window = globalThis;
globalThis.document = {
	hidden: false,
	addEventListener: (_, f) => watching.add(f),
	removeEventListener: (_, f) => watching.delete(f),
};
function show(visible) {
	document.hidden = !visible;
	watching.forEach((f) => f());
}

const { fetchEventSource } = await import('@microsoft/fetch-event-source');

const urls = process.argv.slice(2);
let hide = urls[0] === 'HIDE' && urls.shift() !== undefined;
const stay = urls[0] === 'STAY' && urls.shift() !== undefined;
let request = {};
if (urls[0] === 'POST') {
	const [method, body] = urls.splice(0, 2);
	request = { method, body, headers: { 'Content-Type': 'application/json' } };
}

async function read(url, stream) {
	let id = '';
	let ended = false;
	let refused = 0;
	while (!ended) {
		const stop = new AbortController();
		await fetchEventSource(url, {
			...request,
			headers: { ...request.headers, ...(id === '' ? {} : { 'Last-Event-ID': id }) },
			signal: stop.signal,
			onerror(err) {
				if (!stay) {
					return;
				}
				report({ stream, type: 'refused', data: String(err) });
				if (++refused === 3) {
					stop.abort();
				}
			},
			onmessage(e) {
				report({ stream, id: e.id, type: e.event || 'message', data: e.data });
				id = e.id || id;
				if (e.event === 'end') {
					ended = true;
					if (stay) {
						show(false);
						setTimeout(show, 50, true);
					} else {
						stop.abort();
					}
				} else if (hide && e.id !== '') {
					hide = false;
					show(false);
					setTimeout(show, 50, true);
				}
			},
		});
		// It believes to be through, and has to be called again.
		report({ stream, type: ended ? 'closed' : 'resolved', data: '' });
	}
}

await Promise.all(urls.map(read));
