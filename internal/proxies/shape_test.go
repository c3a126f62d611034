// SPDX-License-Identifier: Apache-2.0

package proxies

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

const (
	// heartbeat is how often the bridge breaks a silence in these tests,
	// commitWait how long it waits for an early error before it begins a stream,
	// pollWait how long a poll waits, idle how long the servers in front of it
	// allow a silence, and silence how long the streams are silent that are to
	// outlive it: what is 15 s, 0.5 s, 25 s, 60 s and 90 s elsewhere, in less
	// time.
	heartbeat  = 400 * time.Millisecond
	commitWait = time.Second
	pollWait   = time.Second
	idle       = 2 * time.Second
	silence    = 2500 * time.Millisecond
)

// A shape is a way in which a stream comes.
type shape struct {
	name, query string
	// numbers is how many there are before the end, code the end's.
	numbers int
	code    string
	// early is whether there is no stream, but a refusal with the code.
	early bool
	// quiet is whether there is a silence before each number.
	quiet bool
	// cuts are after how many numbers the reader's connection breaks.
	cuts []int
}

func shapes() []shape {
	quiet := fmt.Sprintf("/sse?count=2&seed=2&min_pause=%gs&max_pause=%[1]gs", silence.Seconds())
	return []shape{
		{name: "short", query: "/sse?count=5&seed=1&min_pause=0.02s&max_pause=0.02s", numbers: 5, code: "OK"},
		{name: "quiet", query: quiet, numbers: 2, code: "OK", quiet: true},
		// What is ready at once is sent at once.
		{name: "bursty", query: "/sse?count=300&seed=3&min_pause=0s&max_pause=0s&sequence=SEQUENCE_NORMAL", numbers: 300, code: "OK"},
		// More than anything on the way can hold, but the journal.
		{name: "long", query: "/sse?count=4000&seed=4&min_pause=0s&max_pause=0s&sequence=SEQUENCE_PRIMES", numbers: 4000, code: "OK"},
		{name: "failing early", query: "/sse?count=5&min_pause=7200s", code: "INVALID_ARGUMENT", early: true},
		{name: "failing late", query: "/sse?count=90&min_pause=0s&max_pause=0.001s&seed=6&sequence=SEQUENCE_FIBONACCI", numbers: 78, code: "OUT_OF_RANGE"},
		{name: "resumed", query: "/sse?count=30&seed=7&min_pause=0.005s&max_pause=0.005s&sequence=SEQUENCE_UNIFORM", numbers: 30, code: "OK", cuts: []int{1, 9, 10, 29}},
	}
}

// A story is what a reader got of a stream, without what differs from one run
// to the next.
type story struct {
	events []string
	// first is how long the first number took, from the request on, and
	// refused is what came instead of a stream.
	first   time.Duration
	refused *refusal
}

// tell reads a stream of the shape, each connection with a client of its own.
func (s *shape) tell(ctx context.Context, tr transport, base string, client func() *http.Client) (*story, error) {
	ctx, stop := context.WithTimeout(ctx, patience)
	defer stop()
	got, last, cuts := &story{}, "", s.cuts
	began := time.Now()
	for ended := false; !ended; {
		cut := false
		reading, leave := context.WithCancel(ctx)
		err := tr.read(reading, client(), base+s.query, last, func(e event) bool {
			if len(got.events) == 0 {
				got.first = e.at.Sub(began)
			}
			got.events = append(got.events, e.kind+" "+place(e.id)+" "+string(timeless(e.data)))
			last, ended = e.id, e.kind == "end"
			if len(cuts) > 0 && len(got.events) == cuts[0] {
				cut, cuts = true, cuts[1:]
			}
			return !cut
		})
		leave()
		if errors.As(err, &got.refused) {
			got.first = time.Since(began)
			return got, nil
		}
		if err != nil {
			return nil, fmt.Errorf("after %d events: %w", len(got.events), err)
		}
	}
	return got, nil
}

// place returns what an id says beside the run: the place in it, and the
// backend's own.
func place(id string) string {
	_, place, _ := strings.Cut(id, "-")
	return place
}

// timeless takes the one member of a number away that differs between runs.
func timeless(data []byte) []byte {
	const member = `"createTime":"`
	before, after, ok := bytes.Cut(data, []byte(member))
	if !ok {
		return data
	}
	_, after, _ = bytes.Cut(after, []byte{'"'})
	return append(append([]byte(nil), before...), after...)
}

// read reads a stream of the shape and compares it with what another reader
// got, unless that is nil.
func (s *shape) read(ctx context.Context, tr transport, base string, client func() *http.Client, want *story) (*story, error) {
	once := func() (*story, error) {
		got, err := s.tell(ctx, tr, base, client)
		if err != nil {
			return nil, err
		}
		return got, s.diff(got, cmp.Or(want, got))
	}
	if !s.early {
		return once()
	}
	// What is refused too late, on a busy machine, is a stream that ends.
	var got *story
	err := timed(func() (err error) {
		got, err = once()
		return err
	})
	return got, err
}

// diff says how a story differs from what another reader got, and how from
// what its shape promises.
func (s *shape) diff(got, want *story) error {
	switch {
	case s.early:
		return s.diffRefusal(got.refused)
	case got.refused != nil:
		return got.refused
	case len(got.events) != s.numbers+1:
		return fmt.Errorf("%d events came, want %d numbers and the end", len(got.events), s.numbers)
	}
	end := got.events[s.numbers]
	if !strings.HasPrefix(end, "end ") || !strings.Contains(end, `"code":"`+s.code+`"`) {
		return fmt.Errorf("the end is %s, want the code %s", end, s.code)
	}
	if s.quiet && (got.first < silence || got.first > 2*silence) {
		return fmt.Errorf("the first number took %v, though it was made after %v and the next after twice that", got.first, silence)
	}
	for i := range got.events {
		if got.events[i] != want.events[i] {
			return fmt.Errorf("event %d is %s, want %s", i+1, got.events[i], want.events[i])
		}
	}
	return nil
}

// diffRefusal says how a refusal is not what a shape promises.
func (s *shape) diffRefusal(r *refusal) error {
	if r == nil {
		return errors.New("there is a stream, want a refusal")
	}
	var status struct{ Code, Message string }
	if err := json.Unmarshal([]byte(r.body), &status); err != nil {
		return fmt.Errorf("%w: %w", r, err)
	}
	if status.Code != s.code || !strings.Contains(status.Message, "min_pause") || r.status != http.StatusBadRequest && r.status != 0 {
		return r
	}
	return nil
}
