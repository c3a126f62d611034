// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"syscall/js"
	"testing"
	"time"
)

func TestFetchRequest(t *testing.T) {
	url, _ := node(t)
	r := open(t, t.Context(), Request{
		Method: "POST", URL: url + "/echo", Body: []byte("x\x00é"), Keepalive: true,
		Header: [][2]string{{"Last-Event-ID", "é€"}, {"Accept", "text/event-stream, application/json"}, {"Content-Type", "application/json"}},
	})
	body, err := readAll(t, r, 100)
	if err != io.EOF {
		t.Fatal(err)
	}
	var got struct {
		Method, Body, ID string
		Headers          map[string]string
	}
	if err := json.Unmarshal([]byte(body), &got); err != nil {
		t.Fatal(err)
	}
	if got.Method != "POST" || got.Body != "x\x00é" || got.ID != "é€" {
		t.Errorf("the server got %+v", got)
	}
	for name, want := range map[string]string{
		"accept": "text/event-stream, application/json", "content-type": "application/json", "cache-control": "no-cache",
	} {
		if got.Headers[name] != want {
			t.Errorf("header %s is %q, want %q", name, got.Headers[name], want)
		}
	}
	if r.Status() != 200 || r.Header("x-answer") != "yes" || r.Header("X-None") != "" {
		t.Errorf("status %d, headers %q and %q", r.Status(), r.Header("x-answer"), r.Header("X-None"))
	}
}

// TestFetchReaders reads with memory of our own and, as older browsers do,
// without.
func TestFetchReaders(t *testing.T) {
	url, _ := node(t)
	big := strings.Repeat("0123456789", 1<<20/10+1)[:1<<20]
	for _, byob := range []bool{true, false} {
		t.Run(fmt.Sprintf("byob=%v", byob), func(t *testing.T) {
			if !byob {
				hide(t, "ReadableStreamBYOBReader")
			}
			for _, size := range []int{1000, readBytes, 10 * readBytes} {
				r := open(t, t.Context(), get(url+"/big"))
				got, err := readAll(t, r, size)
				if err != io.EOF || got != big {
					t.Errorf("%d at a time: %d bytes, %v", size, len(got), err)
				}
				if r.buffer.IsUndefined() == byob {
					t.Error("not the reader that was meant")
				}
				if n, err := r.Read(make([]byte, 1)); n != 0 || err != io.EOF {
					t.Errorf("after the end: %d, %v", n, err)
				}
			}
		})
	}
	t.Run("a byte stream that has no such reader", func(t *testing.T) {
		fake(t, `() => Promise.resolve(new Response(new ReadableStream({
			start(c) { c.enqueue(new TextEncoder().encode("plain")); c.close(); },
		})))`)
		r := open(t, t.Context(), get("/"))
		if got, err := readAll(t, r, 3); err != io.EOF || got != "plain" {
			t.Errorf("read %q, %v", got, err)
		}
	})
}

// TestFetchReadsAsItArrives holds that nothing waits for the end.
func TestFetchReadsAsItArrives(t *testing.T) {
	url, seen := node(t)
	r := open(t, t.Context(), get(url+"/steps"))
	wantRead(t, r, "one")
	seen.Get("steps").Call("write", "two")
	wantRead(t, r, "two")
	seen.Get("steps").Call("end", "three")
	wantRead(t, r, "three")
	if _, err := r.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("at the end: %v", err)
	}
}

// TestFetchEndings tells apart how a body can end.
func TestFetchEndings(t *testing.T) {
	url, seen := node(t)
	p := make([]byte, 100)

	t.Run("no body", func(t *testing.T) {
		r := open(t, t.Context(), get(url+"/empty"))
		if n, err := r.Read(p); n != 0 || err != io.EOF || r.Status() != 204 {
			t.Errorf("status %d: read %d, %v", r.Status(), n, err)
		}
	})
	t.Run("reset", func(t *testing.T) {
		r := open(t, t.Context(), get(url+"/reset"))
		wantRead(t, r, "some")
		seen.Call("reset")
		_, err := r.Read(p)
		if err == nil || err == io.EOF || errors.Is(err, context.Canceled) || errors.Is(err, errClosed) {
			t.Errorf("read: %v", err)
		}
		if _, again := r.Read(p); again == nil || again == io.EOF {
			t.Errorf("read again: %v", again)
		}
	})
	t.Run("closed while reading", func(t *testing.T) {
		r := open(t, t.Context(), get(url+"/hang?close"))
		wantRead(t, r, "some")
		time.AfterFunc(time.Millisecond, func() { _ = r.Close() }) // while Read waits
		if _, err := r.Read(p); !errors.Is(err, errClosed) {
			t.Errorf("read: %v", err)
		}
		waitClosed(t, seen, "/hang")
	})
	t.Run("context ended while reading", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		r := open(t, ctx, get(url+"/hang?context"))
		wantRead(t, r, "some")
		time.AfterFunc(time.Millisecond, cancel) // while Read waits
		if _, err := r.Read(p); !errors.Is(err, context.Canceled) {
			t.Errorf("read: %v", err)
		}
	})
	t.Run("closed before reading", func(t *testing.T) {
		r := open(t, t.Context(), get(url+"/hang?unread"))
		_, _ = r.Close(), r.Close()
		if _, err := r.Read(p); !errors.Is(err, errClosed) {
			t.Errorf("read: %v", err)
		}
	})
	t.Run("context ended before the head", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			until(t, "the request is there", func() bool { return strings.Contains(requests(seen), "/mute") })
			cancel()
		}()
		if _, err := NewFetch().Open(ctx, get(url+"/mute")); !errors.Is(err, context.Canceled) {
			t.Errorf("open: %v", err)
		}
		waitClosed(t, seen, "/mute")
		if _, err := NewFetch().Open(ctx, get(url+"/never")); !errors.Is(err, context.Canceled) {
			t.Errorf("open with a context that has ended: %v", err)
		}
		if strings.Contains(requests(seen), "/never") {
			t.Error("a context that has ended sends a request")
		}
	})
	t.Run("nobody there", func(t *testing.T) {
		_, err := NewFetch().Open(t.Context(), get("http://127.0.0.1:9/"))
		if err == nil || errors.Is(err, errors.ErrUnsupported) || errors.Is(err, context.Canceled) {
			t.Errorf("open: %v", err)
		}
	})
}

