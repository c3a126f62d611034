// SPDX-License-Identifier: Apache-2.0

package sse

import (
	"errors"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestResetSeedsTheLastEventID(t *testing.T) {
	t.Parallel()
	var p Parser
	p.Reset("7")
	if got := p.LastEventID(); got != "7" {
		t.Errorf("after Reset the last event id is %q, want 7", got)
	}
	// The first event after a reconnect may have no id of its own.
	got, lastID := parse(t, &p, "data: 1\n\nid: 8\ndata: 2\n\nid: 9\ndata: cut off\n")
	if want := []record{message("7", "1"), message("8", "2")}; !slices.Equal(got, want) || lastID != "8" {
		t.Errorf("found %v, last event id %q, want %v and 8", got, lastID, want)
	}

	p.Reset(p.LastEventID())
	got, lastID = parse(t, &p, "data: 3\n\n")
	if want := []record{message("8", "3")}; !slices.Equal(got, want) || lastID != "8" {
		t.Errorf("after a reconnect found %v, last event id %q, want %v and 8", got, lastID, want)
	}

	p.Reset("")
	got, lastID = parse(t, &p, "data: 4\n\n")
	if want := []record{message("", "4")}; !slices.Equal(got, want) || lastID != "" {
		t.Errorf("after a fresh start found %v, last event id %q, want %v and none", got, lastID, want)
	}
}

func TestResetForgetsAllOfTheStreamBefore(t *testing.T) {
	t.Parallel()
	for _, before := range []string{
		"\xEF", "\xEF\xBB", "\uFEFF", "data: a", "data: a\n", "data: a\ndata: b\n", "event: a\n", "id: a\n", "data: a\r", "data: a\r\r",
	} {
		var p Parser
		parse(t, &p, before)
		p.Reset("")
		got, lastID := parse(t, &p, "\uFEFFdata: 1\n\n\n")
		if want := []record{message("", "1")}; !slices.Equal(got, want) || lastID != "" {
			t.Errorf("after %q and Reset found %v, last event id %q, want %v and none", before, got, lastID, want)
		}
		p.Reset("")
		got, _ = parse(t, &p, "\ndata: 1\n\n")
		if want := []record{message("", "1")}; !slices.Equal(got, want) {
			t.Errorf("after %q and Reset found %v, want %v", before, got, want)
		}
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name            string
		maxLine, maxAll int
		stream          string
		want            []record
		part            string // of the error, none if empty
	}{
		{"line at its limit", 9, 0, "data: 123\ndata: 456\n\n", []record{message("", "123\n456")}, ""},
		{"line over its limit", 9, 0, "data: 0\n\ndata: 1234\n\ndata: 2\n\n", []record{message("", "0")}, "line"},
		{"line over its limit without an end", 9, 0, "data: 0\n\ndata: 1234", []record{message("", "0")}, "line"},
		{"line over its limit ended by CR", 9, 0, "data: 0\r\rdata: 1234\r", []record{message("", "0")}, "line"},
		{"comment at its limit", 9, 0, ": 1234567\n", []record{comment("1234567")}, ""},
		{"comment over its limit", 9, 0, ": 12345678\n", nil, "line"},
		{"unknown field over its limit", 9, 0, "ignored: 1\ndata: 2\n\n", nil, "line"},
		{"the mark does not count", 7, 0, "\uFEFFdata: 1\n\n", []record{message("", "1")}, ""},
		{"half a mark counts", 4, 0, "\xEF\xBBxyz\n", nil, "line"},
		{"event at its limit in one line", 0, 4, "data: 1234\n\n", []record{message("", "1234")}, ""},
		{"event over its limit in one line", 0, 4, "data: 0\n\ndata: 12345\n\ndata: 2\n\n", []record{message("", "0")}, "event"},
		{"event at its limit in two lines", 0, 4, "data: 1\ndata: 23\n\n", []record{message("", "1\n23")}, ""},
		{"event over its limit in two lines", 0, 4, "data: 12\ndata: 34\n\n", nil, "event"},
		{"event at its limit in empty lines", 0, 4, "data\ndata\ndata\ndata\ndata\n\n", []record{message("", "\n\n\n\n")}, ""},
		{"event over its limit in empty lines", 0, 4, "data\ndata\ndata\ndata\ndata\ndata\n\n", nil, "event"},
		{"each event counts for itself", 0, 4, "data: 123\n\ndata: 456\n\n", []record{message("", "123"), message("", "456")}, ""},
		{"id and type do not count as data", 0, 1, "id: 1234\nevent: 1234\ndata: 1\n\n", []record{typed("1234", "1234", "1")}, ""},
		{"bytes count as they arrive", 0, 2, "data: \xFF\xFF\n\n", []record{message("", "\uFFFD\uFFFD")}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for _, size := range []int{1, 2, 3, 5, len(c.stream)} {
				p := Parser{MaxLineBytes: c.maxLine, MaxEventBytes: c.maxAll}
				got, err := feed(&p, pieces(c.stream, size)...)
				if !slices.Equal(got, c.want) {
					t.Errorf("in chunks of %d found %v, want %v", size, got, c.want)
				}
				checkLimitError(t, err, c.part, max(c.maxLine, c.maxAll))
				if c.part == "" {
					continue
				}
				// The error stays, and nothing more is delivered, until Reset.
				got, again := feed(&p, "\n\ndata: 9\n\n")
				if len(got) != 0 || !errors.Is(again, err) {
					t.Errorf("after the error found %v, error %v, want nothing and the same error", got, again)
				}
				p.Reset("")
				if got, err := feed(&p, "data\n\n"); err != nil || !slices.Equal(got, []record{message("", "")}) {
					t.Errorf("after Reset found %v, error %v, want one event", got, err)
				}
			}
		})
	}
}

