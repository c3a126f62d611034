// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"time"
)

// contender is a function that does the same as others do.
type contender struct {
	name string
	do   func() error
}

// alternate lets contenders take turns and returns for each how long it took
// once, in nanoseconds, in each of the rounds. A turn is as many calls as take
// about the given time: long for the clock, and short beside what a machine
// that is busy otherwise gives at a time. Who begins changes from round to
// round, so that nobody always comes after the one who leaves most garbage.
func alternate(ctx context.Context, rounds int, turn time.Duration, contenders []contender) ([][]float64, error) {
	took := make([][]float64, len(contenders))
	calls := make([]int, len(contenders))
	for i, c := range contenders {
		for calls[i] = 1; ; calls[i] *= 2 {
			d, err := timed(c.do, calls[i])
			if err != nil {
				return nil, err
			}
			if d >= turn/2 {
				break
			}
		}
		took[i] = make([]float64, 0, rounds)
	}
	for round := range rounds {
		for k := range contenders {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			i := (round + k) % len(contenders)
			d, err := timed(contenders[i].do, calls[i])
			if err != nil {
				return nil, err
			}
			took[i] = append(took[i], float64(d.Nanoseconds())/float64(calls[i]))
		}
	}
	return took, nil
}

func timed(do func() error, calls int) (time.Duration, error) {
	begun := time.Now()
	for range calls {
		if err := do(); err != nil {
			return 0, err
		}
	}
	return time.Since(begun), nil
}
