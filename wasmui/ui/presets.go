// SPDX-License-Identifier: Apache-2.0

package ui

// preset is a request worth trying.
type preset struct {
	label string
	knobs Knobs
}

// presets are offered on the empty page, the most telling first.
var presets = []preset{
	{"As an assistant types", Knobs{Count: "120", MinPause: "0.02", MaxPause: "0.25"}},
	{"A walk without end", Knobs{Sequence: RandomWalk, Endless: true, MinPause: "0.05", MaxPause: "0.15"}},
	{"A bell, drawn number by number", Knobs{Sequence: Normal, Count: "2000", MinPause: "0", MaxPause: "0.01"}},
	{"100,000 at full speed", Knobs{Count: "100000", MinPause: "0", MaxPause: "0"}},
}
