// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"math"
	"testing"

	"sluice/wasmui/store"
)

func history(keep int, values ...float64) *store.History {
	h := store.New(keep)
	for i, v := range values {
		h.Append(store.Number{Position: uint32(i + 1), Value: v})
	}
	return h
}

func TestAppendNumbers(t *testing.T) {
	t.Parallel()
	h := history(0, 1, 2.5, -3, 10000)
	marks := []mark{{before: 0}, {before: 2, gap: true, first: 5}, {before: 2}, {before: 9}}
	tests := []struct {
		from, to uint64
		want     string
	}{
		{0, 0, ""},
		{1, 2, `<span data-position="2">2.5000</span> `},
		{0, 1, `<span class="mark">resumed</span> <span data-position="1">1</span> `},
		{
			2, 4,
			`<span class="mark">gap: goes on at event 5</span> <span class="mark">resumed</span> ` +
				"<span data-position=\"3\">\u22123</span> <span data-position=\"4\">10\u202f000</span> ",
		},
	}
	for _, tt := range tests {
		if got := string(appendNumbers(nil, h, marks, tt.from, tt.to, false)); got != tt.want {
			t.Errorf("%d to %d:\n%s, want\n%s", tt.from, tt.to, got, tt.want)
		}
	}
}

func TestAppendNumbersLeavesOutWhatIsGone(t *testing.T) {
	t.Parallel()
	h := history(2, 1, 2, 3)
	want := `<span data-position="2">2</span> <span data-position="3">3</span> `
	if got := string(appendNumbers(nil, h, nil, 0, 3, false)); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestAppendNumbersMarksFreshOnes(t *testing.T) {
	t.Parallel()
	want := `<span class="fresh" data-position="1">7</span> `
	if got := string(appendNumbers(nil, history(0, 7), nil, 0, 1, true)); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// A value is written without escaping, so none may hold what HTML would take for
// its own.
func TestValuesAreNoMarkup(t *testing.T) {
	t.Parallel()
	for _, v := range []float64{0, math.Copysign(0, -1), 1e-300, -1e300, math.Pi, math.MaxFloat64, math.NaN(), math.Inf(1), math.Inf(-1)} {
		for _, c := range store.FormatValue(v) {
			if c == '<' || c == '>' || c == '&' || c == '"' {
				t.Errorf("%v is written %q", v, store.FormatValue(v))
			}
		}
	}
}
