// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// crowd is a number of readers, how often each of them gets a number, and how
// long they are listened to.
type crowd struct {
	readers     int
	pause, time time.Duration
}

// listening is how a contender's readers read: each calls age, from a goroutine
// of its own, for every number with how old it is, until ctx is done.
type listening struct {
	name string
	role string
	args []string
	read func(ctx context.Context, addr string, pause time.Duration, age func(time.Duration)) error
}

var latencyWays = []listening{
	{name: "grpc-go client", read: ageGRPC},
	{name: "Sluice", role: "bridge", read: ageSSE},
	{name: "Sluice, one run, to all at once", role: "bridge", args: []string{shared}, read: ageSSE},
}

// measureLatency measures how old a number is when its reader has it: from the
// backend's clock when it was made to the reader's when its bytes were there,
// which are one clock.
func measureLatency(ctx context.Context, s settings) (table, error) {
	rounds := s.fewRounds()
	span := 2500 * time.Millisecond
	if s.quick {
		span = time.Second
	}
	crowds := []crowd{{1, 4 * time.Millisecond, span}, {100, 50 * time.Millisecond, span}}
	t := table{How: fmt.Sprintf("a number every %v to 1 reader, or every %v to each of 100, for %v; %d rounds; age when its bytes are read",
		crowds[0].pause, crowds[1].pause, span, rounds)}
	for _, c := range crowds {
		ways := latencyWays
		if c.readers == 1 {
			ways = ways[:2] // who is alone shares with nobody
		}
		ages := make([][][]float64, len(ways)) // by way, by round
		for round := range rounds {
			for i, w := range ways {
				a, err := w.listen(ctx, c)
				if err != nil {
					return table{}, fmt.Errorf("%s, %d readers, round %d: %w", w.name, c.readers, round+1, err)
				}
				ages[i] = append(ages[i], a)
			}
		}
		t.Lines = append(t.Lines, latencyLines(c, ways, ages)...)
	}
	return t, nil
}

// latencyLines sums up each round of each way by its median and its slowest
// hundredth, and compares with the first way.
func latencyLines(c crowd, ways []listening, ages [][][]float64) []line {
	var lines []line
	for _, figure := range []struct {
		name string
		part float64
	}{{"p50", 0.5}, {"p99", 0.99}} {
		var direct []float64
		for i, w := range ways {
			values := make([]float64, len(ages[i]))
			for j, round := range ages[i] {
				values[j] = quantile(round, figure.part)
			}
			l := line{Who: fmt.Sprintf("%s at %d: %s", figure.name, c.readers, w.name), Unit: "µs", Values: values}
			if i == 0 {
				direct = values
			} else {
				l.Ratios = []ratio{{Of: "grpc-go", Values: ratios(values, direct)}}
			}
			lines = append(lines, l)
		}
	}
	return lines
}

// skippedAges is how many of a reader's first numbers do not count: the
// connection is new, and so is much of what they go through.
const skippedAges = 3

// listen has a crowd read for its time and returns all ages, in microseconds.
func (w listening) listen(ctx context.Context, c crowd) ([]float64, error) {
	backend, err := start(ctx, "backend")
	if err != nil {
		return nil, err
	}
	defer backend.stop()
	addr := backend.addr
	if w.role != "" {
		between, err := start(ctx, w.role, append([]string{addr}, w.args...)...)
		if err != nil {
			return nil, err
		}
		defer between.stop()
		addr = between.addr
	}
	// Not a deadline, which the backend would be told and might find passed
	// before this side does.
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	over := time.AfterFunc(c.time, cancel)
	defer over.Stop()
	var mu sync.Mutex
	var all []float64
	var errs []error
	var wg sync.WaitGroup
	for range c.readers {
		wg.Go(func() {
			var ages []float64
			err := w.read(ctx, addr, c.pause, func(d time.Duration) {
				ages = append(ages, float64(d.Nanoseconds())/1e3)
			})
			mu.Lock()
			defer mu.Unlock()
			if ctx.Err() == nil { // The end of the time is the only good end.
				errs = append(errs, fmt.Errorf("a reader stops: %w", err))
				cancel()
			}
			all = append(all, ages[min(skippedAges, len(ages)):]...)
		})
	}
	wg.Wait()
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	if len(all) < c.readers {
		return nil, fmt.Errorf("%d readers have got %d numbers in %v", c.readers, len(all), c.time)
	}
	return all, nil
}
