// SPDX-License-Identifier: Apache-2.0

package backend

import (
	"log/slog"
	"math"
)

// DefaultMaxStreams is how many streams a Service serves at once. A stream
// costs some 15 KB; one whose numbers pile up because nobody reads them up to
// half a megabyte, since gRPC takes in 64 KB of them before it makes the
// service wait. All streams together stay within a gigabyte.
const DefaultMaxStreams = 2_000

// Option configures a Service.
type Option interface{ applyToService(*Service) }

type optionFunc func(*Service)

func (f optionFunc) applyToService(s *Service) { f(s) }

// WithMaxStreams sets how many streams are served at once; one more is refused
// with RESOURCE_EXHAUSTED. Below 1 stands for DefaultMaxStreams.
func WithMaxStreams(n int) Option {
	if n < 1 {
		n = DefaultMaxStreams
	}
	return optionFunc(func(s *Service) { s.maxStreams = int64(min(n, math.MaxInt32)) })
}

// WithLogger sets where the service logs the end of each stream, at level Info;
// of refused requests at Debug, and that there are too many streams at Warn. Nil,
// and the default, is nowhere.
func WithLogger(log *slog.Logger) Option {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return optionFunc(func(s *Service) { s.log = log })
}

// WithMetrics sets who is told what the service does. Nil, and the default, is
// nobody.
func WithMetrics(m Metrics) Option {
	if m == nil {
		m = noMetrics{}
	}
	return optionFunc(func(s *Service) { s.metrics = m })
}
