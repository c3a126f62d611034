// SPDX-License-Identifier: Apache-2.0

package check

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/bridge/sse"
)

// samples are streams with all that may be in one.
var samples = []string{
	"",
	"retry: 10\n\n: hello\n\nid: 1\ndata: a\ndata: b\n\nevent: end\ndata\n\n",
	"id: 1\r\ndata: a\r\n\r\nid: 2\rdata: b\r\rdata: c\n\n",
	"\uFEFFid: 1\ndata: é\xff\n\n",
	"data: {\n  \"a\": 1\n}\n\nData: x\n\nversion: 1\n\n",
	"id: a\x00\nid:\ndata\n\nretry: x\n\ndata: 1\n\nevent: x\n\n",
	"id: 1\ndata: unfinished",
}

// what is all that is judged by, apart from time.
func what(r *recording) any {
	type kept struct {
		ID, Type string
		Size     int
		Sum      [32]byte
	}
	var events []kept
	for _, e := range r.events {
		events = append(events, kept{e.id, e.typ, e.size, e.sum})
	}
	return []any{
		events, r.withID, r.retries, r.comments, r.lint, r.block,
		[]int{r.cutter.lf, r.cutter.cr, r.cutter.crlf},
		string(r.cutter.begun), r.lastID(),
	}
}

var exported = cmp.AllowUnexported(lint{}, fault{}, block{})

// How a stream is cut into reads makes no difference.
func FuzzChunks(f *testing.F) {
	for _, s := range samples {
		f.Add([]byte(s), uint8(1))
		f.Add([]byte(s), uint8(3))
	}
	f.Fuzz(func(t *testing.T, stream []byte, size uint8) {
		whole, parts := newRecording(""), newRecording("")
		now := time.Now()
		whole.feed(stream, now, nil)
		for chunk := range chunks(stream, int(size)+1) {
			parts.feed(chunk, now, nil)
		}
		if d := cmp.Diff(what(whole), what(parts), exported); d != "" {
			t.Errorf("whole and in parts of %d differ:\n%s", int(size)+1, d)
		}

		// And it is what a browser would see.
		reader := sse.NewReader(bytes.NewReader(stream))
		for i := 0; ; i++ {
			e, err := reader.Next()
			if err != nil {
				if len(whole.events) != i {
					t.Errorf("there are %d events, want %d", len(whole.events), i)
				}
				return
			}
			if i >= len(whole.events) || whole.events[i].typ != e.Type || whole.events[i].size != len(e.Data) || whole.events[i].id != "" && whole.events[i].id != e.ID {
				t.Fatalf("event %d is not %+v", i, e)
			}
		}
	})
}

func chunks(b []byte, size int) func(func([]byte) bool) {
	return func(yield func([]byte) bool) {
		for len(b) > 0 {
			n := min(size, len(b))
			if !yield(bytes.Clone(b[:n])) {
				return
			}
			b = b[n:]
		}
	}
}

// What follows the line that was enough is as if it had never come.
func TestEnough(t *testing.T) {
	t.Parallel()
	r := newRecording("")
	stream := "id: 1\ndata: a\n\nid: 2\ndata: b\n\nid: 3\ndata: c\n\n"
	if !r.feed([]byte(stream), time.Now(), func(r *recording) bool { return len(r.withID) >= 1 && r.block.begun }) {
		t.Fatal("it was not enough")
	}
	if len(r.events) != 1 || r.lastID() != "1" {
		t.Errorf("there are %d events, the last id is %q; want 1, and that of the first", len(r.events), r.lastID())
	}
}

// What a server can make the check hold is bounded.
func TestLimits(t *testing.T) {
	t.Parallel()
	for name, chunk := range map[string]string{
		"a line without end":   strings.Repeat("x", 64<<10),
		"an event without end": "data: " + strings.Repeat("x", 64<<10) + "\n",
		"events without end":   strings.Repeat("data\n\n", 10<<10),
		"ids without end":      "id: " + strings.Repeat("x", 64<<10) + "\ndata\n\n",
		"types without end":    "event: " + strings.Repeat("x", 64<<10) + "\ndata\n\n",
	} {
		r := newRecording("")
		fed := 0
		for ; !r.full(); fed += len(chunk) {
			r.feed([]byte(chunk), time.Now(), nil)
			if fed > 2*maxHeldBytes {
				t.Fatalf("%s is taken without end", name)
			}
		}
	}
}

func TestStudy(t *testing.T) {
	t.Parallel()
	at := time.Date(2025, 1, 2, 3, 4, 5, 678_000_000, time.UTC)
	for data, want := range map[string]event{
		``:                                {},
		`7`:                               {numbers: map[string]int64{"": 7}},
		`7.5`:                             {},
		`{"n":1,"s":"2","f":1.5,"t":"x"}`: {numbers: map[string]int64{"n": 1, "s": 2}},
		`{"createTime":"2025-01-02T03:04:05.678Z"}`: {created: at},
		`{"time":"2025-01-02T04:04:05.678+01:00"}`:  {created: at},
		`{"time":1735787045678}`:                    {numbers: map[string]int64{"time": 1735787045678}},
		`{"createTime":"yesterday"}`:                {},
		`[DONE]`:                                    {done: true},
		`[1]`:                                       {},
		`{"n":`:                                     {},
	} {
		var got event
		got.study([]byte(data))
		if !got.created.Equal(want.created) || got.done != want.done || !cmp.Equal(got.numbers, want.numbers) {
			t.Errorf("of %s is kept %+v, want %+v", data, got, want)
		}
	}
}
