// SPDX-License-Identifier: Apache-2.0

package clients

import (
	"context"
	"net/http"
	"testing"
	"time"

	sse "github.com/tmaxmax/go-sse"
)

// readGoSSE reads a stream until the server says by 204 that there is nothing
// more, for which it gives up.
func readGoSSE(t testing.TB, url string) (got []heard, err error) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	var status int
	client := sse.Client{
		HTTPClient: &http.Client{Transport: transport},
		Backoff:    sse.Backoff{InitialInterval: 5 * time.Millisecond, Multiplier: 1, Jitter: -1},
		ResponseValidator: func(res *http.Response) error {
			status = res.StatusCode
			return sse.DefaultValidator(res)
		},
	}
	conn := client.NewConnection(r)
	conn.SubscribeToAll(func(e sse.Event) {
		kind := e.Type
		if kind == "" {
			kind = "message"
		}
		got = append(got, heard{ID: e.LastEventID, Type: kind, Data: e.Data})
	})
	if err := conn.Connect(); status != http.StatusNoContent {
		return got, err
	}
	return got, nil
}

// It makes an event also of a block that has no data, such as the one that a
// stream begins with.
func TestGoSSE(t *testing.T) {
	t.Parallel()
	for _, tr := range troubles {
		t.Run(tr.name, func(t *testing.T) {
			t.Parallel()
			s := newStack(t, tr)
			got, err := readGoSSE(t, s.url+path)
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
