// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"testing"
	"time"
)

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, tt := range []struct {
		value, date string
		want        time.Duration
		ok          bool
	}{
		{"0", "", 0, true},
		{" 120 ", "", 2 * time.Minute, true},
		{"86401", "", maxRetryAfter, true},
		{"99999999999999999999999999", "", maxRetryAfter, true},
		{"Fri, 02 Jan 2026 03:05:05 GMT", "", time.Minute, true},
		{"Friday, 02-Jan-26 03:05:05 GMT", "", time.Minute, true},
		{"Fri Jan  2 03:05:05 2026", "", time.Minute, true},
		{"Fri, 02 Jan 2026 03:00:00 GMT", "", 0, true},
		{"Fri, 02 Jan 2099 03:00:00 GMT", "", maxRetryAfter, true},
		{"Mon, 01 Jan 2024 00:01:00 GMT", "Mon, 01 Jan 2024 00:00:00 GMT", time.Minute, true},
		{"Fri, 02 Jan 2026 03:05:05 GMT", "nonsense", time.Minute, true},
		{"", "", 0, false},
		{"-1", "", 0, false},
		{"1.5", "", 0, false},
		{"soon", "", 0, false},
	} {
		got, ok := retryAfter(tt.value, tt.date, now)
		if got != tt.want || ok != tt.ok {
			t.Errorf("retryAfter(%q, %q) = %v, %v; want %v, %v", tt.value, tt.date, got, ok, tt.want, tt.ok)
		}
	}
}

func TestBackoffIsBounded(t *testing.T) {
	t.Parallel()
	m := newMachine(New(Config{URL: "/", Transport: script(), Sink: &recorder{}}), Config{Rand: func() float64 { return 1 }}.withDefaults())
	for tries, want := range map[int]time.Duration{0: DefaultBackoffBase, 1: 2 * DefaultBackoffBase, 5: 16 * time.Second, 6: DefaultBackoffMax, 1 << 40: DefaultBackoffMax} {
		if got := m.backoff(tries); got != want {
			t.Errorf("after %d tries at most %v, want %v", tries, got, want)
		}
	}
}

func TestOrigin(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]string{
		"": "", "/sse": "", "sse?to=http://x/y": "", "http://h:1/sse": "http://h:1", "https://h?x": "https://h", "https://h": "https://h",
	} {
		if got := origin(url); got != want {
			t.Errorf("origin(%q) = %q, want %q", url, got, want)
		}
	}
}
