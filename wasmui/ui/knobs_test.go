// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"encoding/json"
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestKnobsAsQueryAndJSON(t *testing.T) {
	t.Parallel()
	tests := []struct {
		knobs       Knobs
		query, json string
	}{
		{Knobs{}, "", "{}"},
		{Knobs{Count: "5"}, "count=5", `{"count":5}`},
		{Knobs{Count: " 5 "}, "count=5", `{"count":5}`},
		{Knobs{MinPause: "0", MaxPause: "0.25"}, "min_pause=0s&max_pause=0.25s", `{"min_pause":"0s","max_pause":"0.25s"}`},
		{
			Knobs{Sequence: RandomWalk, Endless: true, Count: "7", Seed: "9", Lower: "-1", Upper: "1e3"},
			"sequence=SEQUENCE_RANDOM_WALK&endless=true&seed=9&lower_bound=-1&upper_bound=1e3",
			`{"sequence":"SEQUENCE_RANDOM_WALK","endless":true,"seed":9,"lower_bound":-1,"upper_bound":1e3}`,
		},
		// Bounds that a person once set are not sent for a sequence that has none.
		{Knobs{Sequence: Primes, Lower: "2", Upper: "3"}, "sequence=SEQUENCE_PRIMES", `{"sequence":"SEQUENCE_PRIMES"}`},
		// What makes no sense goes out as it is: the server says what is wrong.
		{Knobs{Count: "a&b", MinPause: "soon"}, "count=a%26b&min_pause=soon", `{"count":"a\u0026b","min_pause":"soon"}`},
		{Knobs{Count: `"`}, "count=%22", `{"count":"\""}`},
		{Knobs{Count: "01"}, "count=01", `{"count":"01"}`},
	}
	for _, tt := range tests {
		if got := tt.knobs.Query(); got != tt.query {
			t.Errorf("%+v: Query() = %q, want %q", tt.knobs, got, tt.query)
		}
		got := tt.knobs.JSON()
		if got != tt.json {
			t.Errorf("%+v: JSON() = %s, want %s", tt.knobs, got, tt.json)
		}
		if !json.Valid([]byte(got)) {
			t.Errorf("%+v: JSON() = %s, which is no JSON", tt.knobs, got)
		}
	}
}

func TestParseKnobs(t *testing.T) {
	t.Parallel()
	tests := []struct {
		query string
		want  Knobs
	}{
		{"", Knobs{}},
		{"count=5&run=abc&utm_source=x", Knobs{Count: "5"}},
		{"sequence=primes&endless=1", Knobs{Sequence: Primes, Endless: true}},
		{"sequence=SEQUENCE_FIBONACCI", Knobs{Sequence: Fibonacci}},
		{"sequence=SEQUENCE_UNSPECIFIED", Knobs{}},
		{"sequence=99&endless=perhaps", Knobs{}},
		{"min_pause=0.2s&max_pause=3", Knobs{MinPause: "0.2", MaxPause: "3"}},
		{"min_pause=2m&max_pause=s", Knobs{MinPause: "2m", MaxPause: "s"}},
		{"count=%3Cscript%3E", Knobs{Count: "<script>"}},
	}
	for _, tt := range tests {
		q, err := url.ParseQuery(tt.query)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tt.want, ParseKnobs(q)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", tt.query, diff)
		}
	}
}

// What the page writes into its address it reads from there.
func FuzzKnobsComeBack(f *testing.F) {
	f.Add(uint8(3), "5", false, "0.1", "2", "7", "-1", "1")
	f.Add(uint8(4), "", true, "1s", "soon", "&=?#%", "1e400", "\x00")
	f.Add(uint8(0), " 5\u00a0", false, "Inf", "0x1p-2", "+1", "", "")
	f.Fuzz(func(t *testing.T, seq uint8, count string, endless bool, least, most, seed, lower, upper string) {
		k := Knobs{Sequence: Sequence(seq) % sequences, Count: count, Endless: endless, MinPause: least, MaxPause: most, Seed: seed, Lower: lower, Upper: upper}
		q, err := url.ParseQuery(k.Query())
		if err != nil {
			t.Fatalf("%q is no query: %v", k.Query(), err)
		}
		if got := ParseKnobs(q).Query(); got != k.Query() {
			t.Errorf("%q came back as %q", k.Query(), got)
		}
		if !json.Valid([]byte(k.JSON())) {
			t.Errorf("%s is no JSON", k.JSON())
		}
	})
}