func TestFetchUnsupported(t *testing.T) {
	t.Run("no fetch", func(t *testing.T) {
		hide(t, "fetch")
		if _, err := NewFetch().Open(t.Context(), get("/")); !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("open: %v", err)
		}
	})
	t.Run("no streams", func(t *testing.T) {
		fake(t, `() => Promise.resolve({ status: 200, headers: new Headers() })`)
		r := open(t, t.Context(), get("/"))
		if _, err := r.Read(make([]byte, 9)); !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("read: %v", err)
		}
	})
}

// TestFetchLetsTheLoopTurn reads a body of which there is always more at hand:
// promises of it are kept without the event loop turning, and a timer would never
// fire.
func TestFetchLetsTheLoopTurn(t *testing.T) {
	fake(t, `() => Promise.resolve(new Response(new ReadableStream({
		type: "bytes", autoAllocateChunkSize: 65536,
		pull(c) { const v = c.byobRequest.view; c.byobRequest.respond(v.byteLength); },
	})))`)
	fired := js.Global().Get("Function").New(`const s = { fired: 0 }; setTimeout(() => s.fired++, 0); return s;`).Invoke()
	r := open(t, t.Context(), get("/"))
	p := make([]byte, readBytes)
	for reads := 0; fired.Get("fired").Int() == 0; reads++ {
		if n, err := r.Read(p); n == 0 || err != nil {
			t.Fatalf("read %d, %v", n, err)
		}
		if reads == 100_000 {
			t.Fatal("6.5 GB were read before a timer of 0 ms fired")
		}
	}
}

// TestClientOverFetch reads a whole stream over connections that are cut and
// reset.
func TestClientOverFetch(t *testing.T) {
	url, _ := node(t)
	rec := &recorder{}
	c := New(Config{URL: url + "/sse", Transport: NewFetch(), Sink: rec, BackoffBase: time.Millisecond, BackoffMax: time.Millisecond})
	c.Start(t.Context())
	<-c.Done()
	s := c.Snapshot()
	if s.Phase != Ended || s.Events != 2000 || s.Missed+s.Repeated != 0 || s.Requests != 41 {
		t.Fatalf("%v, %q: %d events, %d missed, %d repeated, %d requests", s.Phase, s.Reason, s.Events, s.Missed, s.Repeated, s.Requests)
	}
	for i, e := range rec.events {
		if string(e.Data) != fmt.Sprint(i+1) {
			t.Fatalf("event %d is %q", i+1, e.Data)
		}
	}
}

func TestStopOverFetch(t *testing.T) {
	url, seen := node(t)
	rec := &recorder{}
	c := New(Config{URL: url + "/endless", Transport: NewFetch(), Sink: rec})
	rec.onEvents = func([]Event) { c.Stop() }
	c.Start(t.Context())
	<-c.Done()
	if s := c.Snapshot(); s.Phase != Stopped || s.Cancel != Cancelled {
		t.Errorf("%v, cancel %d: %s", s.Phase, s.Cancel, s.Reason)
	}
	if got, want := requests(seen), "GET /endless, DELETE /runs/"+runA; got != want {
		t.Errorf("requests %s, want %s", got, want)
	}
	waitClosed(t, seen, "/endless")
}

// BenchmarkFetch reads 100,000 numbers from a body that is there at once: what
// the client takes in, without the network.
func BenchmarkFetch(b *testing.B) {
	const count = 100_000
	was := js.Global().Get("fetch")
	defer js.Global().Set("fetch", was)
	fetch := `const lines = [];
		for (let n = 1; n <= ` + fmt.Sprint(count) + `; n++) lines.push("id: ` + runA + `-" + n + "-tAQIDBAUGBwgJCgsMDQ4PEBES\ndata: " +
			JSON.stringify({ position: n, value: n, createTime: "2026-01-02T03:04:05.678901Z", resumeToken: "AQIDBAUGBwgJCgsMDQ4PEBES" }) + "\n\n");
		lines.push("event: end\ndata: {\"code\":\"OK\"}\n\n");
		const body = new TextEncoder().encode(lines.join(""));
		return () => {
			let at = 0;
			return Promise.resolve(new Response(new ReadableStream({
				type: "bytes",
				autoAllocateChunkSize: 65536,
				pull(c) {
					const view = c.byobRequest.view;
					const n = Math.min(view.byteLength, body.length - at);
					if (n === 0) { c.close(); c.byobRequest.respond(0); return; }
					view.set(body.subarray(at, at += n));
					c.byobRequest.respond(n);
				},
			}), { headers: { "Content-Type": "text/event-stream" } }));
		};`
	js.Global().Set("fetch", js.Global().Get("Function").New(fetch).Invoke())
	b.ReportAllocs()
	for b.Loop() {
		sink := &counter{}
		c := New(Config{URL: "/", Transport: NewFetch(), Sink: sink})
		c.Start(b.Context())
		<-c.Done()
		if s := c.Snapshot(); sink.events != count || s.Phase != Ended || s.Missed != 0 {
			b.Fatalf("%d events, %d missed: %s", sink.events, s.Missed, s.Reason)
		}
	}
	b.ReportMetric(count*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mev/s")
}
