// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"net/url"
	"strings"
	"testing"
)

func TestAddresses(t *testing.T) {
	t.Parallel()
	const run = "abcdefghijklmnopqrstuvwx23"
	tests := []struct{ got, want string }{
		{streamURL(Knobs{}), "/sse"},
		{streamURL(Knobs{Count: "5"}), "/sse?count=5"},
		{pageURL(Knobs{}, ""), "/"},
		{pageURL(Knobs{}, run), "/?run=" + run},
		{pageURL(Knobs{Count: "5"}, run), "/?count=5&run=" + run},
	}
	for _, tt := range tests {
		if tt.got != tt.want {
			t.Errorf("%q, want %q", tt.got, tt.want)
		}
	}
}

// A link comes from anybody, and the id in it becomes a part of an address.
func TestParseRunTakesIDsOnly(t *testing.T) {
	t.Parallel()
	tests := []struct{ run, want string }{
		{"", ""},
		{"abcdefghijklmnopqrstuvwx23", "abcdefghijklmnopqrstuvwx23"},
		{"A-b_9", "A-b_9"},
		{"../sse", ""},
		{"a/b", ""},
		{"a?b=c", ""},
		{"a b", ""},
		{"\u00e4", ""},
		{strings.Repeat("a", maxRunLen), strings.Repeat("a", maxRunLen)},
		{strings.Repeat("a", maxRunLen+1), ""},
	}
	for _, tt := range tests {
		if got := parseRun(url.Values{runField: {tt.run}}); got != tt.want {
			t.Errorf("run=%q: %q, want %q", tt.run, got, tt.want)
		}
	}
}
