// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"strings"
	"testing"
)

func TestParseEventID(t *testing.T) {
	t.Parallel()
	const run = "abcdefghijklmnopqrstuv2345"
	for _, tt := range []struct {
		id string
		n  uint64
		ok bool
	}{
		{run + "-1", 1, true},
		{run + "-9999999999999999999", 9999999999999999999, true},
		{run + "-7-position", 7, true},
		{run + "-7-a-b_c", 7, true},
		{run + "-7-", 7, true},
		{"", 0, false},
		{"7", 0, false},
		{run, 0, false},
		{run + "-", 0, false},
		{run + "--1", 0, false},
		{run + "-0", 0, false},
		{run + "-01", 0, false},
		{run + "-+1", 0, false},
		{run + "-1x", 0, false},
		{run + "-10000000000000000000", 0, false},
		{run + "-10000000000000000000-p", 0, false},
		{run[1:] + "-1", 0, false},
		{run + "2-1", 0, false},
		{strings.ToUpper(run) + "-1", 0, false},
		{"0" + run[1:] + "-1", 0, false},
		{"8" + run[1:] + "-1", 0, false},
	} {
		gotRun, n, ok := parseEventID(tt.id)
		if n != tt.n && ok || ok != tt.ok || ok && gotRun != run {
			t.Errorf("parseEventID(%q) = %q, %d, %v; want %d, %v", tt.id, gotRun, n, ok, tt.n, tt.ok)
		}
	}
}

func TestValidRun(t *testing.T) {
	t.Parallel()
	for run, want := range map[string]bool{
		runA: true, "Az09-_": true, "": false, "a/b": false, "..": false, "a?b": false, "a#": false, "a b": false, "é": false,
		strings.Repeat("a", maxRunBytes): true, strings.Repeat("a", maxRunBytes+1): false,
	} {
		if got := validRun(run); got != want {
			t.Errorf("validRun(%q) = %v", run, got)
		}
	}
}
