// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// warmViewers come and go before memory is measured for the first time, so that
// what is made once is there.
const warmViewers = 16

// footprint is what one viewer more costs a process, in bytes: of the memory
// that the system gives it, and of what Go's heap and stacks have of that.
type footprint struct{ resident, heap float64 }

// measureMemory measures what viewers of quiet streams cost: each has got one
// event and waits for the next. What the kernel takes for their connections is
// the same for all, and not in it.
func measureMemory(ctx context.Context, s settings) (table, error) {
	rounds := s.fewRounds()
	contenders := []struct {
		name string
		role string
		args []string
	}{
		{"net/http handler, one event and wait", "bare", nil},
		{"Sluice, a run and an RPC for each", "bridge", nil},
		{"Sluice, all on one run", "bridge", []string{shared}},
	}
	found := make([][]footprint, len(contenders))
	for round := range rounds {
		for i, c := range contenders {
			f, err := weigh(ctx, s.viewers, c.role, c.args...)
			if err != nil {
				return table{}, fmt.Errorf("%s, round %d: %w", c.name, round+1, err)
			}
			found[i] = append(found[i], f)
		}
	}
	column := func(i int, value func(footprint) float64) []float64 {
		var values []float64
		for _, f := range found[i] {
			values = append(values, value(f)/1e3)
		}
		return values
	}
	t := table{How: fmt.Sprintf("%d viewers over HTTP/1.1 that have read one event and wait; memory of the process after collection, less what it had before them; %d rounds", s.viewers, rounds)}
	for _, figure := range []struct {
		name  string
		value func(footprint) float64
	}{
		{"", func(f footprint) float64 { return f.resident }},
		{": Go's heap and stacks", func(f footprint) float64 { return f.heap }},
	} {
		bare := column(0, figure.value)
		for i, c := range contenders {
			l := line{Who: c.name + figure.name, Unit: "kB/viewer", Values: column(i, figure.value)}
			if i > 0 {
				l.Ratios = []ratio{{Of: "net/http", Values: ratios(l.Values, bare)}}
			}
			t.Lines = append(t.Lines, l)
		}
	}
	return t, nil
}

// weigh starts a process in a role, gives it viewers, and returns what each of
// them costs it.
func weigh(ctx context.Context, viewers int, role string, args ...string) (footprint, error) {
	if role == "bridge" {
		backend, err := start(ctx, "quiet")
		if err != nil {
			return footprint{}, err
		}
		defer backend.stop()
		args = append([]string{backend.addr}, args...)
	}
	p, err := start(ctx, role, args...)
	if err != nil {
		return footprint{}, err
	}
	defer p.stop()

	// Their runs linger, and are a part of what there was before.
	warm, err := openViewers(ctx, p.addr, warmViewers)
	if err != nil {
		return footprint{}, err
	}
	warm.close()
	idle, err := settled(ctx, p)
	if err != nil {
		return footprint{}, err
	}
	crowd, err := openViewers(ctx, p.addr, viewers)
	if err != nil {
		return footprint{}, err
	}
	defer crowd.close()
	full, err := settled(ctx, p)
	if err != nil {
		return footprint{}, err
	}
	n := float64(viewers)
	return footprint{(full.resident - idle.resident) / n, (full.heap - idle.heap) / n}, nil
}

// Memory has settled when two looks at it, a pause apart, differ by little.
const (
	settlePause = 200 * time.Millisecond
	settleLooks = 25
	settledPart = 0.005
)

// settled has a process give back what it does not use, until there is no more
// of that, and returns what it has then.
func settled(ctx context.Context, p *process) (footprint, error) {
	var last footprint
	for range settleLooks {
		a, err := p.tell(order{Do: doSettle})
		if err != nil {
			return footprint{}, err
		}
		resident, err := p.resident()
		if err != nil {
			return footprint{}, err
		}
		now := footprint{resident, float64(a.Go)}
		if d := now.resident - last.resident; d < settledPart*now.resident && d > -settledPart*now.resident {
			return now, nil
		}
		last = now
		select {
		case <-time.After(settlePause):
		case <-ctx.Done():
			return footprint{}, ctx.Err()
		}
	}
	return footprint{}, errors.New("its memory does not settle")
}
