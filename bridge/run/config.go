// SPDX-License-Identifier: Apache-2.0

package run

import (
	"fmt"
	"log/slog"
	"time"

	"google.golang.org/grpc/codes"

	"sluice/bridge/catalog"
	"sluice/bridge/journal"
)

// The defaults of [Config].
const (
	// DefaultLinger is how long a run without viewers waits for one.
	DefaultLinger = 30 * time.Second
	// DefaultTotalBytes bounds the memory of all journals together.
	DefaultTotalBytes = 256 << 20
	// DefaultMaxRuns is how many runs there may be, finished ones that are
	// still kept included.
	DefaultMaxRuns = 20_000
	// DefaultRetention is how long a finished run can be read.
	DefaultRetention = 5 * time.Minute
	// DefaultMaxMessageBytes is the largest response that is taken from
	// upstream. As JSON it must fit into the journal, too.
	DefaultMaxMessageBytes = 1 << 20
	// DefaultReopenFor is for how long a broken upstream is tried again.
	DefaultReopenFor = time.Minute
)

// The backoff between attempts to reopen a broken upstream: it doubles from
// the first to the last, and what is waited is drawn between half of it and
// all of it.
const (
	reopenFirst = 100 * time.Millisecond
	reopenLast  = 5 * time.Second
)

// Config is what a [Manager] goes by. The zero value has the defaults.
type Config struct {
	// OnDisconnect is the policy of methods that state none: linger when it
	// is the default.
	OnDisconnect catalog.OnDisconnect
	// Linger is how long a run without viewers waits for one under that
	// policy, where the method does not say; 0 for DefaultLinger.
	Linger time.Duration
	// JournalBytes bounds each journal; 0 for journal.DefaultLimit. Three
	// quarters of it are kept behind the viewer who has read most: what is lost
	// with a connection beyond that is told by a reset, or got again from the
	// backend where the method can resume. See journal.DefaultReserve.
	JournalBytes int
	// TotalBytes is what all journals together may hold; 0 for
	// DefaultTotalBytes. Past it finished runs are forgotten, and those that
	// go on keep nothing but what is still to be read, and one message each.
	TotalBytes int64
	// MaxRuns bounds the number of runs; 0 for DefaultMaxRuns.
	MaxRuns int
	// Retention is how long a finished run can be read, if memory allows; 0
	// for DefaultRetention.
	Retention time.Duration
	// MaxMessageBytes bounds an upstream message; 0 for
	// DefaultMaxMessageBytes. A run whose method sends a larger one ends with
	// RESOURCE_EXHAUSTED.
	MaxMessageBytes int
	// ReopenFor is for how long an upstream that broke is tried again, where
	// its method can resume; 0 for DefaultReopenFor, negative for never.
	ReopenFor time.Duration
	// EarlyFor is for how long after its opening a run that breaks before its
	// first message ends at once, so that whoever opened it hears of it; later
	// it is tried again as one that breaks after a message, from the beginning.
	// 0 is for no time.
	EarlyFor time.Duration
	// Logger is told of what an operator would want to know; nil for none.
	Logger *slog.Logger
	// Observer is told of every run; nil for none.
	Observer Observer
}

// Check says what makes no sense: nothing in a Config may be less than 0, but
// for ReopenFor.
func (c Config) Check() error {
	for _, f := range []struct {
		name  string
		value int64
	}{
		{"linger", int64(c.Linger)},
		{"size of a journal", int64(c.JournalBytes)},
		{"size of all journals", c.TotalBytes},
		{"number of runs", int64(c.MaxRuns)},
		{"retention", int64(c.Retention)},
		{"largest message", int64(c.MaxMessageBytes)},
		{"time for early errors", int64(c.EarlyFor)},
	} {
		if f.value < 0 {
			return fmt.Errorf("the %s may not be less than 0, as %d is", f.name, f.value)
		}
	}
	return nil
}

func (c Config) withDefaults() Config {
	if c.OnDisconnect == catalog.OnDisconnectDefault {
		c.OnDisconnect = catalog.OnDisconnectLinger
	}
	orDefault(&c.Linger, DefaultLinger)
	orDefault(&c.JournalBytes, journal.DefaultLimit)
	orDefault(&c.TotalBytes, DefaultTotalBytes)
	orDefault(&c.MaxRuns, DefaultMaxRuns)
	orDefault(&c.Retention, DefaultRetention)
	orDefault(&c.MaxMessageBytes, DefaultMaxMessageBytes)
	orDefault(&c.ReopenFor, DefaultReopenFor)
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Observer == nil {
		c.Observer = NopObserver{}
	}
	return c
}

func orDefault[T comparable](v *T, def T) {
	var zero T
	if *v == zero {
		*v = def
	}
}

// Observer is told of runs, by a [Manager], as they come and go. Its methods
// are called by many goroutines at once and must return quickly.
type Observer interface {
	// RunOpened is called when a run begins, with its method's full name, as
	// in `pkg.Service/Method`. What it returns is told of that run. It must not
	// call the manager.
	RunOpened(method string) RunObserver
}

// RunObserver is told of one run, by one goroutine at a time.
type RunObserver interface {
	// FirstMessage is called at the first message, with how long after the
	// run's opening it came.
	FirstMessage(after time.Duration)
	// Message is called for each message, with the size of its event in
	// bytes.
	Message(bytes int)
	// Reopened is called when a broken upstream has been opened again.
	Reopened()
	// Ended is called once, with the code that the run ended with.
	Ended(code codes.Code)
}

// NopObserver is an [Observer], and a [RunObserver], that does nothing.
type NopObserver struct{}

// RunOpened implements [Observer].
func (NopObserver) RunOpened(string) RunObserver { return NopObserver{} }

// FirstMessage implements [RunObserver].
func (NopObserver) FirstMessage(time.Duration) {}

// Message implements [RunObserver].
func (NopObserver) Message(int) {}

// Reopened implements [RunObserver].
func (NopObserver) Reopened() {}

// Ended implements [RunObserver].
func (NopObserver) Ended(codes.Code) {}
