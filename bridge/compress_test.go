// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"

	"sluice/bridge/sse"
)

// numberEvents returns events as the number stream has them.
func numberEvents(n int) [][]byte {
	random := rand.New(rand.NewPCG(1, 2))
	var all [][]byte
	for i := range n {
		token := fmt.Sprintf("v1.9f3ab2c4d5e6.%d", i+1)
		data := fmt.Appendf(nil, `{"position":%d,"value":%v,"createTime":"2026-01-02T03:%02d:%02d.%06dZ","resumeToken":%q}`,
			i+1, random.NormFloat64()*100, i/600%60, i/10%60, random.IntN(1e6), token)
		e, err := sse.AppendEvent(nil, fmt.Sprintf("k7q2m5x4c6abcdefghijklmnop-%d-t%s", i+1, token), "", data)
		if err != nil {
			panic(err)
		}
		all = append(all, e)
	}
	return all
}

// Whatever is written can be read at once, by a reader that is not ours.
func TestGzipIsReadAtOnce(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(3, 4))
	noise := make([]byte, 200<<10)
	for i := range noise {
		noise[i] = byte(random.Uint32())
	}
	writes := numberEvents(300)
	writes = append(writes, nil, []byte("x"), bytes.Repeat([]byte("abc"), 50<<10), noise, noise[:gzipMemory], noise[:gzipMemory-1], []byte("end"))

	from, to := io.Pipe()
	go func() {
		g := &gzipper{}
		for _, p := range writes {
			to.Write(g.append(nil, p))
		}
		to.Write(g.appendEnd(nil))
		to.Close()
	}()
	r, err := gzip.NewReader(from)
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range writes {
		// The pipe holds nothing, so that no later write is needed for it.
		got := make([]byte, len(p))
		if _, err := io.ReadFull(r, got); err != nil || !bytes.Equal(got, p) {
			t.Fatalf("write %d of %d bytes is read as %d bytes, %v", i, len(p), len(got), err)
		}
	}
	// The checksum is held by then, too.
	if rest, err := io.ReadAll(r); len(rest) != 0 || err != nil {
		t.Fatalf("after the end there are %d bytes, %v", len(rest), err)
	}
}

// Nothing written is a stream all the same.
func TestGzipOfNothing(t *testing.T) {
	t.Parallel()
	g := &gzipper{}
	r, err := gzip.NewReader(bytes.NewReader(g.appendEnd(nil)))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(r); len(got) != 0 || err != nil {
		t.Errorf("it is read as %q, %v", got, err)
	}
}
