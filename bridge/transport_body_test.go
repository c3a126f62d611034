// SPDX-License-Identifier: Apache-2.0

package bridge_test

import (
	"compress/gzip"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"sluice/bridge"
	"sluice/bridge/sse"
	"sluice/internal/bubble"
)

// A compressed stream is read event by event, as they are made, and ends well.
func TestCompressedStream(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		w := newWorld(t, counting, bridge.WithCompression(true))
		start := time.Now()
		r := w.get("/sse?count=40&min_pause=1s", "Accept-Encoding", "gzip, deflate, br, zstd")
		if got, vary := r.Header.Get("Content-Encoding"), strings.Join(r.Header.Values("Vary"), ", "); got != "gzip" || vary != "Accept, Origin, Accept-Encoding" {
			t.Fatalf("Content-Encoding is %q and Vary %q", got, vary)
		}
		z, err := gzip.NewReader(r.Body)
		if err != nil {
			t.Fatal(err)
		}
		events := sse.NewReader(z)
		for i := 1; i <= 40; i++ {
			if _, err := events.Next(); err != nil || time.Since(start) != time.Duration(i)*time.Second {
				t.Fatalf("number %d came after %v, %v", i, time.Since(start), err)
			}
		}
		if e, err := events.Next(); err != nil || e.Type != "end" {
			t.Errorf("the end is %+v, %v", e, err)
		}
		if e, err := events.Next(); !errors.Is(err, io.EOF) {
			t.Errorf("after the end there is %+v, %v", e, err)
		}
	})
}

func TestCompressedLines(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		w := newWorld(t, counting, bridge.WithCompression(true))
		plain := w.get("/sse?count=1000", "Accept", "application/x-ndjson", "Accept-Encoding", "identity")
		all := plain.text()
		r := w.get("/runs/"+plain.Header.Get(bridge.RunHeader), "Accept", "application/x-ndjson", "Accept-Encoding", "gzip")
		z, err := gzip.NewReader(r.Body)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(z)
		if err != nil {
			t.Fatal(err)
		}
		// What a stream opens with has a time to come back after that is its own.
		first, rest, _ := strings.Cut(string(got), "\n")
		_, all, _ = strings.Cut(all, "\n")
		if openingOf(t, objectOf(t, []byte(first)), "").Run != r.Header.Get(bridge.RunHeader) {
			t.Errorf("it opens with %s", first)
		}
		if rest != all || strings.Count(all, "\n") != 1001 {
			t.Errorf("compressed there are %d bytes, otherwise %d", len(rest), len(all))
		}
	})
}

// A stream that is closed before its end is a whole body all the same: a
// browser takes one that is cut for a broken one.
func TestCompressedStreamIsSentAway(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		w := newWorld(t, counting, bridge.WithCompression(true), bridge.WithMaxAge(10*time.Second))
		z, err := gzip.NewReader(w.get("/sse?endless=true&min_pause=1s", "Accept-Encoding", "gzip").Body)
		if err != nil {
			t.Fatal(err)
		}
		if body, err := io.ReadAll(z); err != nil || !strings.HasSuffix(string(body), ": closed: age\n\n") {
			t.Errorf("the stream ends with …%q, %v", body[max(0, len(body)-40):], err)
		}
	})
}

func TestNotCompressed(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		for _, test := range []struct {
			name, encoding, path string
			opts                 []bridge.Option
		}{
			{"by default", "gzip", "/sse?count=1", nil},
			{"who does not ask", "identity", "/sse?count=1", []bridge.Option{bridge.WithCompression(true)}},
			{"who asks for another", "br", "/sse?count=1", []bridge.Option{bridge.WithCompression(true)}},
			{"a failure", "gzip", "/sse?cuont=1", []bridge.Option{bridge.WithCompression(true)}},
		} {
			r := newWorld(t, counting, test.opts...).get(test.path, "Accept-Encoding", test.encoding)
			if got := r.Header.Get("Content-Encoding"); got != "" || !strings.Contains(r.text(), `"`) {
				t.Errorf("%s: Content-Encoding is %q", test.name, got)
			}
		}
	})
}
