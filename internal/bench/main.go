// SPDX-License-Identifier: Apache-2.0

// Command bench measures Sluice against its peers, in one run on one machine:
// contenders take turns, so that what else the machine does hits all of them,
// and each figure stands beside its ratio to a peer's, which is what holds on
// other machines, too.
//
//	go run .                  # everything, some minutes
//	go run . -quick           # everything, rougher, in under a minute
//	go run . -only stream,sse
//	go run . -check           # fail where a promised ratio is missed, as make bench does
//
// Backend, bridge and gateway are processes of their own, as they are where
// they are used; the program starts itself again for each. They listen on free
// loopback ports. It is a module of its own, so that what only the peers need
// is not needed by Sluice.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
)

// measurement is one thing that is measured.
type measurement struct {
	name  string
	about string
	run   func(context.Context, settings) (table, error)
}

// measurements is what there is, in the order in which it is run.
var measurements = []measurement{
	{"stream", "one stream as fast as it goes, to a reader that drops it", measureStream},
	{"memory", "what one more viewer of a quiet stream costs", measureMemory},
	{"latency", "how old a number is when its reader has it", measureLatency},
	{"transcode", "from protobuf's wire to JSON", measureTranscode},
	{"sse", "reading an event stream", measureSSE},
}

// settings say how much is done. All of it comes from the command line.
type settings struct {
	quick    bool
	rounds   int // of stream, and fewRounds of what takes its time
	numbers  int // a stream has in stream
	viewers  int // there are in memory
	profiles string
	verbose  bool
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if len(os.Args) > 1 && os.Args[1] == roleArgument {
		if err := play(ctx, os.Args[2:], os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			os.Exit(1)
		}
		return
	}
	switch err := program(ctx, os.Args[1:], os.Stdout, os.Stderr); {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// program is the program without the process around it.
func program(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	var s settings
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.BoolVar(&s.quick, "quick", false, "less of everything, in under a minute")
	flags.IntVar(&s.rounds, "rounds", 0, "how often each contender has its turn in stream, and in memory and latency a quarter of that (default 11, with -quick 5)")
	flags.IntVar(&s.numbers, "numbers", 0, "how many numbers a stream has (default 300000, with -quick 60000)")
	flags.IntVar(&s.viewers, "viewers", 0, "how many viewers cost memory (default 5000, with -quick 1000)")
	flags.StringVar(&s.profiles, "cpuprofile", "", "write a CPU profile of the bridge for each of its rounds in stream to this `folder`")
	flags.BoolVar(&s.verbose, "v", false, "show every message of the corpus")
	only := flags.String("only", "", "measure no more than these, a `list` with commas of "+names())
	asJSON := flags.Bool("json", false, "print JSON, with the value of every round")
	check := flags.Bool("check", false, "fail where a promised ratio is missed")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("%q is not asked for: there are only flags", flags.Arg(0))
	}
	s.fill()
	chosen, err := choose(*only)
	if err != nil {
		return err
	}

	r := report{Machine: describeMachine()}
	around := newListener()
	around.listen()
	for _, m := range chosen {
		fmt.Fprintf(stderr, "bench: %s: %s\n", m.name, m.about)
		t, err := m.run(ctx, s)
		if err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
		t.Name, t.About = m.name, m.about
		r.Tables = append(r.Tables, t)
		around.listen()
	}
	r.Noise = around.noise()
	if *asJSON {
		err = r.writeJSON(stdout)
	} else {
		err = r.writeText(stdout)
	}
	if missed := r.missed(); err == nil && *check && len(missed) > 0 {
		err = fmt.Errorf("%d promised ratios are missed:\n  %s", len(missed), strings.Join(missed, "\n  "))
	}
	return err
}

// fill puts defaults where nothing was said.
func (s *settings) fill() {
	def := func(v *int, normal, quick int) {
		if *v > 0 {
			return
		}
		*v = normal
		if s.quick {
			*v = quick
		}
	}
	def(&s.rounds, 11, 5)
	def(&s.numbers, 300_000, 60_000)
	def(&s.viewers, 5_000, 1_000)
}

// fewRounds is how often contenders have their turns where a turn is long.
func (s settings) fewRounds() int { return (s.rounds + 3) / 4 }

// choose returns the measurements in a list with commas, all for an empty one.
func choose(list string) ([]measurement, error) {
	if list == "" {
		return measurements, nil
	}
	var chosen []measurement
	for name := range strings.SplitSeq(list, ",") {
		i := slices.IndexFunc(measurements, func(m measurement) bool { return m.name == name })
		if i < 0 {
			return nil, fmt.Errorf("-only: there is no measurement %q, but %s", name, names())
		}
		chosen = append(chosen, measurements[i])
	}
	return chosen, nil
}

func names() string {
	var all []string
	for _, m := range measurements {
		all = append(all, m.name)
	}
	return strings.Join(all, ", ")
}
