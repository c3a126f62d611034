// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"strconv"
	"strings"
	"time"
)

// maxRetryAfter bounds the pause that a server may demand.
const maxRetryAfter = 24 * time.Hour

// pause draws the pause before the next request for events: what the server and
// the fault ask for at the least, and the random part on top of it.
func (m *machine) pause(least time.Duration) time.Duration {
	if m.cfg.Pause > 0 {
		return max(m.cfg.Pause, least)
	}
	return max(m.retry, least) + m.backoff(m.snap.Attempt)
}

// backoff draws anything from zero to a bound that doubles with every try
// before. Without chance, the viewers that one fault has cut off would all come
// back at one moment.
func (m *machine) backoff(tries int) time.Duration {
	bound := m.cfg.BackoffBase
	for ; tries > 0 && bound < m.cfg.BackoffMax; tries-- {
		bound *= 2
	}
	return time.Duration(m.cfg.Rand() * float64(min(bound, m.cfg.BackoffMax)))
}

// retryAfter reads a Retry-After header (RFC 9110, section 10.2.3): seconds, or
// a date, which is compared with the server's own Date where that is known, so
// that a clock here that is wrong does no harm. ok is false where it is neither.
func retryAfter(value, date string, now time.Time) (d time.Duration, ok bool) {
	value = strings.TrimSpace(value)
	if value == "" {
		return 0, false
	}
	if strings.Trim(value, "0123456789") == "" {
		// What is too long for a number is longer than the longest pause.
		n, err := strconv.Atoi(value)
		if err != nil || n > int(maxRetryAfter/time.Second) {
			return maxRetryAfter, true
		}
		return time.Duration(n) * time.Second, true
	}
	until, ok := parseDate(value)
	if !ok {
		return 0, false
	}
	if sent, ok := parseDate(date); ok {
		now = sent
	}
	return min(max(until.Sub(now), 0), maxRetryAfter), true
}

// parseDate reads an HTTP date in its three forms (RFC 9110, section 5.6.7).
func parseDate(s string) (time.Time, bool) {
	for _, layout := range [...]string{
		"Mon, 02 Jan 2006 15:04:05 GMT",
		"Monday, 02-Jan-06 15:04:05 GMT",
		time.ANSIC,
	} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// words writes a duration for a sentence.
func words(d time.Duration) string {
	return strconv.FormatFloat(d.Seconds(), 'f', -1, 64) + " s"
}
