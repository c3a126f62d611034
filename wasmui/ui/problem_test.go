// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/wasmui/stream"
)

func TestProblemOf(t *testing.T) {
	t.Parallel()
	failed := func(e stream.Error) stream.Snapshot { return stream.Snapshot{Phase: stream.Failed, Err: &e} }
	joined := failed(stream.Error{Code: "NOT_FOUND", Message: "no such run", HTTPStatus: 404})
	joined.Joined = true
	tests := []struct {
		name    string
		snap    stream.Snapshot
		garbled uint64
		want    problemValues
	}{
		{"nothing", stream.Snapshot{Phase: stream.Open}, 0, problemValues{}},
		{
			"waiting is no problem yet",
			stream.Snapshot{Phase: stream.Waiting, Err: &stream.Error{Code: "UNAVAILABLE"}},
			0,
			problemValues{},
		},
		{
			"a field at fault",
			failed(stream.Error{
				Code: "INVALID_ARGUMENT", Message: "count must be less, got 9",
				Violations: []stream.Violation{{Field: "count", Description: "must be less, got 9"}},
			}), 0,
			problemValues{
				Title: "The request was refused", Code: "INVALID_ARGUMENT", Advice: "Change what is marked, and start again.",
				Fields: []fieldProblem{{Field: "count", Description: "must be less, got 9.", Knob: knobCount}},
			},
		},
		{
			"fields in JSON names, one of them without a knob, and a message that says more",
			failed(stream.Error{
				Code: "INVALID_ARGUMENT", Message: "see below",
				Violations: []stream.Violation{{Field: "minPause", Description: "x"}, {Field: "resumeToken", Description: "y"}, {Field: "lowerBound", Description: "z"}},
			}), 0,
			problemValues{
				Title: "The request was refused", Code: "INVALID_ARGUMENT", Message: "see below.", Advice: "Change what is marked, and start again.",
				Fields: []fieldProblem{
					{Field: "min_pause", Description: "x.", Knob: knobMinPause},
					{Field: "resume_token", Description: "y."},
					// Counting, which the knobs stand at, has no bounds on the page.
					{Field: "lower_bound", Description: "z."},
				},
			},
		},
		{
			"a run that is gone", joined, 0,
			problemValues{
				Title: "That run is no longer there", Code: "NOT_FOUND", Message: "no such run.",
				Advice: "Runs are kept for a while after they end. Start begins a new one.",
			},
		},
		{
			"a stream that is not there", failed(stream.Error{Code: "NOT_FOUND", Message: "no such path", HTTPStatus: 404}), 0,
			problemValues{Title: "The stream failed", Code: "NOT_FOUND", Message: "no such path."},
		},
		{
			"worth another try", failed(stream.Error{Code: "RESOURCE_EXHAUSTED", Message: "too many!", Retryable: true}), 0,
			problemValues{
				Title: "The stream failed", Code: "RESOURCE_EXHAUSTED", Message: "too many!",
				Advice: "It may well work a little later: start again.",
			},
		},
		{
			"messages of another kind",
			stream.Snapshot{Phase: stream.Open},
			2,
			problemValues{
				Title:   "Some messages were no numbers",
				Message: "2 messages could not be read, the last one because: the fault.",
				Advice:  "This page is for the number stream; the address may lead to another.",
			},
		},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, problemOf(tt.snap, Knobs{}, tt.garbled, "the fault")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

func TestEveryFieldHasAKnob(t *testing.T) {
	t.Parallel()
	bounded := Knobs{Sequence: Uniform}
	seen := make(map[string]string)
	for _, field := range []string{fieldSequence, fieldCount, fieldEndless, fieldMinPause, fieldMaxPause, fieldSeed, fieldLower, fieldUpper} {
		id := knobID(field, bounded)
		if id == "" || seen[id] != "" {
			t.Errorf("the knob of %s is %q, which is that of %q too", field, id, seen[id])
		}
		seen[id] = field
	}
}
