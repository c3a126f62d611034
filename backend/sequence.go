// SPDX-License-Identifier: Apache-2.0

package backend

import (
	"fmt"

	numbersv1 "sluice/proto/gen/sluice/numbers/v1"
)

// sequence makes the numbers of one stream, one after another.
type sequence interface {
	// next returns the number at position, which is the one after that it was
	// last asked for, or at which it was made to go on. It returns false when
	// the sequence has no such number.
	next(position uint32) (value float64, ok bool)

	// state is what, beside the plan and the position, has to be known to go
	// on after the number last returned: at most 48 bits, as a signed integer.
	// It is 0 for a sequence that needs nothing.
	state() int64
}

// kind is what the rest of the package has to know of a sequence.
type kind struct {
	// bounded says whether requests may set bounds for it.
	bounded bool
	// stateful says whether tokens carry its state.
	stateful bool
}

// kinds holds every sequence there is. SEQUENCE_UNSPECIFIED is not one: a plan
// never has it.
var kinds = map[numbersv1.Sequence]kind{
	numbersv1.Sequence_SEQUENCE_COUNTING:    {},
	numbersv1.Sequence_SEQUENCE_UNIFORM:     {bounded: true},
	numbersv1.Sequence_SEQUENCE_NORMAL:      {bounded: true},
	numbersv1.Sequence_SEQUENCE_RANDOM_WALK: {bounded: true, stateful: true},
	numbersv1.Sequence_SEQUENCE_PRIMES:      {stateful: true},
	numbersv1.Sequence_SEQUENCE_FIBONACCI:   {},
}

// place is how far a stream has come: the position of its last number, 0
// before the first, and the state of its sequence there.
type place struct {
	position uint32
	state    int64
}

// newSequence returns the sequence that goes on after a place in a plan.
func newSequence(p plan, at place) sequence {
	switch p.sequence {
	case numbersv1.Sequence_SEQUENCE_COUNTING:
		return counting{}
	case numbersv1.Sequence_SEQUENCE_UNIFORM:
		return uniform{seed: p.seed, lower: p.lower, upper: p.upper}
	case numbersv1.Sequence_SEQUENCE_NORMAL:
		return normal{seed: p.seed, lower: p.lower, upper: p.upper}
	case numbersv1.Sequence_SEQUENCE_RANDOM_WALK:
		return newWalk(p, at)
	case numbersv1.Sequence_SEQUENCE_PRIMES:
		return &primes{last: uint64(at.state)}
	case numbersv1.Sequence_SEQUENCE_FIBONACCI:
		return newFibonacci(at)
	}
	panic(fmt.Sprintf("backend: a plan with sequence %v, which is not in kinds", p.sequence))
}

// firstState is the state of a sequence before its first number.
func firstState(p plan) int64 {
	if p.sequence == numbersv1.Sequence_SEQUENCE_RANDOM_WALK {
		return walkStart(walkRange(p.lower, p.upper))
	}
	return 0
}

// validState says whether a stream of the plan may stand at the place. It
// takes no longer however far the place is: what is held in a token need not
// be what a stream gave out, but it has to be what the sequence can go on from.
func validState(p plan, at place) bool {
	switch p.sequence {
	case numbersv1.Sequence_SEQUENCE_RANDOM_WALK:
		return validWalk(p, at)
	case numbersv1.Sequence_SEQUENCE_PRIMES:
		return at.state > 0 && at.state < primeLimit && isPrime(uint64(at.state))
	case numbersv1.Sequence_SEQUENCE_FIBONACCI:
		return at.position <= fibonacciLast
	}
	return true
}

// counting is 1, 2, 3 and so on.
type counting struct{}

func (counting) next(position uint32) (float64, bool) { return float64(position), true }
func (counting) state() int64                         { return 0 }

// uniform draws evenly between two bounds.
type uniform struct {
	seed         uint32
	lower, upper float64
}

func (u uniform) next(position uint32) (float64, bool) {
	s := sourceAt(u.seed, purposeValue, position)
	x := s.unit()
	// A weighted mean of the bounds, since their difference may be more than a
	// double holds. The conversions are there for the same reason as fraction's;
	// the two comparisons undo what rounding may take past a bound.
	value := float64(u.lower*(1-x)) + float64(u.upper*x)
	return min(max(value, u.lower), u.upper), true
}

func (uniform) state() int64 { return 0 }

// Bounds between which fewer than 1 in 60 draws from the normal distribution
// would fall are refused: a number then takes no more than a few microseconds
// to draw, and drawing again ends. See normalDraws.
const (
	normalReach = 2.0 // the lower bound is at most this, the upper at least its negative
	normalWidth = 0.5 // the bounds are at least this far apart
)

// normalDraws is how often a normal number is drawn before the bound nearest
// to the last draw is given instead. At the narrowest bounds there may be, that
// comes to pass once in 10^29 numbers.
const normalDraws = 4096

// normal draws from the normal distribution, again where a bound is passed.
type normal struct {
	seed         uint32
	lower, upper float64
}

func (n normal) next(position uint32) (float64, bool) {
	s := sourceAt(n.seed, purposeValue, position)
	value := s.normal()
	for range normalDraws - 1 {
		if value >= n.lower && value <= n.upper {
			break
		}
		value = s.normal()
	}
	return min(max(value, n.lower), n.upper), true
}

func (normal) state() int64 { return 0 }

// primes is 2, 3, 5, 7, 11 and so on.
type primes struct{ last uint64 }

func (p *primes) next(uint32) (float64, bool) {
	p.last = nextPrime(p.last)
	return float64(p.last), true
}

func (p *primes) state() int64 { return int64(p.last) }

// fibonacciLast is the position of the greatest Fibonacci number below 2^53,
// up to which a double holds every integer.
const fibonacciLast = 78

// fibonacci is 1, 1, 2, 3, 5, 8 and so on, up to the fibonacciLast-th.
type fibonacci struct{ current, following uint64 }

func newFibonacci(at place) *fibonacci {
	f := &fibonacci{current: 0, following: 1}
	for range at.position {
		f.step()
	}
	return f
}

func (f *fibonacci) step() { f.current, f.following = f.following, f.current+f.following }

func (f *fibonacci) next(position uint32) (float64, bool) {
	if position > fibonacciLast {
		return 0, false
	}
	f.step()
	return float64(f.current), true
}

func (*fibonacci) state() int64 { return 0 }
