// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"errors"
	"fmt"
	"strings"
	"time"

	streamv1 "sluice/proto/gen/sluice/stream/v1"
)

// Policy says how a method's streams are served over HTTP. The zero Policy asks
// for nothing: the bridge's own defaults hold.
type Policy struct {
	// Path is the method's own path, such as "/sse", or "": the first one without
	// variables, where a route file gives it several. No other method of the
	// catalog has it, and it is none of those that a bridge needs itself.
	// [Method.Paths] returns all paths.
	Path string
	// Event is the SSE event type of each message, or "" for none.
	Event string
	// OnDisconnect is what becomes of the RPC when its last viewer has gone.
	OnDisconnect OnDisconnect
	// Linger is how long an RPC without viewers goes on under
	// [OnDisconnectLinger], 0 for the bridge's default. It is never negative.
	Linger time.Duration
	// Share says that equal requests ride on one RPC.
	Share bool
	// JoinAt is where a viewer that comes late to a shared RPC begins.
	JoinAt JoinAt
	// ExposeTrailers are the trailers, by lower-case name, that a browser may
	// see. It must not be changed.
	ExposeTrailers []string
	// Resume is how the method goes on from a position. It is zero where
	// [Method.CanResume] is false. It must not be changed.
	Resume ResumeMapping
	// Timeout is how long an RPC may take where the caller does not say, 0 for
	// the bridge's default. It comes from a route file alone.
	Timeout time.Duration
	// MaxTimeout is the most that a caller may ask for, 0 for the bridge's
	// bound. It comes from a route file alone.
	MaxTimeout time.Duration
}

// OnDisconnect is what becomes of an RPC that nobody reads any more.
type OnDisconnect uint8

// The policies for an RPC without viewers.
const (
	// OnDisconnectDefault leaves it to the bridge.
	OnDisconnectDefault OnDisconnect = iota
	// OnDisconnectCancel cancels the RPC at once.
	OnDisconnectCancel
	// OnDisconnectLinger lets the RPC go on for a while.
	OnDisconnectLinger
	// OnDisconnectDetach lets the RPC go on until it ends.
	OnDisconnectDetach
)

// String returns "default", "cancel", "linger" or "detach".
func (d OnDisconnect) String() string {
	switch d {
	case OnDisconnectDefault:
		return "default"
	case OnDisconnectCancel:
		return "cancel"
	case OnDisconnectLinger:
		return "linger"
	case OnDisconnectDetach:
		return "detach"
	}
	return fmt.Sprintf("OnDisconnect(%d)", uint8(d))
}

// JoinAt is where a late viewer of a shared RPC begins.
type JoinAt uint8

// The places to begin.
const (
	// JoinAtStart begins at the start of what the bridge still holds.
	JoinAtStart JoinAt = iota
	// JoinAtLive begins at the next message.
	JoinAtLive
)

// String returns "start" or "live".
func (j JoinAt) String() string {
	switch j {
	case JoinAtStart:
		return "start"
	case JoinAtLive:
		return "live"
	}
	return fmt.Sprintf("JoinAt(%d)", uint8(j))
}

// newPolicy returns what options ask for, which may be nil, but for paths, and
// what in them is wrong. Whatever is wrong is ignored, alone.
func newPolicy(options *streamv1.StreamOptions) (p Policy, faults []string) {
	fault := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }

	if event := options.GetEvent(); event != "" {
		if err := checkEvent(event); err != nil {
			fault("its event %q %v; its events have no type", event, err)
		} else {
			p.Event = event
		}
	}
	switch d := options.GetOnDisconnect(); d {
	case streamv1.OnDisconnect_ON_DISCONNECT_UNSPECIFIED:
	case streamv1.OnDisconnect_ON_DISCONNECT_CANCEL:
		p.OnDisconnect = OnDisconnectCancel
	case streamv1.OnDisconnect_ON_DISCONNECT_LINGER:
		p.OnDisconnect = OnDisconnectLinger
	case streamv1.OnDisconnect_ON_DISCONNECT_DETACH:
		p.OnDisconnect = OnDisconnectDetach
	default:
		fault("its on_disconnect is %d, which this version does not know; the default holds", d)
	}
	if linger := options.GetLinger(); linger != nil {
		switch {
		case !linger.IsValid():
			fault("its linger is no duration: %d s and %d ns; the default holds", linger.GetSeconds(), linger.GetNanos())
		case linger.AsDuration() <= 0:
			fault("its linger is %v and must be longer than 0s (ON_DISCONNECT_CANCEL does not linger); the default holds", linger.AsDuration())
		default:
			p.Linger = linger.AsDuration()
		}
	}
	p.Share = options.GetShare()
	switch j := options.GetJoinAt(); j {
	case streamv1.JoinAt_JOIN_AT_UNSPECIFIED, streamv1.JoinAt_JOIN_AT_START:
	case streamv1.JoinAt_JOIN_AT_LIVE:
		p.JoinAt = JoinAtLive
	default:
		fault("its join_at is %d, which this version does not know; late viewers begin at the start", j)
	}
	for _, name := range options.GetExposeTrailers() {
		if err := checkTrailer(name); err != nil {
			fault("its exposed trailer %q %v; it stays hidden", name, err)
		} else {
			p.ExposeTrailers = append(p.ExposeTrailers, name)
		}
	}
	if mapping := options.GetResume(); mapping != nil {
		p.Resume = ResumeMapping{
			ResponseField: mapping.GetResponseField(),
			RequestField:  mapping.GetRequestField(),
			Inclusive:     mapping.GetInclusive(),
			Set:           mapping.GetSet(),
		}
	}
	return p, faults
}

// checkEvent says what is wrong with a type of SSE events.
func checkEvent(event string) error {
	switch event {
	case "end", "reset":
		return errors.New("belongs to the stream protocol")
	case "error":
		return errors.New("is what EventSource calls a lost connection")
	}
	if strings.ContainsFunc(event, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return errors.New("must not hold control characters")
	}
	return nil
}

// checkTrailer says what is wrong with the name of a trailer, which gRPC
// writes in lower case.
func checkTrailer(name string) error {
	if name == "" || strings.ContainsFunc(name, func(r rune) bool {
		return !('a' <= r && r <= 'z' || '0' <= r && r <= '9' || strings.ContainsRune("-._", r))
	}) {
		return errors.New("must be a name of lower-case letters, digits, '-', '.' and '_'")
	}
	return nil
}
