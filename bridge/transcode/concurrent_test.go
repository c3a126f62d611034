// SPDX-License-Identifier: Apache-2.0

package transcode

import (
	"bytes"
	"fmt"
	"sync"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
)

func appendVarintField(b []byte, number, value int) []byte {
	return protowire.AppendVarint(protowire.AppendTag(b, protowire.Number(number), protowire.VarintType), uint64(value))
}

// TestConcurrentUse runs one program of each type of the corpus from several
// goroutines, beginning at once, so that extensions and the content of Anys are
// met for the first time by all of them.
func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	const goroutines = 8
	v := variants()[0]
	for _, s := range written(t) {
		want, wantErr := v.compile(t, s.desc).AppendJSON(nil, s.wire)
		p := v.compile(t, s.desc)
		start := make(chan struct{})
		var wg sync.WaitGroup
		for range goroutines {
			wg.Go(func() {
				<-start
				for range 3 {
					got, err := p.AppendJSON(nil, s.wire)
					if !bytes.Equal(got, want) || (err != nil) != (wantErr != nil) {
						t.Errorf("%s: got %s, error %v, want %s, error %v", s.name, got, err, want, wantErr)
					}
				}
			})
		}
		close(start)
		wg.Wait()
	}
}

// TestURLsAreBounded holds that a program stops remembering type URLs, of which
// there is no end, and goes on to answer.
func TestURLsAreBounded(t *testing.T) {
	t.Parallel()
	s := textSample(t, "any", "google.protobuf.Any", "")
	p := variants()[0].compile(t, s.desc)
	run := func(url string) {
		t.Helper()
		wire := protowire.AppendString(protowire.AppendTag(nil, 1, protowire.BytesType), url)
		want := fmt.Sprintf(`{"@type":"%s","value":"0s"}`, url)
		if got, err := p.AppendJSON(nil, wire); err != nil || string(got) != want {
			t.Fatalf("got %s, error %v, want %s", got, err, want)
		}
	}
	for i := range maxURLs + 10 {
		run(fmt.Sprintf("example.com/%d/google.protobuf.Duration", i))
	}
	if n := len(*p.types.urls.Load()); n != maxURLs {
		t.Errorf("%d type URLs are remembered, want %d", n, maxURLs)
	}

	p = variants()[0].compile(t, s.desc)
	run(string(bytes.Repeat([]byte("x"), maxURLLength)) + "/google.protobuf.Duration")
	if p.types.urls.Load() != nil {
		t.Error("a type URL is remembered that is too long")
	}
}
