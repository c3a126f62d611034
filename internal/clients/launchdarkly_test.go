// SPDX-License-Identifier: Apache-2.0

package clients

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/launchdarkly/eventsource"
)

// readLaunchDarkly reads a stream until the server says by 204 that there is
// nothing more. It comes back by itself, after 204 too: whoever uses it has to
// tell it not to.
func readLaunchDarkly(t testing.TB, url string) (got []heard, err error) {
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	stop := time.AfterFunc(patience, transport.CloseIdleConnections)
	defer stop.Stop()
	var refused eventsource.SubscriptionError
	stream, err := eventsource.SubscribeWithURL(url,
		eventsource.StreamOptionHTTPClient(&http.Client{Transport: transport, Timeout: patience}),
		eventsource.StreamOptionInitialRetry(5*time.Millisecond), eventsource.StreamOptionCanRetryFirstConnection(patience),
		eventsource.StreamOptionErrorHandler(func(err error) eventsource.StreamErrorHandlerResult {
			return eventsource.StreamErrorHandlerResult{CloseNow: errors.As(err, &refused)}
		}))
	if err != nil {
		return nil, err
	}
	for e := range stream.Events {
		kind := e.Event()
		if kind == "" {
			kind = "message"
		}
		got = append(got, heard{ID: e.Id(), Type: kind, Data: e.Data()})
	}
	if refused.Code != http.StatusNoContent {
		return got, refused
	}
	return got, nil
}

// It makes an event also of a block that has no data, such as the one that a
// stream begins with.
func TestLaunchDarkly(t *testing.T) {
	t.Parallel()
	for _, tr := range troubles {
		t.Run(tr.name, func(t *testing.T) {
			t.Parallel()
			s := newStack(t, tr)
			got, err := readLaunchDarkly(t, s.url+path)
			if err != nil {
				t.Fatal(err)
			}
			full, empty := data(got)
			check(t, full, count)
			s.checkRuns(t, tr, 1)
			if empty == 0 {
				t.Error("it no longer makes an event of a block without data; say so where it is said that it does")
			}
		})
	}
}
