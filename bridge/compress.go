// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"encoding/binary"
	"hash/crc32"

	"github.com/klauspost/compress/flate"
)

// gzipMemory is how much of what was sent a compressor remembers, in bytes, to
// refer to: a few events, which is where most of what repeats is. Nothing else
// of it outlives a write. On a stream of numbers, with a flush for each, twice as
// much saves nothing more. zstd, brotli and gzip with windows of their own take
// as many bytes, or at best a fifth less, in about the same time, and hold 0.3
// to 1.5 MiB for each viewer where they are told to be small, up to 18 MiB where
// they are not. BenchmarkCompressors measures all of that.
const gzipMemory = 2 << 10

// gzipHeader begins a gzip stream: deflate, no name, no time, from a system
// that is not said. RFC 1952, section 2.3.
var gzipHeader = []byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255}

// gzipper compresses a stream so that all of it that has been written can be
// read: each write ends with a flush.
type gzipper struct {
	recent []byte // up to gzipMemory of what came last
	begun  bool
	crc    uint32
	size   uint32 // of all that was written, modulo 2^32
}

// append appends p to dst, compressed.
func (g *gzipper) append(dst, p []byte) []byte {
	out := appender(g.begin(dst))
	if len(p) == 0 {
		return out
	}
	if err := flate.StatelessDeflate(&out, p, false, g.recent); err != nil {
		panic("compressing into memory cannot fail: " + err.Error())
	}
	g.crc = crc32.Update(g.crc, crc32.IEEETable, p)
	g.size += uint32(len(p))
	g.remember(p)
	return out
}

// appendEnd appends what ends the stream.
func (g *gzipper) appendEnd(dst []byte) []byte {
	out := appender(g.begin(dst))
	if err := flate.StatelessDeflate(&out, nil, true, nil); err != nil {
		panic("compressing into memory cannot fail: " + err.Error())
	}
	return binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(out, g.crc), g.size)
}

func (g *gzipper) begin(dst []byte) []byte {
	if g.begun {
		return dst
	}
	g.begun = true
	return append(dst, gzipHeader...)
}

// remember keeps the end of what was written.
func (g *gzipper) remember(p []byte) {
	if len(p) >= gzipMemory {
		g.recent = append(g.recent[:0], p[len(p)-gzipMemory:]...)
		return
	}
	if over := len(g.recent) + len(p) - gzipMemory; over > 0 {
		g.recent = g.recent[:copy(g.recent, g.recent[over:])]
	}
	g.recent = append(g.recent, p...)
}

// appender is a slice that is written to.
type appender []byte

// Write implements [io.Writer].
func (a *appender) Write(p []byte) (int, error) {
	*a = append(*a, p...)
	return len(p), nil
}

// WithCompression compresses event streams and NDJSON by gzip, for those who
// ask for it. Each write is flushed, so that nothing is held back for it. On a
// stream of numbers it saves 70 % of the bytes, and takes 3 KiB of memory for
// each viewer and 10 µs of a processor for each event that is sent alone.
//
// The default is not to. Events are sent as they stand in the journal, which
// takes no time at all; and what sockets and proxies on the way hold of a
// compressed stream is several times as many events, so that a viewer who reads
// slowly and is cut off finds them only in a journal that is as much larger.
func WithCompression(on bool) Option { return optionFunc(func(o *options) { o.compression = on }) }
