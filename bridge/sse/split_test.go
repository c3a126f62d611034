// SPDX-License-Identifier: Apache-2.0

package sse

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// However a stream is cut, the same is found in it.

// maxPairBytes is the length up to which a stream is cut at every pair of
// places; their number grows with its square.
const maxPairBytes = 160

func TestSplitAtEveryByte(t *testing.T) {
	t.Parallel()
	for _, c := range corpus() {
		if len(c.stream) > 5<<10 {
			continue // TestSplitIntoPiecesOfOneSize has them
		}
		for i := range len(c.stream) + 1 {
			checkSplit(t, c, c.stream[:i], c.stream[i:])
		}
	}
}

func TestSplitAtEveryPairOfBytes(t *testing.T) {
	t.Parallel()
	for _, c := range corpus() {
		if len(c.stream) > maxPairBytes {
			continue
		}
		for i := range len(c.stream) + 1 {
			for j := i; j <= len(c.stream); j++ { // j == i is an empty chunk
				checkSplit(t, c, c.stream[:i], c.stream[i:j], c.stream[j:])
			}
		}
	}
}

func TestSplitIntoPiecesOfOneSize(t *testing.T) {
	t.Parallel()
	for _, c := range corpus() {
		for _, size := range []int{1, 2, 3, 4, 5, 7, 64, 1000, 4096} {
			checkSplit(t, c, pieces(c.stream, size)...)
		}
	}
}

// One parser is used for all streams, as a client does that reconnects.
func TestSplitAfterReset(t *testing.T) {
	t.Parallel()
	var p Parser
	for _, c := range corpus() {
		for _, left := range []string{"", "\xEF\xBB", "data: left\n", "id: left\nevent: left\ndata: left", "data: left\r\r", ": left"} {
			if _, err := feed(&p, left); err != nil {
				t.Fatal(err)
			}
			p.Reset("")
			got, lastID := parse(t, &p, c.stream)
			if diff := cmp.Diff(c.want, got); diff != "" || lastID != c.lastID {
				t.Fatalf("%s, after %q: last event id %q, want %q; found (-want +got):\n%s", c.name, left, lastID, c.lastID, diff)
			}
			p.Reset("")
		}
	}
}

// checkSplit does not use cmp.Diff where nothing differs: it is called a
// million times.
func checkSplit(t *testing.T, c streamCase, parts ...string) {
	t.Helper()
	var p Parser
	got, lastID := parse(t, &p, parts...)
	if !slices.Equal(got, c.want) || lastID != c.lastID {
		t.Fatalf("%s, cut into %q: last event id %q, want %q; found (-want +got):\n%s",
			c.name, parts, lastID, c.lastID, cmp.Diff(c.want, got))
	}
}

func pieces(stream string, size int) []string {
	var parts []string
	for part := range slices.Chunk([]byte(stream), size) {
		parts = append(parts, string(part))
	}
	return parts
}

// An event is delivered with the last byte of its blank line: an LF, or a CR
// that may be all that is sent for a long time.
func TestEventComesWithItsLastByte(t *testing.T) {
	t.Parallel()
	for _, stream := range []string{"data: 1\n\n", "data: 1\r\r", "data: 1\r\n\r", "data: 1\n\r", "\uFEFFdata: 1\r\n\n"} {
		var p Parser
		before, last := stream[:len(stream)-1], stream[len(stream)-1:]
		if got, _ := parse(t, &p, pieces(before, 1)...); len(got) != 0 {
			t.Errorf("%q: before its last byte found %v, want nothing", stream, got)
		}
		got, _ := parse(t, &p, last)
		if want := []record{message("", "1")}; !slices.Equal(got, want) {
			t.Errorf("%q: with its last byte found %v, want %v", stream, got, want)
		}
		// The LF that may follow belongs to the CR, and is no blank line.
		got, _ = parse(t, &p, "\n", "id: 2\ndata: 2\n", "\n")
		if want := []record{message("2", "2")}; !slices.Equal(got, want) {
			t.Errorf("%q: after it found %v, want %v", stream, got, want)
		}
	}
}

// A comment and a reconnection time are reported with the end of their line.
func TestCommentAndRetryComeWithTheirLineEnd(t *testing.T) {
	t.Parallel()
	var p Parser
	for _, step := range []struct {
		chunk string
		want  []record
	}{
		{": beat", nil},
		{"\r", []record{comment("beat")}},
		{"\nretry: 0", nil},
		{"\n", []record{retry(0)}},
		{"data: 1\n:", nil},
		{"\n", []record{comment("")}},
		{"\n", []record{message("", "1")}},
	} {
		if got, _ := parse(t, &p, step.chunk); !slices.Equal(got, step.want) {
			t.Errorf("chunk %q: found %v, want %v", step.chunk, got, step.want)
		}
	}
}

// A line that lies in several chunks, then lines that do not, in one event.
func TestDataFromSeveralPlacesIsJoined(t *testing.T) {
	t.Parallel()
	var p Parser
	long := strings.Repeat("x", maxKeptBytes)
	got, _ := parse(t, &p, "data: "+long, long+"\ndata: 2\nda", "ta: 3", "\n", "data: 4\n\ndata: 5\n\nda", "ta: 6\n\n")
	want := []record{message("", long+long+"\n2\n3\n4"), message("", "5"), message("", "6")}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("found (-want +got):\n%s", diff)
	}
}
