// SPDX-License-Identifier: Apache-2.0

package ui

import "testing"

func TestSentence(t *testing.T) {
	t.Parallel()
	tests := []struct {
		knobs Knobs
		want  string
	}{
		{Knobs{}, "Counting, 10 to 20 numbers, 0.1 to 1 s apart"},
		{Knobs{Count: "0"}, "Counting, 10 to 20 numbers, 0.1 to 1 s apart"},
		{Knobs{Sequence: Primes, Count: "1"}, "Primes, 1 number, 0.1 to 1 s apart"},
		{Knobs{Count: "100", MinPause: "0", MaxPause: "0"}, "Counting, 100 numbers, as fast as they are read"},
		{Knobs{Endless: true, Count: "3", Seed: "7"}, "Counting, without end, 0.1 to 1 s apart, seed 7"},
		// An unset pause gives way to the one that is set, as it does on the server.
		{Knobs{MinPause: "5"}, "Counting, 10 to 20 numbers, 5 s apart"},
		{Knobs{MaxPause: "0.05"}, "Counting, 10 to 20 numbers, 0.05 s apart"},
		{Knobs{MaxPause: "0"}, "Counting, 10 to 20 numbers, as fast as they are read"},
		// What the server will refuse is said as it stands.
		{Knobs{MinPause: "5", MaxPause: "1"}, "Counting, 10 to 20 numbers, 5 to 1 s apart"},
		{Knobs{MinPause: "soon"}, "Counting, 10 to 20 numbers, pauses of soon to –"},
	}
	for _, tt := range tests {
		if got := tt.knobs.Sentence(); got != tt.want {
			t.Errorf("%+v: %q, want %q", tt.knobs, got, tt.want)
		}
	}
}
