// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"
)

// What is promised of the bridge: how many times the events per second of a
// peer it carries.
const (
	promisedOfDirect  = 0.8
	promisedOfGateway = 6
)

// warmUpPart says which part of a stream's length is read before it: a tenth.
const warmUpPart = 10

// gatewayPart is about how many times slower the gateway is.
const gatewayPart = 8

// Where the bridge and the gateway serve the numbers.
const (
	streamPath  = "/sse"
	gatewayPath = "/v1/numbers"
)

// way is a way by which a stream reaches its reader.
type way struct {
	name string
	// role is that of the process between backend and reader, empty for none.
	role string
	// part is how much shorter its streams are, so that who is slow does not
	// take most of the time, in which the machine may change.
	part int
	// read reads a stream of so many numbers and drops it. It fails where
	// there are not as many.
	read func(ctx context.Context, addr string, count int) error
}

// turn is what a contender's turn gives. Processor times are in microseconds
// for a number.
type turn struct {
	events, allCPU, ownCPU float64
}

// measureStream measures a stream that goes as fast as it can.
func measureStream(ctx context.Context, s settings) (table, error) {
	ways := []way{
		{name: "grpc-go client, generated code", part: 1, read: readGRPC},
		{name: "Sluice, SSE", role: "bridge", part: 1, read: readSSE(streamPath)},
		{name: "grpc-gateway v2, generated code", role: "gateway", part: gatewayPart, read: readLines(gatewayPath)},
	}
	turns := make([][]turn, len(ways))
	for round := range s.rounds {
		for k := range ways {
			// Who begins changes, so that nobody always has the machine as the same
			// other one leaves it.
			i := (round + k) % len(ways)
			w := ways[i]
			t, err := w.takeTurn(ctx, s, round)
			if err != nil {
				return table{}, fmt.Errorf("%s, round %d: %w", w.name, round+1, err)
			}
			turns[i] = append(turns[i], t)
		}
	}
	column := func(i int, value func(turn) float64) []float64 {
		values := make([]float64, len(turns[i]))
		for j, t := range turns[i] {
			values[j] = value(t)
		}
		return values
	}
	speed := func(i int) []float64 { return column(i, func(t turn) float64 { return t.events }) }
	all := func(i int) []float64 { return column(i, func(t turn) float64 { return t.allCPU }) }
	own := func(i int) []float64 { return column(i, func(t turn) float64 { return t.ownCPU }) }
	const direct, bridge, gateway = 0, 1, 2
	return table{
		How: fmt.Sprintf("%d numbers without pauses, %d through the gateway; backend, what is between, and reader are processes; %d rounds",
			s.numbers, s.numbers/gatewayPart, s.rounds),
		Lines: []line{
			{Who: ways[direct].name, Unit: "events/s", Values: speed(direct)},
			{Who: ways[bridge].name, Unit: "events/s", Values: speed(bridge), Ratios: []ratio{
				{Of: "grpc-go", Values: ratios(speed(bridge), speed(direct)), AtLeast: promisedOfDirect},
				{Of: "grpc-gateway", Values: ratios(speed(bridge), speed(gateway)), AtLeast: promisedOfGateway},
			}},
			{Who: ways[gateway].name, Unit: "events/s", Values: speed(gateway), Ratios: []ratio{
				{Of: "grpc-go", Values: ratios(speed(gateway), speed(direct))},
			}},
			{Who: "CPU of all processes, grpc-go", Unit: "µs/event", Values: all(direct)},
			{Who: "CPU of all processes, Sluice", Unit: "µs/event", Values: all(bridge), Ratios: []ratio{
				{Of: "grpc-go", Values: ratios(all(bridge), all(direct))},
			}},
			{Who: "CPU of all processes, grpc-gateway", Unit: "µs/event", Values: all(gateway), Ratios: []ratio{
				{Of: "grpc-go", Values: ratios(all(gateway), all(direct))},
			}},
			{Who: "CPU of the bridge alone", Unit: "µs/event", Values: own(bridge)},
			{Who: "CPU of the gateway alone", Unit: "µs/event", Values: own(gateway), Ratios: []ratio{
				{Of: "the bridge", Values: ratios(own(gateway), own(bridge))},
			}},
		},
	}, nil
}

// takeTurn reads one stream, with processes of its own on the way.
func (w way) takeTurn(ctx context.Context, s settings, round int) (turn, error) {
	backend, err := start(ctx, "backend")
	if err != nil {
		return turn{}, err
	}
	defer backend.stop()
	numbers := max(1, s.numbers/w.part)
	addr, between := backend.addr, (*process)(nil)
	if w.role != "" {
		if between, err = start(ctx, w.role, backend.addr); err != nil {
			return turn{}, err
		}
		defer between.stop()
		addr = between.addr
	}
	if err := w.read(ctx, addr, max(1, numbers/warmUpPart)); err != nil {
		return turn{}, err
	}
	runtime.GC() // so that no contender pays for another
	if w.role == "bridge" && s.profiles != "" {
		finish, err := profile(between, s.profiles, round)
		if err != nil {
			return turn{}, err
		}
		defer finish()
	}
	before, err := cpuOf(backend, between)
	if err != nil {
		return turn{}, err
	}
	begun := time.Now()
	if err := w.read(ctx, addr, numbers); err != nil {
		return turn{}, err
	}
	took := time.Since(begun)
	after, err := cpuOf(backend, between)
	if err != nil {
		return turn{}, err
	}
	perEvent := func(i int) float64 {
		return float64((after[i] - before[i]).Nanoseconds()) / 1e3 / float64(numbers)
	}
	return turn{
		events: float64(numbers) / took.Seconds(),
		allCPU: perEvent(0) + perEvent(1) + perEvent(2),
		ownCPU: perEvent(2),
	}, nil
}

// cpuOf returns the processor times of this process, which is the reader's, of
// the backend, and of what is between if there is anything.
func cpuOf(backend, between *process) (times [3]time.Duration, err error) {
	times[0] = ownCPU()
	if times[1], err = backend.cpu(); err != nil || between == nil {
		return times, err
	}
	times[2], err = between.cpu()
	return times, err
}

// profile begins a CPU profile of a process and returns what finishes it.
func profile(p *process, folder string, round int) (finish func(), err error) {
	folder, err = filepath.Abs(folder)
	if err == nil {
		err = os.MkdirAll(folder, 0o755)
	}
	if err != nil {
		return nil, err
	}
	file := filepath.Join(folder, fmt.Sprintf("bridge-%d.pprof", round+1))
	if _, err := p.tell(order{Do: doProfile, File: file}); err != nil {
		return nil, err
	}
	return func() {
		if _, err := p.tell(order{Do: doFinish}); err != nil {
			fmt.Fprintln(os.Stderr, "bench: no profile:", err)
		}
	}, nil
}
