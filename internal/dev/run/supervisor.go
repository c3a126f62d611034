// SPDX-License-Identifier: Apache-2.0

//go:build unix

package main

import (
	"context"
	"os"
	"sync"
	"syscall"
	"time"
)

// exitInterrupted is how a shell reports a program that an interrupt ended.
const exitInterrupted = 128 + int(syscall.SIGINT)

// A supervisor runs programs that belong together: they start together, and
// when one ends the others are stopped.
type supervisor struct {
	// stop asks for an orderly stop; asked again, the programs are killed.
	stop <-chan os.Signal
	// leaving is closed when whoever would ask is gone or waits for the end:
	// a reason to stop, and none to hurry. Nil is never.
	leaving <-chan struct{}
	// echo is how soon a further request is taken for the same one told twice:
	// a SIGTERM to the process group also comes from make, which passes its own on.
	echo time.Duration
	// grace is how long an orderly stop may take before the programs are killed.
	grace time.Duration
	// say tells the person at the terminal what happens.
	say func(format string, args ...any)
}

// ended is the news that a program has ended.
type ended struct {
	p    *process
	code int
	how  string
}

// run starts the programs in order, calls announce on a goroutine of its own,
// and returns when every program has ended and announce has returned. The
// context of announce ends with the first program, or when a stop is asked for.
//
// The result is 0 after a stop that was asked for and went well, 130 when the
// programs had to be killed because it was asked for again, else the exit code
// of the program that failed first (1 where that was 0: it was not asked to end).
func (s *supervisor) run(programs []program, announce func(context.Context)) int {
	var (
		running  = map[*process]bool{}
		news     = make(chan ended, len(programs))
		code     int
		stopping bool
		stopped  time.Time // when stopping began
		overdue  <-chan time.Time
		leaving  = s.leaving
	)
	signalAll := func(sig syscall.Signal) {
		for p := range running {
			p.signal(sig)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	var announcing sync.WaitGroup
	beginStop := func() {
		stopping, stopped = true, time.Now()
		cancel()
		overdue = time.After(s.grace)
		signalAll(syscall.SIGINT)
	}
	defer announcing.Wait()
	defer cancel()

	for _, program := range programs {
		p, err := start(program)
		if err != nil {
			s.say("run: %s did not start: %v", program.name, err)
			code = 1
			beginStop()
			break
		}
		running[p] = true
		go func() {
			code, how := p.wait()
			news <- ended{p, code, how}
		}()
	}
	if !stopping {
		announcing.Go(func() { announce(ctx) })
	}

	for len(running) > 0 {
		select {
		case <-s.stop:
			switch {
			case !stopping:
				s.say("run: stopping; interrupt again to kill")
				beginStop()
			case time.Since(stopped) >= s.echo:
				s.say("run: killing what still runs")
				code = exitInterrupted
				signalAll(syscall.SIGKILL)
			}

		case <-leaving:
			leaving = nil
			if !stopping {
				s.say("run: stopping with the process that started it")
				beginStop()
			}

		case e := <-news:
			delete(running, e.p)
			switch {
			case !stopping:
				s.say("run: %s ended by itself (%s)", e.p.name, e.how)
				code = max(e.code, 1)
				beginStop()
			case e.code == exitInterrupted:
				// It had not come so far as to handle the interrupt itself.
			case e.code != 0 && code == 0:
				s.say("run: %s did not stop cleanly (%s)", e.p.name, e.how)
				code = e.code
			}

		case <-overdue:
			overdue = nil
			s.say("run: not stopped after %v; killing what still runs", s.grace)
			code = max(code, 1)
			signalAll(syscall.SIGKILL)
		}
	}
	return code
}
