// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"math/rand/v2"
	"strings"
	"time"
)

const (
	// DefaultBackoffBase bounds the random part of the first pause.
	DefaultBackoffBase = 500 * time.Millisecond
	// DefaultBackoffMax bounds the random part of every pause.
	DefaultBackoffMax = 30 * time.Second
	// DefaultSilence is how long an open stream may send nothing at all: more
	// than two heartbeats of 15 s.
	DefaultSilence = 35 * time.Second
	// DefaultConnectTimeout is how long a request may wait for the head of its
	// response.
	DefaultConnectTimeout = 30 * time.Second
	// StaleRequest is how long a request must have had no answer for Wake to send
	// it again. The bridge answers within half a second.
	StaleRequest = 2 * time.Second
	// CutPause is the least pause after Cut, for the eye to follow.
	CutPause = time.Second
	// ReplayGap is the pause in the arrival of events that ends a replay, and
	// ReplayLimit is the longest one.
	ReplayGap   = 50 * time.Millisecond
	ReplayLimit = time.Second
	// CancelTimeout bounds the asking of the server to cancel a run, which is
	// tried CancelTries times.
	CancelTimeout = 10 * time.Second
	CancelTries   = 3
	// StopPatience is how long Stop waits for an answer that is under way to name
	// the run, without which it cannot be cancelled.
	StopPatience = 2 * time.Second
)

// Config says what to read and how. Transport and Sink are required, and URL or
// Run, unless the client is started by Join.
type Config struct {
	// URL is the address of the stream with its query, such as "/sse?count=5".
	// It may be empty where Run is set, and is then that of the run.
	URL string
	// Method is GET where it is empty. POST sends Body once and goes on by the
	// run's id.
	Method string
	// Header is sent with every request, beside the client's own.
	Header [][2]string
	// Body is the body of a POST, JSON where Header does not say otherwise.
	Body []byte

	// Runs is the address under which runs are found by their ids. Default:
	// "/runs/" at the origin of URL.
	Runs string
	// Run takes up a run that is known by its id, after a reload of the page or
	// from a link.
	Run string
	// LastEventID goes on after this event, where Run or URL had been read before.
	LastEventID string

	Transport Transport
	Sink      Sink

	// BackoffBase and BackoffMax bound the random part of a pause: it is drawn
	// from zero to the base doubled with every attempt, at most the maximum.
	// Defaults: DefaultBackoffBase, DefaultBackoffMax.
	BackoffBase, BackoffMax time.Duration
	// Pause, where it is not 0, is how long every pause is, in place of what is
	// drawn and of what the server asks for, but for Retry-After: to compare with.
	Pause time.Duration
	// Silence is how long an open stream may send nothing before it counts as
	// lost. Any byte is a sign of life. Default: DefaultSilence.
	Silence time.Duration
	// ConnectTimeout bounds the wait for the head of a response. Default:
	// DefaultConnectTimeout.
	ConnectTimeout time.Duration
	// MaxEventBytes bounds the data of one event. Default: that of the parser.
	MaxEventBytes int
	// Rand gives numbers from 0 up to but not including 1. Default: math/rand/v2.
	Rand func() float64
}

// withDefaults fills in what was left out.
func (cfg Config) withDefaults() Config {
	set := func(d *time.Duration, def time.Duration) {
		if *d <= 0 {
			*d = def
		}
	}
	set(&cfg.BackoffBase, DefaultBackoffBase)
	set(&cfg.BackoffMax, DefaultBackoffMax)
	set(&cfg.Silence, DefaultSilence)
	set(&cfg.ConnectTimeout, DefaultConnectTimeout)
	if cfg.Method == "" {
		cfg.Method = "GET"
	}
	if cfg.Rand == nil {
		cfg.Rand = rand.Float64
	}
	if cfg.Runs == "" {
		cfg.Runs = origin(cfg.URL) + "/runs/"
	}
	return cfg
}

// origin gives the scheme and the host of an absolute address, "" for one that
// is relative.
func origin(url string) string {
	scheme, rest, ok := strings.Cut(url, "://")
	if !ok || strings.ContainsAny(scheme, "/?#") {
		return ""
	}
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		rest = rest[:i]
	}
	return scheme + "://" + rest
}
