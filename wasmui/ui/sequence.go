// SPDX-License-Identifier: Apache-2.0

package ui

import "strings"

// Sequence is which numbers are asked for. The zero value is Counting, which is
// also what the server takes where nothing is said.
type Sequence uint8

// The sequences, in the order in which they are offered.
const (
	Counting Sequence = iota
	Primes
	Fibonacci
	RandomWalk
	Uniform
	Normal
	sequences // how many there are
)

// sequenceInfo is how a sequence is called by the service and by people.
type sequenceInfo struct {
	enum    string // the name in the proto file, without what all begin with
	label   string
	sample  string // what it looks like
	bounded bool   // whether bounds mean something
}

var sequenceInfos = [sequences]sequenceInfo{
	Counting:   {enum: "COUNTING", label: "Counting", sample: "1 2 3 4"},
	Primes:     {enum: "PRIMES", label: "Primes", sample: "2 3 5 7"},
	Fibonacci:  {enum: "FIBONACCI", label: "Fibonacci", sample: "1 1 2 3"},
	RandomWalk: {enum: "RANDOM_WALK", label: "Random walk", sample: "0.4 1.1 0.9", bounded: true},
	Uniform:    {enum: "UNIFORM", label: "Uniform", sample: "0.7 0.2 0.5", bounded: true},
	Normal:     {enum: "NORMAL", label: "Normal", sample: "−0.3 1.2 0.1", bounded: true},
}

const enumPrefix = "SEQUENCE_"

// Label is the name that people see.
func (s Sequence) Label() string { return sequenceInfos[s].label }

// Sample is a few numbers of the kind.
func (s Sequence) Sample() string { return sequenceInfos[s].sample }

// Bounded reports whether the sequence is drawn at random and may be bounded.
func (s Sequence) Bounded() bool { return sequenceInfos[s].bounded }

// enum is the name of the value in the proto file.
func (s Sequence) enum() string { return enumPrefix + sequenceInfos[s].enum }

// parseSequence takes a value's name, whole or without what all begin with, in
// any case. What it does not know is Counting.
func parseSequence(name string) Sequence {
	name = trim(name)
	for s := range sequences {
		if strings.EqualFold(name, s.enum()) || strings.EqualFold(name, sequenceInfos[s].enum) {
			return s
		}
	}
	return Counting
}
