// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"context"
	"errors"
	"io"
	"strings"
	"syscall/js"
	"testing"
	"time"

	"sluice/bridge/sse"
)

// stand puts the value of a JavaScript expression in the place of a global for
// the length of a test, and gives it.
func stand(t *testing.T, name, source string) js.Value {
	t.Helper()
	was := js.Global().Get("Object").Call("getOwnPropertyDescriptor", js.Global(), name)
	value := js.Global().Get("Function").New("return " + source).Invoke()
	js.Global().Get("Object").Call("defineProperty", js.Global(), name, map[string]any{
		"value": value, "configurable": true, "writable": true,
	})
	t.Cleanup(func() {
		if was.IsUndefined() {
			js.Global().Delete(name)
			return
		}
		js.Global().Get("Object").Call("defineProperty", js.Global(), name, was)
	})
	return value
}

// An object of the browser's that a test can have say things.
const target = `class extends EventTarget {
	static all = [];
	static CLOSED = 2;
	readyState = 0;
	constructor(...args) { super(); this.args = args; this.heard = 0; new.target.all.push(this); }
	addEventListener(...a) { this.heard++; super.addEventListener(...a); }
	removeEventListener(...a) { this.heard--; super.removeEventListener(...a); }
	close() { this.closed = true; }
	say(name, fields) { this.dispatchEvent(Object.assign(new Event(name), fields)); }
}`

// made waits for the first object of a class.
func made(t *testing.T, class js.Value) js.Value {
	t.Helper()
	until(t, "it is made", func() bool { return class.Get("all").Length() > 0 })
	return class.Get("all").Index(0)
}

// beginning runs Open beside the test.
func beginning(t *testing.T, transport Transport, req Request) (resp chan Response) {
	t.Helper()
	resp = make(chan Response, 1)
	go func() {
		r, err := transport.Open(t.Context(), req)
		if err != nil {
			t.Error(err)
		}
		resp <- r
	}()
	return resp
}

// wire is an event as a stream has it.
func wire(t *testing.T, id, event, data string) string {
	t.Helper()
	text, err := sse.AppendEvent(nil, id, event, []byte(data))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestBrowserWebSocket(t *testing.T) {
	class := stand(t, "WebSocket", target)
	var meter Meter
	answer := beginning(t, NewWebSocket(nil, &meter), get("https://example.com/sse"))
	socket := made(t, class)
	if url, protocol := socket.Get("args").Index(0).String(), socket.Get("args").Index(1).String(); url != "wss://example.com/sse" || protocol != SocketProtocol {
		t.Errorf("opened %s, %s", url, protocol)
	}
	socket.Call("say", "message", map[string]any{"data": `{"event":"open","data":{"run":"` + runA + `"}}`})
	resp := <-answer
	socket.Call("say", "message", map[string]any{"data": `{"id":"` + runA + `-1","data":"é"}`})
	wantRead(t, resp, wire(t, runA+"-1", "", `"é"`))
	socket.Call("say", "close", map[string]any{"code": 1012, "reason": "going away"})
	if _, err := resp.Read(make([]byte, 10)); err == nil || !strings.Contains(err.Error(), "going away") {
		t.Errorf("ended with %v", err)
	}
	if err := resp.Close(); err != nil || !socket.Get("closed").Truthy() || socket.Get("heard").Int() != 0 {
		t.Errorf("closed with %v, and %v still listens", err, socket.Get("heard"))
	}
	if traffic := meter.Traffic(); traffic.Requests != 1 || traffic.Messages != 2 {
		t.Errorf("%+v", traffic)
	}
}

func TestBrowserEventSource(t *testing.T) {
	class := stand(t, "EventSource", target)
	answer := beginning(t, NewEventSource(nil, nil, "price"), get("/sse"))
	source := made(t, class)
	source.Call("say", "open", map[string]any{})
	resp := <-answer
	source.Call("say", "message", map[string]any{"lastEventId": "a-1", "data": "1"})
	wantRead(t, resp, wire(t, "a-1", "", "1"))
	source.Call("say", "price", map[string]any{"lastEventId": "a-2", "data": "2"})
	wantRead(t, resp, wire(t, "a-2", "price", "2"))
	source.Call("say", "error", map[string]any{})
	if _, err := resp.Read(make([]byte, 10)); err == nil || errors.Is(err, io.EOF) {
		t.Errorf("ended with %v", err)
	}
	if !source.Get("closed").Truthy() || source.Get("heard").Int() != 0 {
		t.Error("the EventSource is still there")
	}
	_ = resp.Close()
}

func TestBrowserWithoutThem(t *testing.T) {
	for name, transport := range map[string]Transport{"WebSocket": NewWebSocket(nil, nil), "EventSource": NewEventSource(nil, nil)} {
		hide(t, name)
		if _, err := transport.Open(t.Context(), get("/x")); !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// locks of one page, by the rules of the browser's.
const webLocksStub = `({ locks: {
	held: {}, queue: [],
	request(name, options, callback) {
		return new Promise((resolve, reject) => {
			const run = () => {
				this.held[name] = true;
				Promise.resolve(callback({ name })).then((v) => {
					delete this.held[name];
					const i = this.queue.findIndex((q) => q.name === name);
					if (i >= 0) { this.queue.splice(i, 1)[0].run(); }
					resolve(v);
				});
			};
			if (!this.held[name]) { run(); return; }
			if (options.ifAvailable) { Promise.resolve(callback(null)).then(resolve); return; }
			const entry = { name, run };
			this.queue.push(entry);
			options.signal.addEventListener("abort", () => {
				const i = this.queue.indexOf(entry);
				if (i >= 0) { this.queue.splice(i, 1); reject(new Error("aborted")); }
			});
		});
	},
} })`

func TestBrowserLocks(t *testing.T) {
	stand(t, "navigator", webLocksStub)
	locks, channel := browserTabs()
	if locks == nil || channel == nil {
		t.Fatal("there are no locks")
	}
	release := locks.try(context.Background(), "a")
	if release == nil || locks.try(context.Background(), "a") != nil {
		t.Fatal("a free lock is not given, or one that is held is")
	}
	granted := make(chan func(), 2)
	giveUp := locks.wait("a", func(release func()) { granted <- release })
	giveUp()
	locks.wait("a", func(release func()) { granted <- release })
	release()
	release()
	select {
	case release = <-granted:
	case <-time.After(5 * time.Second):
		t.Fatal("the lock is not given on")
	}
	release()
	until(t, "the lock is free", func() bool {
		release := locks.try(context.Background(), "a")
		if release != nil {
			release()
		}
		return release != nil
	})
	if len(granted) > 0 {
		t.Error("who gave up was given the lock")
	}
}

func TestBrowserChannel(t *testing.T) {
	stand(t, "navigator", webLocksStub)
	_, channel := browserTabs()
	heard := make(chan string, 10)
	post, closeOne := channel("c", func(text string) { heard <- "own " + text })
	_, closeTwo := channel("c", func(text string) { heard <- text })
	defer closeOne()
	post("é1")
	post("2")
	for _, want := range []string{"é1", "2"} {
		select {
		case got := <-heard:
			if got != want {
				t.Errorf("heard %q, want %q", got, want)
			}
		case <-time.After(5 * time.Second):
			t.Fatal("nothing is heard")
		}
	}
	closeTwo()
}
