// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"bytes"
	stdgzip "compress/gzip"
	"fmt"
	"io"
	"runtime"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// A compressor compresses what is written to it, so that all of it can be read
// after a flush.
type compressor interface {
	io.Writer
	Flush() error
}

// compressors are ours, ours with less and more to remember, and those that
// could be in its place: as they are by themselves, and with the smallest windows
// that they take, which hold the least.
var compressors = []struct {
	name string
	make func(io.Writer) compressor
}{
	{"ours", func(w io.Writer) compressor { return &ours{w: w} }},
	{"ours/remembering=512", remembering(gzipMemory / 4)},
	{"ours/remembering=4096", remembering(2 * gzipMemory)},
	{"gzip", func(w io.Writer) compressor { return gzip.NewWriter(w) }},
	{"gzip/fastest", level(gzip.NewWriterLevel, gzip.BestSpeed)},
	{"gzip/stdlib", func(w io.Writer) compressor { return stdgzip.NewWriter(w) }},
	{"zstd", zstdOf()},
	{"zstd/window=1K", zstdOf(zstd.WithWindowSize(zstd.MinWindowSize), zstd.WithLowerEncoderMem(true))},
	{"zstd/window=1K,fastest", zstdOf(zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithWindowSize(zstd.MinWindowSize), zstd.WithLowerEncoderMem(true))},
	{"brotli", func(w io.Writer) compressor { return brotli.NewWriter(w) }},
	{"brotli/window=1K,quality=2", brotliOf(2)},
	{"brotli/window=1K,quality=4", brotliOf(4)},
}

// ours is a gzipper as a writer.
type ours struct {
	w    io.Writer
	gzip gzipper
}

func (o *ours) Write(p []byte) (int, error) {
	// Of what is sent a stream shares the buffer with others, so that it counts
	// for none of them.
	out := takeBuffer()
	defer out.put()
	out.bytes = o.gzip.append(out.bytes, p)
	if _, err := o.w.Write(out.bytes); err != nil {
		return 0, err
	}
	return len(p), nil
}

func (o *ours) Flush() error { return nil }

// remembering is what ours would be if it remembered n bytes.
func remembering(n int) func(io.Writer) compressor {
	return func(w io.Writer) compressor { return &rememberer{w: w, n: n} }
}

type rememberer struct {
	w      io.Writer
	n      int
	recent []byte
}

func (r *rememberer) Write(p []byte) (int, error) {
	if err := flate.StatelessDeflate(r.w, p, false, r.recent); err != nil {
		return 0, err
	}
	r.recent = append(r.recent, p...)
	r.recent = append(r.recent[:0], r.recent[max(0, len(r.recent)-r.n):]...)
	return len(p), nil
}

func (r *rememberer) Flush() error { return nil }

func level[C compressor](make func(io.Writer, int) (C, error), level int) func(io.Writer) compressor {
	return func(w io.Writer) compressor { return must(make(w, level)) }
}

func zstdOf(options ...zstd.EOption) func(io.Writer) compressor {
	return func(w io.Writer) compressor {
		return must(zstd.NewWriter(w, append(options, zstd.WithEncoderConcurrency(1))...))
	}
}

// brotliOf is brotli with its smallest window. Below a quality of 2 it does not
// look back over a flush, and saves next to nothing.
func brotliOf(quality int) func(io.Writer) compressor {
	return func(w io.Writer) compressor {
		return brotli.NewWriterOptions(w, brotli.WriterOptions{Quality: quality, LGWin: 10})
	}
}

func must[C compressor](c C, err error) compressor {
	if err != nil {
		panic(err)
	}
	return c
}

// send writes what is to be readable at once.
func send(tb testing.TB, c compressor, p []byte) {
	if _, err := c.Write(p); err != nil {
		tb.Fatal(err)
	}
	if err := c.Flush(); err != nil {
		tb.Fatal(err)
	}
}

// compressedBytes returns how many bytes writes take, each flushed.
func compressedBytes(tb testing.TB, make func(io.Writer) compressor, writes [][]byte) int {
	var out bytes.Buffer
	c := make(&out)
	for _, p := range writes {
		send(tb, c, p)
	}
	return out.Len()
}

// heldBytes returns how much memory a compressor holds while its stream is
// quiet, once it has had some of it.
func heldBytes(tb testing.TB, make func(io.Writer) compressor, writes [][]byte) int {
	const viewers = 20
	heap := func() int {
		runtime.GC()
		runtime.GC() // what pools had is gone only then
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int(m.HeapAlloc)
	}
	var all [viewers]compressor
	before := heap()
	for i := range all {
		all[i] = make(io.Discard)
		for _, p := range writes {
			send(tb, all[i], p)
		}
	}
	held := heap() - before
	runtime.KeepAlive(all)
	return max(held, 0) / viewers
}

// What is chosen for the memory that it does not take saves about as much as what
// takes it.
func TestChoiceOfCompressor(t *testing.T) {
	t.Parallel()
	events := numberEvents(1000)
	mine := compressedBytes(t, compressors[0].make, events)
	for _, c := range compressors[1:] {
		if got := compressedBytes(t, c.make, events); mine > got*5/4 {
			t.Errorf("%s takes %d bytes, and ours %d", c.name, got, mine)
		}
	}
}

// BenchmarkCompressors is what the choice of a compressor rests on: with a flush
// for each event, what it leaves of the bytes, how long it takes, and what it
// holds for each viewer.
func BenchmarkCompressors(b *testing.B) {
	events := numberEvents(1000)
	plain := len(bytes.Join(events, nil))
	for _, c := range compressors {
		b.Run(c.name, func(b *testing.B) {
			saved := compressedBytes(b, c.make, events)
			held := heldBytes(b, c.make, events[:100])
			w := c.make(io.Discard)
			for i := 0; b.Loop(); i++ {
				send(b, w, events[i%len(events)])
			}
			b.ReportMetric(100*float64(saved)/float64(plain), "%-of-bytes")
			b.ReportMetric(float64(saved)/float64(len(events)), "B/event")
			b.ReportMetric(float64(held), "B/viewer")
		})
	}
}

// What compression costs and saves, for a flush per event and for batches.
func BenchmarkCompression(b *testing.B) {
	events := numberEvents(1000)
	for _, batch := range []int{1, 10, 100} {
		b.Run(fmt.Sprintf("batch=%d", batch), func(b *testing.B) {
			var writes [][]byte
			for i := 0; i < len(events); i += batch {
				writes = append(writes, bytes.Join(events[i:i+batch], nil))
			}
			g, out := &gzipper{}, []byte(nil)
			in, compressed := 0, 0
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				p := writes[i%len(writes)]
				out = g.append(out[:0], p)
				in += len(p)
				compressed += len(out)
			}
			b.ReportMetric(100*float64(compressed)/float64(in), "%-of-bytes")
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*batch), "ns/event")
			b.ReportMetric(float64(cap(g.recent)), "B/viewer")
		})
	}
}
