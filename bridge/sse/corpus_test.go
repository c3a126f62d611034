// SPDX-License-Identifier: Apache-2.0

package sse

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// streamCase is a stream and all that is to be found in it. The cases of all
// tables are one corpus, with which the splitting tests and the fuzz tests
// begin.
type streamCase struct {
	name   string
	stream string
	want   []record
	lastID string // at the stream's end
}

func corpus() []streamCase {
	var all []streamCase
	all = append(all, clauseCases...)
	all = append(all, encodingCases...)
	all = append(all, platformCases...)
	return append(all, peerCases...)
}

// runCases feeds each stream whole, and holds it to the oracle as well, so that
// a wrong expectation is found too.
func runCases(t *testing.T, cases []streamCase) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, lastID := parse(t, &Parser{}, c.stream)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("of %q found (-want +got):\n%s", c.stream, diff)
			}
			if lastID != c.lastID {
				t.Errorf("of %q the last event id is %q, want %q", c.stream, lastID, c.lastID)
			}
			byOracle, idByOracle := oracle(c.stream, "")
			if diff := cmp.Diff(c.want, byOracle); diff != "" || idByOracle != c.lastID {
				t.Errorf("of %q the oracle finds, with last event id %q (-want +oracle):\n%s", c.stream, idByOracle, diff)
			}
		})
	}
}

// recorder is a Handler that keeps what it gets.
type recorder struct {
	found []record
}

func (r *recorder) Event(ev Event) {
	r.borrowed(ev.Data)
	r.found = append(r.found, typed(ev.ID, ev.Type, string(ev.Data)))
}

func (r *recorder) Comment(text []byte) {
	r.borrowed(text)
	r.found = append(r.found, comment(string(text)))
}

func (r *recorder) Retry(d time.Duration) { r.found = append(r.found, retry(d)) }

// borrowed does to a slice the worst that a handler does without meaning to.
func (r *recorder) borrowed(b []byte) {
	_ = append(b, "\n\ndata: overwritten\n\n"...)
}

// parse feeds the parts of a stream, one chunk each, and returns what was found
// and the last event id. Each chunk is overwritten once it is fed, as a caller
// does that has one buffer.
func parse(tb testing.TB, p *Parser, parts ...string) (found []record, lastID string) {
	tb.Helper()
	found, err := feed(p, parts...)
	if err != nil {
		tb.Fatalf("parse %q: %v", parts, err)
	}
	return found, p.LastEventID()
}

func feed(p *Parser, parts ...string) ([]record, error) {
	var h recorder
	for _, part := range parts {
		chunk := []byte(part)
		err := p.Feed(chunk, &h)
		copy(chunk, strings.Repeat("\n", len(chunk)))
		if err != nil {
			return h.found, err
		}
	}
	return h.found, nil
}
