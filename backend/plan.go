// SPDX-License-Identifier: Apache-2.0

package backend

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	numbersv1 "sluice/proto/gen/sluice/numbers/v1"
)

const (
	// MaxPause is the longest pause that a request may ask for.
	MaxPause = time.Hour
	// DefaultMinPause is the shortest pause where a request says nothing.
	DefaultMinPause = 100 * time.Millisecond
	// DefaultMaxPause is the longest pause where a request says nothing.
	DefaultMaxPause = time.Second

	// MinDefaultCount and MaxDefaultCount are the fewest and the most numbers
	// that a request gets which says neither how many nor that it wants no end.
	MinDefaultCount = 10
	MaxDefaultCount = 20
)

// pauseUnit is what pauses are held to: MaxPause is then a 32-bit number. A
// finer one is rounded up, so that no pause becomes none.
const pauseUnit = time.Microsecond

// plan is a valid request with every default filled in: all that there is to
// know of a stream beside how far it has come. Plans are equal (==) when their
// streams are.
type plan struct {
	sequence numbersv1.Sequence // one of kinds
	count    uint32             // 0 for endless
	seed     uint32             // not 0
	minPause uint32             // in pauseUnit
	maxPause uint32             // in pauseUnit
	lower    float64            // -Inf where there is none, 0 where the sequence takes none
	upper    float64            // +Inf where there is none, 0 where the sequence takes none
}

// newPlan reads a request, all but its resume_token. A seed of 0 is replaced by
// the one given. Where the request has faults, the plan is of no use.
func newPlan(req *numbersv1.GenerateRequest, seed uint32) (plan, violations) {
	var faults violations
	p := plan{sequence: req.GetSequence(), count: req.GetCount(), seed: req.GetSeed()}
	if p.seed == 0 {
		p.seed = seed
	}
	switch {
	case req.GetEndless() && p.count != 0:
		faults.add("count", "must be 0, or left out, when `endless` is set")
	case !req.GetEndless() && p.count == 0:
		p.count = defaultCount(p.seed)
	}
	p.minPause, p.maxPause = readPauses(req, &faults)
	if p.sequence == numbersv1.Sequence_SEQUENCE_UNSPECIFIED {
		p.sequence = numbersv1.Sequence_SEQUENCE_COUNTING
	}
	if _, ok := kinds[p.sequence]; !ok {
		faults.add("sequence", "must be one of "+sequenceNames())
		return p, faults
	}
	p.lower, p.upper = readBounds(req, p.sequence, &faults)
	return p, faults
}

// request returns a request for the plan's stream from its start, in which
// nothing is left to a default.
func (p plan) request() *numbersv1.GenerateRequest {
	req := &numbersv1.GenerateRequest{
		Sequence: p.sequence,
		Count:    p.count,
		Endless:  p.count == 0,
		Seed:     p.seed,
		MinPause: durationpb.New(time.Duration(p.minPause) * pauseUnit),
		MaxPause: durationpb.New(time.Duration(p.maxPause) * pauseUnit),
	}
	if kinds[p.sequence].bounded {
		if !math.IsInf(p.lower, -1) {
			req.LowerBound = proto.Float64(p.lower)
		}
		if !math.IsInf(p.upper, 1) {
			req.UpperBound = proto.Float64(p.upper)
		}
	}
	return req
}

// valid says whether a plan that came from outside is one that newPlan gives.
func (p plan) valid() bool {
	again, faults := newPlan(p.request(), 0)
	return len(faults) == 0 && again == p && p.seed != 0
}

// done says whether a stream that has come this far has come to its end.
func (p plan) done(at place) bool { return p.count != 0 && at.position >= p.count }

// pause is how long to wait before the number at a position.
func (p plan) pause(position uint32) time.Duration {
	pause := uint64(p.minPause)
	if p.maxPause > p.minPause {
		s := sourceAt(p.seed, purposePause, position)
		pause += s.below(uint64(p.maxPause) - pause + 1)
	}
	return time.Duration(pause) * pauseUnit
}

func defaultCount(seed uint32) uint32 {
	s := sourceAt(seed, purposeCount, 0)
	return MinDefaultCount + uint32(s.below(MaxDefaultCount-MinDefaultCount+1))
}

func readPauses(req *numbersv1.GenerateRequest, faults *violations) (shortest, longest uint32) {
	minPause, minOK := readPause("min_pause", req.GetMinPause(), faults)
	maxPause, maxOK := readPause("max_pause", req.GetMaxPause(), faults)
	if !minOK || !maxOK {
		return 0, 0
	}
	switch {
	case req.GetMinPause() == nil && req.GetMaxPause() == nil:
		minPause, maxPause = DefaultMinPause, DefaultMaxPause
	case req.GetMinPause() == nil:
		minPause = min(DefaultMinPause, maxPause)
	case req.GetMaxPause() == nil:
		maxPause = max(DefaultMaxPause, minPause)
	case minPause > maxPause:
		faults.add("max_pause", fmt.Sprintf("must be from `min_pause`, which is %s, to %s", inSeconds(minPause), inSeconds(MaxPause)))
	}
	return uint32(minPause / pauseUnit), uint32(maxPause / pauseUnit)
}

