// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"strconv"
	"strings"
	"sync"
	"testing"

	"sluice/bridge"
)

// traffic is what a bridge has sent, by transport: what the Compare page measures,
// seen from the other end.
type traffic struct {
	bridge.NopObserver
	mu      sync.Mutex
	streams map[string]int
	bytes   map[string]int
}

func (c *traffic) StreamOpened(transport string) { c.count(transport, 1, 0) }

func (c *traffic) StreamWrote(transport string, bytes int) { c.count(transport, 0, bytes) }

func (c *traffic) count(transport string, streams, bytes int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.streams == nil {
		c.streams, c.bytes = make(map[string]int), make(map[string]int)
	}
	c.streams[transport] += streams
	c.bytes[transport] += bytes
}

// check holds the requests and bytes of a finished race, row by row, against what
// was sent. Both fetch and EventSource are SSE. The run was opened over a WebSocket,
// which takes none of the few connections, and which was let go when all had joined.
func (c *traffic) check(t *testing.T, row func(string) []string) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	t.Logf("the bridge has opened %v streams and written %v bytes", c.streams, c.bytes)
	var requests, bytes []int
	for i, text := range row("Requests made") {
		n, err := strconv.Atoi(strings.ReplaceAll(text, "\u202f", ""))
		size, ok := parseBytes(row("Bytes received")[i])
		if err != nil || !ok {
			t.Fatalf("%s has made %q requests and received %q", wayIDs[i], text, row("Bytes received")[i])
		}
		requests, bytes = append(requests, n), append(bytes, size)
	}
	for _, tt := range []struct {
		transport       string
		requests, bytes int
		opened, surplus int // what the opener adds, at the most as to bytes
	}{
		{"sse", requests[0] + requests[1], bytes[0] + bytes[1], 0, 0},
		{"websocket", requests[2], bytes[2], 1, 20_000},
		// A poll that was cut off before it reached the bridge counts here alone.
		{"poll", requests[3], bytes[3], 0, 0},
	} {
		if got := c.streams[tt.transport]; got > tt.requests+tt.opened || got < tt.requests+tt.opened-1 {
			t.Errorf("%s: the page counts %d requests, the bridge %d", tt.transport, tt.requests, got)
		}
		// The page rounds to three digits, EventSource shows no bytes but its
		// events, and of what was cut off some was written and never read.
		got := c.bytes[tt.transport]
		if tt.bytes > got+got/20 || tt.bytes < got-got/20-tt.surplus {
			t.Errorf("%s: the page counts %d bytes, the bridge %d", tt.transport, tt.bytes, got)
		}
	}
}

// parseBytes reads what the page writes of a size.
func parseBytes(text string) (bytes int, ok bool) {
	value, unit, _ := strings.Cut(strings.TrimPrefix(text, "≈ "), "\u202f")
	n, err := strconv.ParseFloat(value, 64)
	factor, known := map[string]float64{"B": 1, "kB": 1e3, "MB": 1e6}[unit]
	return int(n * factor), err == nil && known
}

// checkClocks holds what the page says of times against what can have been: the
// first number was received before it was seen, in milliseconds after pressing
// Start, and half of the delays are not longer than the worst.
func checkClocks(t *testing.T, row func(string) []string, seen map[string]float64) {
	t.Helper()
	for i, way := range wayIDs {
		first, ok := milliseconds(row("First number after")[i])
		// The page rounds to tenths of a second.
		if !ok || first <= 0 || first > 1.05*seen[way]+1 {
			t.Errorf("%s: the first number is said to have come after %s, and was seen after %.0f ms", way, row("First number after")[i], seen[way])
		}
		median, ok := milliseconds(row("Delay, median")[i])
		worst, okWorst := milliseconds(row("Delay, worst")[i])
		if !ok || !okWorst || median < 0 || worst < median {
			t.Errorf("%s: the median delay is %s and the worst %s", way, row("Delay, median")[i], row("Delay, worst")[i])
		}
	}
}
