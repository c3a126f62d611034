// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"context"
	"fmt"
	"strings"
	"syscall/js"
	"testing"
	"time"
)

// nodeServer is an HTTP server on a port of its own, in the process that runs the
// test. It cuts every connection of /sse but the last ones.
const nodeServer = `
const http = require("http");
const seen = { closed: {}, requests: [] };
let cuts = 40;
const run = "` + runA + `";
const server = http.createServer((req, res) => {
	const path = req.url.split("?")[0];
	seen.requests.push(req.method + " " + path);
	req.socket.once("close", () => { seen.closed[path] = true; });
	switch (path) {
	case "/echo": {
		const parts = [];
		req.on("data", (p) => parts.push(p));
		req.on("end", () => {
			res.setHeader("X-Answer", "yes");
			res.end(JSON.stringify({
				method: req.method, body: Buffer.concat(parts).toString(), headers: req.headers,
				id: Buffer.from(req.headers["last-event-id"] || "", "latin1").toString("utf8"),
			}));
		});
		return;
	}
	case "/steps":
		res.write("one");
		seen.steps = res;
		return;
	case "/big":
		res.end(Buffer.alloc(1 << 20, "0123456789"));
		return;
	case "/reset":
		res.write("some");
		seen.reset = () => req.socket.resetAndDestroy();
		return;
	case "/hang":
		res.write("some");
		return;
	case "/mute":
		return;
	case "/empty":
		res.statusCode = 204;
		res.end();
		return;
	}
	if (req.method === "DELETE") {
		res.statusCode = 204;
		res.end();
		return;
	}
	const last = 2000;
	const id = req.headers["last-event-id"];
	let body = ": hi\n\n";
	for (let n = id ? parseInt(id.split("-")[1]) + 1 : 1; n <= last; n++) {
		body += "id: " + run + "-" + n + "\ndata: " + n + "\n\n";
	}
	body += "id: " + run + "-" + (last + 1) + "\nevent: end\ndata: {\"code\":\"OK\"}\n\n";
	res.setHeader("Content-Type", "text/event-stream");
	res.setHeader("Sluice-Run", run);
	if (path === "/endless") {
		res.write("id: " + run + "-1\ndata: 1\n\n");
		return;
	}
	if (cuts-- <= 0) {
		res.end(body);
		return;
	}
	const piece = body.slice(0, 7 + 97 * cuts % 1500);
	if (cuts % 2) {
		res.end(piece);
	} else {
		res.write(piece, () => setTimeout(() => req.socket.resetAndDestroy(), 5));
	}
});
const listening = new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server.address().port)));
return {
	seen, listening,
	close: () => { server.closeAllConnections(); server.close(); },
};
`

// node starts the server and gives its address and what it has seen.
func node(t *testing.T) (url string, seen js.Value) {
	t.Helper()
	server := js.Global().Get("Function").New(nodeServer).Invoke()
	p := newPromises()
	port, err := p.wait(server.Get("listening"))
	p.release()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Call("close") })
	return fmt.Sprintf("http://127.0.0.1:%d", port.Int()), server.Get("seen")
}

func get(url string) Request { return Request{Method: "GET", URL: url} }

func open(t *testing.T, ctx context.Context, req Request) *fetchResponse {
	t.Helper()
	resp, err := NewFetch().Open(ctx, req)
	if err != nil {
		t.Fatal(err)
	}
	r := resp.(*fetchResponse)
	t.Cleanup(func() {
		_ = r.Close()
		if !r.released {
			t.Errorf("%s: what JavaScript holds of Go was not given back", req.URL)
		}
	})
	return r
}

func readAll(t *testing.T, r Response, bufferSize int) (string, error) {
	t.Helper()
	var all strings.Builder
	p := make([]byte, bufferSize)
	for {
		n, err := r.Read(p)
		all.Write(p[:n])
		if err != nil {
			return all.String(), err
		}
		if n == 0 || n > readBytes {
			t.Fatalf("Read of %d bytes gives %d and no error", bufferSize, n)
		}
	}
}

// until lets the event loop turn until something is so.
func until(t *testing.T, what string, so func() bool) {
	t.Helper()
	p := newPromises()
	defer p.release()
	for deadline := time.Now().Add(10 * time.Second); !so(); p.turn() {
		if time.Now().After(deadline) {
			t.Errorf("still not: %s", what)
			return
		}
	}
}

// waitClosed waits for the server to see that a connection has gone.
func waitClosed(t *testing.T, seen js.Value, path string) {
	t.Helper()
	until(t, path+" is closed", func() bool { return seen.Get("closed").Get(path).Truthy() })
}

// requests are those that the server has seen.
func requests(seen js.Value) string {
	return seen.Get("requests").Call("join", ", ").String()
}

// wantRead reads once.
func wantRead(t *testing.T, r Response, want string) {
	t.Helper()
	p := make([]byte, 100)
	n, err := r.Read(p)
	if got := string(p[:n]); err != nil || got != want {
		t.Fatalf("read %q, %v; want %q", got, err, want)
	}
}

// hide takes a global away for the length of a test.
func hide(t *testing.T, name string) {
	t.Helper()
	was := js.Global().Get(name)
	js.Global().Set(name, js.Undefined())
	t.Cleanup(func() { js.Global().Set(name, was) })
}

// fake puts a function in the place of fetch for the length of a test.
func fake(t *testing.T, source string) {
	t.Helper()
	was := js.Global().Get("fetch")
	js.Global().Set("fetch", js.Global().Get("Function").New("return "+source).Invoke())
	t.Cleanup(func() { js.Global().Set("fetch", was) })
}