// readPause returns a pause as a multiple of pauseUnit.
func readPause(field string, d *durationpb.Duration, faults *violations) (pause time.Duration, ok bool) {
	// Validity first: AsDuration would turn what overflows into the greatest
	// duration, and take a sign that is the seconds' in one and not the other.
	if d != nil && (d.CheckValid() != nil || d.AsDuration() < 0 || d.AsDuration() > MaxPause) {
		faults.add(field, fmt.Sprintf("must be a duration from 0s to %s", inSeconds(MaxPause)))
		return 0, false
	}
	return (d.AsDuration() + pauseUnit - 1).Truncate(pauseUnit), true
}

// inSeconds writes a duration as a request may hold it, in ProtoJSON: as 3600s,
// where Go has 1h0m0s.
func inSeconds(d time.Duration) string {
	return strconv.FormatFloat(d.Seconds(), 'f', -1, 64) + "s"
}

// readBounds returns the bounds for a sequence.
func readBounds(req *numbersv1.GenerateRequest, sequence numbersv1.Sequence, faults *violations) (lower, upper float64) {
	before := len(*faults)
	readBound("lower_bound", req.LowerBound, sequence, faults)
	readBound("upper_bound", req.UpperBound, sequence, faults)
	if !kinds[sequence].bounded || len(*faults) > before {
		return 0, 0
	}
	lower, upper = math.Inf(-1), math.Inf(1)
	if sequence == numbersv1.Sequence_SEQUENCE_UNIFORM {
		lower, upper = uniformDefaults(req)
	}
	if req.LowerBound != nil {
		lower = req.GetLowerBound()
	}
	if req.UpperBound != nil {
		upper = req.GetUpperBound()
	}
	if fault := boundsFault(sequence, lower, upper); fault != "" {
		faults.add("upper_bound", fault)
	}
	return lower, upper
}

// uniformDefaults returns the bounds that stand where a request sets none: 0
// and 1, unless the one that it does set is on the wrong side of them.
func uniformDefaults(req *numbersv1.GenerateRequest) (lower, upper float64) {
	lower, upper = 0, 1
	if req.UpperBound != nil && req.GetUpperBound() <= lower {
		lower = req.GetUpperBound() - 1
	}
	if req.LowerBound != nil && req.GetLowerBound() >= upper {
		upper = req.GetLowerBound() + 1
	}
	return lower, upper
}

// readBound looks for what is wrong with one bound alone.
func readBound(field string, bound *float64, sequence numbersv1.Sequence, faults *violations) {
	switch {
	case bound == nil:
	case !kinds[sequence].bounded:
		faults.add(field, fmt.Sprintf("must be left out for %v, which has no bounds", sequence))
	case math.IsNaN(*bound) || math.IsInf(*bound, 0):
		faults.add(field, "must be a finite number")
	case sequence == numbersv1.Sequence_SEQUENCE_RANDOM_WALK && math.Abs(*bound) > walkReach:
		faults.add(field, fmt.Sprintf("must be from %g to %g for %v", -walkReach, walkReach, sequence))
	case sequence == numbersv1.Sequence_SEQUENCE_NORMAL && field == "lower_bound" && *bound > normalReach:
		faults.add(field, fmt.Sprintf("must be at most %g for %v, whose numbers are seldom greater", normalReach, sequence))
	case sequence == numbersv1.Sequence_SEQUENCE_NORMAL && field == "upper_bound" && *bound < -normalReach:
		faults.add(field, fmt.Sprintf("must be at least %g for %v, whose numbers are seldom less", -normalReach, sequence))
	}
}

// boundsFault says what is wrong with two bounds that are each well.
func boundsFault(sequence numbersv1.Sequence, lower, upper float64) string {
	if lower >= upper {
		return fmt.Sprintf("must be greater than `lower_bound`, which is %g", lower)
	}
	switch sequence {
	case numbersv1.Sequence_SEQUENCE_NORMAL:
		if upper-lower < normalWidth {
			return fmt.Sprintf("must be at least %g above `lower_bound`, which is %g, for %v", normalWidth, lower, sequence)
		}
	case numbersv1.Sequence_SEQUENCE_RANDOM_WALK:
		if least, greatest := walkRange(lower, upper); least >= greatest {
			return fmt.Sprintf("must be at least %g above `lower_bound`, which is %g, for %v", 2.0/walkUnits, lower, sequence)
		}
	}
	return ""
}

// sequenceNames lists what a request may ask for, in the order of the enum.
func sequenceNames() string {
	numbers := []numbersv1.Sequence{numbersv1.Sequence_SEQUENCE_UNSPECIFIED}
	for sequence := range kinds {
		numbers = append(numbers, sequence)
	}
	slices.Sort(numbers)
	names := make([]string, len(numbers))
	for i, sequence := range numbers {
		names[i] = sequence.String()
	}
	return strings.Join(names, ", ")
}
