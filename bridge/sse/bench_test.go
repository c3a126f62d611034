// SPDX-License-Identifier: Apache-2.0

package sse

import (
	"bytes"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"
)

// allocatedBytes returns how many bytes f allocates. Nothing may run beside it.
func allocatedBytes(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// numbers is a stream of n events of about 65 bytes, as a bridge writes them.
func numbers(n int) []byte {
	var stream []byte
	for i := range n {
		id := fmt.Sprintf("k7q2m5x4c6-%d", i+1)
		stream, _ = AppendEvent(stream, id, "", fmt.Appendf(nil, `{"position":%d,"value":%d.5}`, i+1, i))
	}
	return stream
}

// The tight path, an event whose data is one line within one chunk, allocates
// nothing; ids share a few allocations for hundreds of them.
func TestFeedAllocates(t *testing.T) {
	const events = 1000
	for name, c := range map[string]struct {
		stream []byte
		most   float64 // allocations for all events
	}{
		"data alone":      {bytes.Repeat([]byte("data: {\"position\":1}\n\n"), events), 0},
		"with types":      {bytes.Repeat([]byte("event: add\ndata: 1\n\nevent: sub\ndata: 2\n\n"), events/2), 0},
		"with one id":     {bytes.Repeat([]byte("id: 1\ndata: 1\n\n"), events), 0},
		"with their ids":  {numbers(events), events / 100},
		"several lines":   {bytes.Repeat([]byte("data: 1\ndata: 2\n\n"), events), 0},
		"CRLF":            {bytes.Repeat([]byte("data: 1\r\n\r\n"), events), 0},
		"comments, retry": {bytes.Repeat([]byte(": 1\n\nretry: 1\n\n"), events), 0},
		"not UTF-8":       {bytes.Repeat([]byte("data: \xFF\n\n"), events), 0},
	} {
		var p Parser
		got := testing.AllocsPerRun(20, func() {
			if err := p.Feed(c.stream, discard{}); err != nil {
				t.Fatal(err)
			}
		})
		if got > c.most {
			t.Errorf("%s: %v allocations for %d events, want at most %v", name, got, events, c.most)
		}
	}
}

// Nor does a chunk's end, once the buffers have grown.
func TestFeedAllocatesNothingForSmallChunks(t *testing.T) {
	stream := bytes.Repeat([]byte("data: {\"position\":1}\n\n"), 100)
	var p Parser
	got := testing.AllocsPerRun(20, func() {
		for rest := stream; len(rest) > 0; rest = rest[10:] {
			if err := p.Feed(rest[:10], discard{}); err != nil {
				t.Fatal(err)
			}
		}
	})
	if got != 0 {
		t.Errorf("%v allocations, want none", got)
	}
}

func TestAppendAllocatesNothing(t *testing.T) {
	dst := make([]byte, 0, 1<<10)
	line, lines := []byte(`{"position":1,"value":1.5}`), []byte("{\n  \"position\": 1\r\n}\r")
	got := testing.AllocsPerRun(100, func() {
		dst = AppendRetry(dst[:0], 3*time.Second)
		dst = AppendComment(dst, "beat")
		dst, _ = AppendEvent(dst, "k7q2m5x4c6-1", "add", line)
		dst, _ = AppendEvent(dst, "", "", lines)
	})
	if got != 0 {
		t.Errorf("%v allocations, want none", got)
	}
}

func reportEvents(b *testing.B, perOp int) {
	b.ReportMetric(float64(perOp)*float64(b.N)/b.Elapsed().Seconds(), "events/s")
}

func BenchmarkFeed(b *testing.B) {
	const events = 1000
	stream := numbers(events)
	body := strings.Repeat("x", 4<<20)
	for _, c := range []struct {
		name   string
		stream []byte
		chunk  int
		events int
	}{
		{"numbers/64KB", stream, 64 << 10, events},
		{"numbers/1400B", stream, 1400, events},
		{"numbers/1B", stream, 1, events},
		{"crlf/64KB", bytes.ReplaceAll(stream, []byte("\n"), []byte("\r\n")), 64 << 10, events},
		{"cr/64KB", bytes.ReplaceAll(stream, []byte("\n"), []byte("\r")), 64 << 10, events},
		{"lines/64KB", bytes.Repeat([]byte("data: {\ndata:   \"position\": 1,\ndata:   \"value\": 1.5\ndata: }\n\n"), events), 64 << 10, events},
		{"repaired/64KB", bytes.ReplaceAll(stream, []byte("value"), []byte("va\xE2\x82ue")), 64 << 10, events},
		{"4MB/64KB", []byte("data: " + body + "\n\n"), 64 << 10, 1},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(len(c.stream)))
			b.ReportAllocs()
			var p Parser
			for b.Loop() {
				for rest := c.stream; len(rest) > 0; {
					n := min(c.chunk, len(rest))
					if err := p.Feed(rest[:n], discard{}); err != nil {
						b.Fatal(err)
					}
					rest = rest[n:]
				}
			}
			reportEvents(b, c.events)
		})
	}
}

func BenchmarkNext(b *testing.B) {
	const events = 1000
	stream := numbers(events)
	b.SetBytes(int64(len(stream)))
	b.ReportAllocs()
	src := bytes.NewReader(stream)
	r := NewReader(src)
	for b.Loop() {
		src.Reset(stream)
		r.Reset(src, "")
		for {
			if _, err := r.Next(); err == io.EOF {
				break
			} else if err != nil {
				b.Fatal(err)
			}
		}
	}
	reportEvents(b, events)
}

func BenchmarkAppendEvent(b *testing.B) {
	for name, data := range map[string][]byte{
		"line":  []byte(`{"position":1,"value":1.5}`),
		"lines": []byte("{\n  \"position\": 1,\n  \"value\": 1.5\n}"),
		"64KB":  bytes.Repeat([]byte("x"), 64<<10),
	} {
		b.Run(name, func(b *testing.B) {
			var dst []byte
			b.ReportAllocs()
			for b.Loop() {
				dst, _ = AppendEvent(dst[:0], "k7q2m5x4c6-1234", "", data)
			}
			b.SetBytes(int64(len(dst)))
			reportEvents(b, 1)
		})
	}
}
