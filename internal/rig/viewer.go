// SPDX-License-Identifier: Apache-2.0

package rig

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"sluice/bridge/sse"
)

// ReconnectPause is what a [Viewer] waits between connections: long enough for
// others to have their turn, and not what it is told, which would take hours
// for thousands of cuts.
const ReconnectPause = time.Millisecond

// Viewer reads a stream as a browser does: when its connection breaks it comes
// back with the id of the last event that it got, until it has read the end.
type Viewer struct {
	// URL is the stream's.
	URL string
	// Client makes the requests, http.DefaultClient if nil.
	Client *http.Client
	// Event, if not nil, is called for each event. Its Data is the viewer's
	// own after the call.
	Event func(sse.Event)
	// MaxConnections is after how many connections it gives up, 0 for never.
	MaxConnections int

	// Connections is how many were made, and LastEventID what the next one
	// would say.
	Connections int
	LastEventID string
	// Gaps has, for each time that the stream broke, how long it took from then
	// to the next event, with all attempts and the pauses between them.
	Gaps []time.Duration

	broken time.Time // when the stream broke after the last event, zero if not
}

// Read reads until the stream has ended, and returns the data of its end. It
// fails when a response is not a stream, except for 503, and when ctx is done.
func (v *Viewer) Read(ctx context.Context) (end string, err error) {
	for {
		v.Connections++
		end, err := v.connect(ctx)
		if err != nil && v.broken.IsZero() {
			v.broken = time.Now()
		}
		switch {
		case err == nil:
			return end, nil
		case ctx.Err() != nil:
			return "", ctx.Err()
		case v.MaxConnections > 0 && v.Connections >= v.MaxConnections:
			return "", err
		}
		var fatal *refusedError
		if errors.As(err, &fatal) {
			return "", err
		}
		select {
		case <-time.After(ReconnectPause):
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
}

// refusedError is an answer after which a browser does not come back.
type refusedError struct{ status string }

func (e *refusedError) Error() string { return "the answer is " + e.status }

// connect reads one connection to its end.
func (v *Viewer) connect(ctx context.Context) (end string, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, v.URL, nil)
	if err != nil {
		return "", &refusedError{err.Error()}
	}
	r.Header.Set("Accept", "text/event-stream, application/json")
	if v.LastEventID != "" {
		r.Header.Set("Last-Event-ID", v.LastEventID)
	}
	client := v.Client
	if client == nil {
		client = http.DefaultClient
	}
	res, err := client.Do(r)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	switch {
	case res.StatusCode == http.StatusServiceUnavailable:
		return "", fmt.Errorf("the answer is %s", res.Status)
	case res.StatusCode != http.StatusOK:
		return "", &refusedError{res.Status}
	}
	events := sse.NewReader(res.Body)
	events.Reset(res.Body, v.LastEventID)
	for {
		e, err := events.Next()
		if err != nil {
			return "", err
		}
		v.LastEventID = e.ID
		if !v.broken.IsZero() {
			v.Gaps = append(v.Gaps, time.Since(v.broken))
			v.broken = time.Time{}
		}
		if e.Type == "end" {
			return string(e.Data), nil
		}
		if v.Event != nil {
			v.Event(e)
		}
	}
}