func TestDefaultLimits(t *testing.T) {
	t.Parallel()
	value := strings.Repeat("x", DefaultMaxEventBytes-len("data: ")+1)
	line := "data: " + value[:len(value)-1]
	for _, p := range []*Parser{{}, {MaxLineBytes: -1, MaxEventBytes: -1}} {
		if _, err := feed(p, line, "\n\n"); err != nil {
			t.Errorf("a line of %d bytes: %v, want no error", len(line), err)
		}
		_, err := feed(p, line, "x", "\n\n")
		checkLimitError(t, err, "line", DefaultMaxLineBytes)

		p.Reset("")
		_, err = feed(p, line, "\n", "data: 12345", "\n", "data: 6", "\n\n")
		checkLimitError(t, err, "event", DefaultMaxEventBytes)
		p.Reset("")
		if _, err = feed(p, line, "\n", "data: 12345", "\n\n"); err != nil {
			t.Errorf("an event at its limit: %v, want no error", err)
		}
	}
}

func checkLimitError(t *testing.T, err error, part string, limit int) {
	t.Helper()
	if part == "" {
		if err != nil {
			t.Errorf("error %v, want none", err)
		}
		return
	}
	tooLarge, ok := errors.AsType[*TooLargeError](err)
	if !ok || tooLarge.Part != part || tooLarge.Limit != limit {
		t.Errorf("error %v, want a *TooLargeError for a %s over %d bytes", err, part, limit)
	}
}

func TestTooLargeErrorText(t *testing.T) {
	t.Parallel()
	err := &TooLargeError{Part: "line", Limit: 9}
	if got, want := err.Error(), "sse: line exceeds the limit of 9 bytes"; got != want {
		t.Errorf("error %q, want %q", got, want)
	}
}

// What a handler gets has no room behind it: an append would otherwise write
// over the bytes that follow in the chunk.
func TestHandlerCannotReachTheRestOfTheChunk(t *testing.T) {
	t.Parallel()
	var p Parser
	err := p.Feed([]byte(": 1\ndata: 2\n\n: \xFF\ndata: \xFF\n\ndata: 3\ndata: 4\n\n"), capHandler{t})
	if err != nil {
		t.Fatal(err)
	}
}

type capHandler struct{ t *testing.T }

func (h capHandler) Event(ev Event)      { h.Comment(ev.Data) }
func (h capHandler) Retry(time.Duration) {}
func (h capHandler) Comment(text []byte) {
	if len(text) != cap(text) {
		h.t.Errorf("%q has a capacity of %d, want %d", text, cap(text), len(text))
	}
}

// Ids share memory, and must not be overwritten by those that come later.
func TestIDsMayBeKept(t *testing.T) {
	t.Parallel()
	var p Parser
	var stream strings.Builder
	var want []record
	for i := range 2000 {
		id := strings.Repeat(string(rune('a'+i%26)), i%200) + "."
		stream.WriteString("id: " + id + "\ndata\n\n")
		want = append(want, message(id, ""))
	}
	got, _ := parse(t, &p, pieces(stream.String(), 777)...)
	if !slices.Equal(got, want) {
		t.Errorf("ids differ from those sent")
	}
}

// One large event must not cost its memory for the rest of the stream, nor must
// a stream's length.
func TestMemoryIsLetGo(t *testing.T) {
	// Not parallel: it measures the heap.
	const size = 8 << 20
	long, wide := strings.Repeat("x", size), strings.Repeat("x", DefaultMaxLineBytes)
	for name, c := range map[string]struct {
		parts []string
		fails bool
		reset bool
	}{
		"long line":             {parts: []string{"data: " + long, "\n\n", "data: 1\n", "\n"}},
		"joined lines":          {parts: []string{"data: " + long + "\ndata: 2\n", "\n", "data: 1\n", "\n"}},
		"repaired text":         {parts: []string{"data: " + strings.Repeat("\xFF", size/3) + "\n\n", "data: 1\n", "\n"}},
		"many ids":              {parts: slices.Repeat([]string{string(numbers(50_000))}, 4)},
		"reset":                 {parts: []string{"data: 1\ndata: " + long + "\n", "data: " + long}, reset: true},
		"line over its limit":   {parts: []string{long, long, "x"}, fails: true},
		"line over, in a chunk": {parts: []string{"data: 1\n" + wide + "x\n"}, fails: true},
		"event over its limit":  {parts: []string{"data: " + long + "\n", "data: " + long + "\n"}, fails: true},
		"fed after an error":    {parts: []string{wide, "x", wide}, fails: true},
	} {
		before := heapBytes()
		p := new(Parser)
		var err error
		for _, part := range c.parts {
			err = p.Feed([]byte(part), discard{})
		}
		if c.fails != (err != nil) {
			t.Errorf("%s: error %v, want one: %v", name, err, c.fails)
		}
		if c.reset {
			p.Reset("")
		}
		if held := heapBytes() - before; held > 2*maxKeptBytes {
			t.Errorf("%s: %d bytes are held afterwards, want at most %d", name, held, 2*maxKeptBytes)
		}
		runtime.KeepAlive(p)
	}
}

func heapBytes() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// discard is a Handler that does nothing.
type discard struct{}

func (discard) Event(Event)         {}
func (discard) Comment([]byte)      {}
func (discard) Retry(time.Duration) {}
