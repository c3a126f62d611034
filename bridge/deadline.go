// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"google.golang.org/grpc/codes"

	"sluice/bridge/catalog"
)

// TimeoutHeader says in a request how long its run may take, as Go writes
// durations ("90s", "1m30s"), and in a response how long the run that it is
// read from may: less than was asked for where the bridge or the method allows
// less. It counts from the run's opening, and goes on while no one reads.
const TimeoutHeader = "Sluice-Timeout"

// grpcTimeoutHeader says the same as gRPC does, for callers that speak it
// already: up to eight digits and a unit.
// https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md#requests
const grpcTimeoutHeader = "Grpc-Timeout"

// maxTimeoutDigits is how long the number in a Grpc-Timeout may be.
const maxTimeoutDigits = 8

// timeoutUnits are the units of a Grpc-Timeout.
var timeoutUnits = map[byte]time.Duration{
	'H': time.Hour, 'M': time.Minute, 'S': time.Second,
	'm': time.Millisecond, 'u': time.Microsecond, 'n': time.Nanosecond,
}

// timeout returns how long a run of the method may take, 0 for as long as the
// method does: what the request asks for, else what the method's policy says,
// else the bridge's default; and never more than the method's maximum or, where
// it has none, the bridge's.
func (b *Bridge) timeout(r *http.Request, m *catalog.Method) (time.Duration, *fault) {
	d, f := requestedTimeout(r.Header)
	if f != nil {
		return 0, f
	}
	most := b.options.maxTimeout
	if m.Policy.MaxTimeout > 0 {
		most = m.Policy.MaxTimeout
	}
	switch {
	case d > 0:
	case m.Policy.Timeout > 0:
		d = m.Policy.Timeout
	default:
		d = b.options.timeout
	}
	// A maximum that is escaped by asking for nothing would be none.
	if most > 0 && (d == 0 || d > most) {
		d = most
	}
	return d, nil
}

// requestedTimeout returns the time that a request's headers ask for, 0 where
// they do not.
func requestedTimeout(h http.Header) (time.Duration, *fault) {
	own, grpc := h.Values(TimeoutHeader), h.Values(grpcTimeoutHeader)
	switch {
	case len(own)+len(grpc) == 0:
		return 0, nil
	case len(own)+len(grpc) > 1:
		return 0, errorf(codes.InvalidArgument, "the time that a run may take is given more than once: one %s or one %s says it", TimeoutHeader, grpcTimeoutHeader)
	case len(own) == 1:
		d, err := time.ParseDuration(strings.TrimSpace(own[0]))
		if err != nil || d <= 0 {
			return 0, errorf(codes.InvalidArgument, `%s must be a duration of more than 0, such as "30s" or "1m30s", not %q`, TimeoutHeader, own[0])
		}
		return d, nil
	}
	d, ok := parseGRPCTimeout(strings.TrimSpace(grpc[0]))
	if !ok {
		return 0, errorf(codes.InvalidArgument, `%s must be a number of 1 to %d digits, more than 0, and one of the units H, M, S, m, u and n, such as "30S", not %q`, grpcTimeoutHeader, maxTimeoutDigits, grpc[0])
	}
	return d, nil
}

// parseGRPCTimeout reads a duration as gRPC writes it. What is longer than a
// [time.Duration] holds is the longest that it does.
func parseGRPCTimeout(s string) (time.Duration, bool) {
	if len(s) < 2 || len(s) > maxTimeoutDigits+1 {
		return 0, false
	}
	unit, ok := timeoutUnits[s[len(s)-1]]
	if !ok {
		return 0, false
	}
	digits := s[:len(s)-1]
	if strings.Trim(digits, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n == 0 {
		return 0, false
	}
	if n > math.MaxInt64/int64(unit) {
		return math.MaxInt64, true
	}
	return time.Duration(n) * unit, true
}

// sayTimeout tells a viewer how long the run may take, where that is bounded.
func sayTimeout(h http.Header, d time.Duration) {
	if d > 0 {
		h.Set(TimeoutHeader, d.String())
	}
}
