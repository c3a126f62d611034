// SPDX-License-Identifier: Apache-2.0

package proxies

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptrace"
	"sync"
	"testing"
	"time"

	"sluice/bridge"
	"sluice/internal/rig"
)

// A stream that has nothing to say yet begins all the same: its head comes as
// soon as the bridge no longer waits for an early error, and not with the first
// heartbeat. Some servers keep a head to themselves until something comes behind
// it, and so something does, compressed or not. It opens many streams, and so does
// not run beside the other tests.
func TestHead(t *testing.T) {
	// Most is what it may take, with what a busy machine adds: what waits for
	// the first heartbeat takes more than twice as long.
	const most = bridge.DefaultHeartbeat / 2
	table := &table{columns: []string{"head"}}
	at := make(chan struct{}, 20)
	var wg sync.WaitGroup
	for _, b := range []struct {
		name    string
		options []bridge.Option
	}{{"", nil}, {", bridge compressing", []bridge.Option{bridge.WithCompression(true)}}} {
		r := rig.Start(t, rig.Config{Bridge: b.options})
		for _, f := range append([]*front{direct(t, r)}, started(t, r, 0)...) {
			for _, p := range protocols {
				for _, tr := range []transport{eventStream, lines, webSocket} {
					if missing(f, p, tr) != "" {
						continue
					}
					name := f.name + b.name
					row := table.add(name, p, tr, "")
					wg.Go(func() {
						at <- struct{}{}
						defer func() { <-at }()
						if err := timed(func() error {
							took, err := head(t, f.client(t, p, tr), f.urls[p], tr)
							row.set("head", took)
							if err == nil && took > most {
								err = fmt.Errorf("the head took %v", took)
							}
							return err
						}); err != nil {
							t.Errorf("%s, %s, %s: %v", name, p, tr.name, err)
						}
					})
				}
			}
		}
	}
	wg.Wait()
	t.Logf("ms to the head of a stream that is silent:\n%s", table)
}

// head opens a stream that nothing comes of, leaves it once its head is there,
// and returns how long that took from the request on.
func head(t testing.TB, client *http.Client, base string, tr transport) (time.Duration, error) {
	ctx, stop := context.WithTimeout(t.Context(), patience)
	defer stop()
	heads := make(chan time.Time, 1)
	traced := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotFirstResponseByte: func() { heads <- time.Now() }})
	ended := make(chan error, 1)
	began := time.Now()
	go func() {
		ended <- tr.read(traced, client, base+"/sse?count=1&min_pause=3600s&max_pause=3600s", "", func(event) bool { return true })
	}()
	select {
	case at := <-heads:
		stop()
		<-ended // as it was told to
		return at.Sub(began), nil
	case err := <-ended:
		return time.Since(began), fmt.Errorf("there is no head: %w", err)
	}
}
