// SPDX-License-Identifier: Apache-2.0

package sse

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// readAll reads to the error that ends the stream.
func readAll(r *Reader) (found []record, err error) {
	r.OnComment = func(text []byte) { found = append(found, comment(string(text))) }
	r.OnRetry = func(d time.Duration) { found = append(found, retry(d)) }
	for {
		ev, err := r.Next()
		if err != nil {
			return found, err
		}
		found = append(found, typed(ev.ID, ev.Type, string(ev.Data)))
	}
}

// A Reader finds what a Parser finds, however its source hands it over.
func TestReaderFindsWhatAParserFinds(t *testing.T) {
	t.Parallel()
	for name, source := range map[string]func(io.Reader) io.Reader{
		"as it comes":               func(r io.Reader) io.Reader { return r },
		"byte by byte":              iotest.OneByteReader,
		"half a buffer":             iotest.HalfReader,
		"last bytes with the error": iotest.DataErrReader,
		"one empty read each":       func(r io.Reader) io.Reader { return &emptyReads{src: r, each: 1} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, c := range corpus() {
				r := NewReader(source(strings.NewReader(c.stream)))
				got, err := readAll(r)
				if err != io.EOF {
					t.Errorf("%s: error %v, want io.EOF", c.name, err)
				}
				if diff := cmp.Diff(c.want, got); diff != "" || r.LastEventID() != c.lastID {
					t.Errorf("%s: last event id %q, want %q; found (-want +got):\n%s", c.name, r.LastEventID(), c.lastID, diff)
				}
			}
		})
	}
}

func TestReaderWithoutHooksPassesOver(t *testing.T) {
	t.Parallel()
	r := NewReader(strings.NewReader(": 1\nretry: 2\ndata: 3\n\n: 4\n\n"))
	ev, err := r.Next()
	if err != nil || string(ev.Data) != "3" {
		t.Errorf("Next = %v, %v, want an event with data 3", ev, err)
	}
	if _, err := r.Next(); err != io.EOF {
		t.Errorf("error %v, want io.EOF", err)
	}
}

// An event that is complete is returned before the source is asked for more,
// which on a live stream may be a long time to wait.
func TestReaderReadsNoFurtherThanNeeded(t *testing.T) {
	t.Parallel()
	for _, end := range []string{"\n\n", "\r\r", "\r\n\r\n", "\r\n\r"} {
		chunks := &scripted{chunks: []string{"data: 1", end + "data: 2" + end, ": beat" + end}}
		r := NewReader(chunks)
		for i, want := range []string{"1", "2"} {
			ev, err := r.Next()
			if err != nil || string(ev.Data) != want {
				t.Errorf("end %q: Next = %v, %v, want data %s", end, ev, err, want)
			}
			if left := len(chunks.chunks); left != 1 {
				t.Errorf("end %q: after event %d, %d chunks are left, want 1", end, i+1, left)
			}
		}
	}
}

// Heartbeats are seen while Next waits for an event.
func TestReaderReportsCommentsBeforeItReadsOn(t *testing.T) {
	t.Parallel()
	chunks := &scripted{chunks: []string{": 1\n\n", ": 2\n\n", "data: 3\n\n"}}
	r := NewReader(chunks)
	var leftAt []string
	r.OnComment = func(text []byte) { leftAt = append(leftAt, fmt.Sprintf("%s with %d left", text, len(chunks.chunks))) }
	if _, err := r.Next(); err != nil {
		t.Fatal(err)
	}
	if want := []string{"1 with 2 left", "2 with 1 left"}; !slices.Equal(leftAt, want) {
		t.Errorf("comments came as %q, want %q", leftAt, want)
	}
}

func TestReaderReturnsTheSourcesErrorAfterWhatCameBefore(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	for name, source := range map[string]io.Reader{
		"after the bytes": io.MultiReader(strings.NewReader("data: 1\n\ndata: 2\n"), iotest.ErrReader(broken)),
		"with the bytes":  &scripted{chunks: []string{"data: 1\n\ndata: 2\n"}, err: broken},
	} {
		r := NewReader(source)
		if ev, err := r.Next(); err != nil || string(ev.Data) != "1" {
			t.Errorf("%s: Next = %v, %v, want data 1", name, ev, err)
		}
		for range 3 {
			if _, err := r.Next(); err != broken {
				t.Errorf("%s: error %v, want the source's", name, err)
			}
		}
	}
}

func TestReaderLimits(t *testing.T) {
	t.Parallel()
	r := NewReader(strings.NewReader("data: 1\n\ndata: 12345\n\ndata: 3\n\n"))
	r.MaxEventBytes = 4
	if ev, err := r.Next(); err != nil || string(ev.Data) != "1" {
		t.Errorf("Next = %v, %v, want data 1", ev, err)
	}
	for range 2 {
		_, err := r.Next()
		checkLimitError(t, err, "event", 4)
	}

	r = NewReader(strings.NewReader("data: 1\n\ndata: 12345"))
	r.MaxLineBytes = 10
	if ev, err := r.Next(); err != nil || string(ev.Data) != "1" {
		t.Errorf("Next = %v, %v, want data 1", ev, err)
	}
	_, err := r.Next()
	checkLimitError(t, err, "line", 10)
}

func TestReaderReset(t *testing.T) {
	t.Parallel()
	r := NewReader(strings.NewReader("id: 1\ndata: 1\n\nid: 2\ndata: cut off"))
	if _, err := readAll(r); err != io.EOF {
		t.Fatal(err)
	}
	r.Reset(strings.NewReader("\uFEFFdata: 2\n\n"), r.LastEventID())
	got, err := readAll(r)
	if want := []record{message("1", "2")}; err != io.EOF || !slices.Equal(got, want) {
		t.Errorf("after Reset found %v, %v, want %v and io.EOF", got, err, want)
	}
}

func TestReaderGivesUpOnASourceThatReturnsNothing(t *testing.T) {
	t.Parallel()
	r := NewReader(&emptyReads{src: strings.NewReader("data: 1\n\n"), each: maxEmptyReads})
	if _, err := r.Next(); err != io.ErrNoProgress {
		t.Errorf("error %v, want io.ErrNoProgress", err)
	}
}

// scripted is a source that returns one chunk a read, the last with err.
type scripted struct {
	chunks []string
	err    error
}

func (s *scripted) Read(p []byte) (int, error) {
	if len(s.chunks) == 0 {
		return 0, io.ErrUnexpectedEOF
	}
	n := copy(p, s.chunks[0])
	s.chunks = s.chunks[1:]
	if len(s.chunks) == 0 {
		return n, s.err
	}
	return n, nil
}

// emptyReads is a source that returns nothing and no error, each times before
// every read that does.
type emptyReads struct {
	src        io.Reader
	each, done int
}

func (e *emptyReads) Read(p []byte) (int, error) {
	if e.done < e.each {
		e.done++
		return 0, nil
	}
	e.done = 0
	return e.src.Read(p)
}
