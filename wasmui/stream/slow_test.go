// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"io"
	"testing"
	"time"

	"sluice/internal/bubble"
)

// Everything takes the delay, and what follows does not wait for what came
// before.
func TestNetworkDelaysEverythingAlike(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		var n Network
		n.Set(300 * time.Millisecond)
		start := time.Now()
		net := script(stream(after(time.Second, "a"), after(100*time.Millisecond, "b"), after(100*time.Millisecond, "c")))
		resp, err := n.Over(net).Open(t.Context(), Request{Method: "GET"})
		if err != nil {
			t.Fatal(err)
		}
		if at := time.Since(start); at != 600*time.Millisecond {
			t.Errorf("the head came after %v", at)
		}
		p := make([]byte, 10)
		// The server's own second begins when the request has reached it.
		for i, want := range []string{"a", "b", "c"} {
			size, err := resp.Read(p)
			if err != nil || string(p[:size]) != want {
				t.Fatalf("read %q, %v", p[:size], err)
			}
			if at, due := time.Since(start), 1900*time.Millisecond+time.Duration(i)*100*time.Millisecond; at != due {
				t.Errorf("%s came after %v, want %v", want, at, due)
			}
		}
		if _, err := resp.Read(p); err != io.EOF {
			t.Errorf("ended with %v", err)
		}
		_ = resp.Close()
	})
}

func TestNetworkThatIsLeft(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		var n Network
		net := script(stream(text("a"), hang))
		resp, err := n.Over(net).Open(t.Context(), Request{Method: "GET"})
		if err != nil {
			t.Fatal(err)
		}
		n.Set(time.Hour)
		go func() {
			time.Sleep(time.Second)
			_ = resp.Close()
		}()
		// The piece that came before the network was slow may still arrive.
		for range 2 {
			if _, err = resp.Read(make([]byte, 10)); err != nil {
				break
			}
		}
		if err == nil {
			t.Error("a response that was closed is read on")
		}
		_ = resp.Close()
		if net.open != 0 {
			t.Error("the response below is still open")
		}
	})
}

func TestMeterCountsWhatComes(t *testing.T) {
	t.Parallel()
	var m Meter
	resp, err := Metered(script(stream(text("12345"), text("678"))), &m).Open(t.Context(), Request{Method: "GET"})
	if err != nil {
		t.Fatal(err)
	}
	for err == nil {
		_, err = resp.Read(make([]byte, 3))
	}
	_ = resp.Close()
	if resp, err = Metered(script(reply{status: 204}), &m).Open(t.Context(), Request{Method: "DELETE"}); err != nil {
		t.Fatal(err)
	}
	_ = resp.Close()
	for _, size := range []int{0, 125, 126, 1<<16 - 1, 1 << 16} {
		m.message(size)
	}
	// The headers of the messages: 2, 2, 4, 4, 10.
	want := Traffic{Requests: 1, Body: 8 + 0 + 125 + 126 + 1<<16 - 1 + 1<<16 + 22, Messages: 5}
	if got := m.Traffic(); got != want {
		t.Errorf("counted %+v, want %+v", got, want)
	}
	(*Meter)(nil).message(1)
	(*Meter)(nil).request()
}

func TestBlocks(t *testing.T) {
	t.Parallel()
	text := "retry: 1000\n\n: hi\n\n" +
		"id: " + runA + "-1\ndata: 1\n\n" +
		"data: 2\nid: " + runA + "-2\n\n" +
		"event: end\ndata: {}\nid: " + runA + "-3-end\n\n" +
		"data: half"
	for size := 1; size < len(text); size++ {
		var b blocks
		got := ""
		for rest := text; rest != ""; rest = rest[min(size, len(rest)):] {
			complete, ok := b.add([]byte(rest[:min(size, len(rest))]))
			if !ok {
				t.Fatal("refused")
			}
			got += string(complete)
		}
		if got+string(b.rest) != text || string(b.rest) != "data: half" || b.number() != 3 {
			t.Fatalf("in pieces of %d: %q, then %q, number %d", size, got, b.rest, b.number())
		}
	}
	var b blocks
	for i := 0; ; i++ {
		if _, ok := b.add(make([]byte, 64<<10)); !ok {
			break
		}
		if i > maxBlock>>16 {
			t.Fatal("what does not end is kept without a bound")
		}
	}
}

func TestRunIn(t *testing.T) {
	t.Parallel()
	id := [][2]string{{"Accept", "x"}, {"last-event-id", runA + "-7"}}
	for _, tt := range []struct {
		req  Request
		want string
	}{
		{Request{URL: "/sse?count=5"}, ""},
		{Request{URL: "/sse", Header: id}, runA},
		{Request{URL: "/runs/" + runB + "?x=/y"}, runB},
		{Request{URL: "https://h/p/runs/" + runB}, runB},
		{Request{URL: "/runs/"}, ""},
		{Request{URL: "/other/" + runB}, ""},
	} {
		if got := runIn(tt.req); got != tt.want {
			t.Errorf("%v names %q, want %q", tt.req, got, tt.want)
		}
	}
}
