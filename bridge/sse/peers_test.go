// SPDX-License-Identifier: Apache-2.0

package sse

import (
	"strings"
	"testing"
	"time"
)

// peerCases are streams that widely used readers take wrongly, each named by
// the mistake.
var peerCases = []streamCase{
	{
		name:   "an unfinished event is delivered at the end",
		stream: "id: 1\ndata: whole\n\nid: 2\ndata: unfinished\n",
		want:   []record{message("1", "whole")},
		lastID: "1",
	},
	{
		name:   "what is left without its blank line is delivered at the end",
		stream: "data: unfinished",
	},
	{
		name:   "a block with an id alone is delivered as an event",
		stream: "id: 1\n\n: heartbeat\n\n",
		want:   []record{comment("heartbeat")},
		lastID: "1",
	},
	{
		name:   "every blank line is delivered as an event",
		stream: "\n\n\nevent: x\n\nretry: 1\n\n",
		want:   []record{retry(time.Millisecond)},
	},
	{
		name:   "a line without a colon is ignored",
		stream: "data\n\n",
		want:   []record{message("", "")},
	},
	{
		name:   "leading empty data lines are lost",
		stream: "data:\ndata:\ndata: 1\n\n",
		want:   []record{message("", "\n\n1")},
	},
	{
		name:   "retry is read up to the first letter",
		stream: "retry: 10abc\n\n",
	},
	{
		name:   "an id with NUL is taken",
		stream: "id: 1\x00\ndata: 1\n\n",
		want:   []record{message("", "1")},
	},
	{
		name:   "an id counts before its block is complete",
		stream: "id: 1\ndata: 1\n\nid: 2\n",
		want:   []record{message("1", "1")},
		lastID: "1",
	},
	{
		name:   "a line over 64 KiB ends the stream",
		stream: "data: " + strings.Repeat("0123456789", 10<<10) + "\n\ndata: 1\n\n",
		want:   []record{message("", strings.Repeat("0123456789", 10<<10)), message("", "1")},
	},
	{
		name:   "only LF ends a line",
		stream: "data: 1\rdata: 2\r\revent: x\rdata: 3\r\n\r\n",
		want:   []record{message("", "1\n2"), typed("", "x", "3")},
	},
	{
		name:   "blank lines are looked for as LF LF, whatever the line ends",
		stream: "data: 1\r\n\r\ndata: 2\r\n\n",
		want:   []record{message("", "1"), message("", "2")},
	},
	{
		name:   "the byte order mark becomes part of the first name",
		stream: "\uFEFFdata: 1\n\n",
		want:   []record{message("", "1")},
	},
	{
		name:   "all leading white space is removed from a value",
		stream: "data: \t  1  \n\n",
		want:   []record{message("", "\t  1  ")},
	},
}

func TestPeersMistakes(t *testing.T) {
	t.Parallel()
	runCases(t, peerCases)
}

// A reader that appends each chunk to what it has, and starts over, takes
// quadratic time and memory for a long line in small chunks.
func TestLongLineInSmallChunksIsCopiedLittle(t *testing.T) {
	// Not parallel: it measures what is allocated.
	const size = 1 << 20
	chunk := []byte("data: " + strings.Repeat("x", 1018))
	var p Parser
	allocated := allocatedBytes(func() {
		for fed := 0; fed < size; fed += len(chunk) {
			if err := p.Feed(chunk, discard{}); err != nil {
				t.Fatal(err)
			}
		}
	})
	if limit := uint64(8 * size); allocated > limit {
		t.Errorf("a line of %d bytes in chunks of %d allocates %d bytes, want at most %d", size, len(chunk), allocated, limit)
	}
}

// A search for LF that starts anew at every CR reads a chunk without LF again
// and again. These 8 MiB take a fraction of a second in one pass; that way they
// would take longer than go test allows by default.
func TestChunkOfShortLinesWithoutLFIsReadOnce(t *testing.T) {
	t.Parallel()
	const lines = 4 << 20
	var p Parser
	var h recorder
	if err := p.Feed([]byte(strings.Repeat("x\r", lines)+"data: 1\r\r"), &h); err != nil {
		t.Fatal(err)
	}
	if len(h.found) != 1 {
		t.Errorf("found %d events, want 1", len(h.found))
	}
}
