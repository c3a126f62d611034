// SPDX-License-Identifier: Apache-2.0

package proxies

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"sluice/bridge"
	"sluice/internal/rig"
)

// delays returns the median and the longest time between the making of a
// number and its arrival.
func delays(t testing.TB, f *front, p protocol, tr transport) (median, worst time.Duration, err error) {
	const count = 25
	var all []time.Duration
	err = tr.read(t.Context(), f.client(t, p, tr), fmt.Sprintf("%s/sse?count=%d&min_pause=0.04s&max_pause=0.04s", f.urls[p], count), "", func(e event) bool {
		var number struct{ CreateTime time.Time }
		if json.Unmarshal(e.data, &number) == nil && e.kind == "message" {
			all = append(all, e.at.Sub(number.CreateTime))
		}
		return true
	})
	if err == nil && len(all) != count {
		err = fmt.Errorf("%d numbers came, want %d", len(all), count)
	}
	if err != nil {
		return 0, 0, err
	}
	slices.Sort(all)
	return all[count/2], all[count-1], nil
}

// No server holds a number back to see whether there is more. HAProxy does by
// itself, for a fifth of a second, which its configuration says not to.
func TestDelay(t *testing.T) {
	t.Parallel()
	// What a server may add: far more than it takes, and less than what HAProxy
	// would wait on average. What is read beside it without a server says how
	// busy the machine is.
	const most = 60 * time.Millisecond
	table := &table{columns: []string{"median", "worst", "straight"}}
	at := make(chan struct{}, 10)
	var wg sync.WaitGroup
	for _, b := range []struct {
		name       string
		options    []bridge.Option
		transports []transport
	}{
		{"", nil, transports(pollWait)},
		// A compressor is one more that could hold back.
		{", bridge compressing", []bridge.Option{bridge.WithCompression(true)}, []transport{eventStream, lines}},
	} {
		r := rig.Start(t, rig.Config{Bridge: b.options})
		straight := direct(t, r)
		for _, f := range started(t, r, 0) {
			for _, p := range protocols {
				for _, tr := range b.transports {
					if missing(f, p, tr) != "" {
						continue
					}
					name := f.name + b.name
					row := table.add(name, p, tr, "")
					wg.Go(func() {
						at <- struct{}{}
						defer func() { <-at }()
						if err := timed(func() error { return compareDelays(t, f, straight, p, tr, most, row) }); err != nil {
							t.Errorf("%s, %s, %s: %v", name, p, tr.name, err)
						}
					})
				}
			}
		}
	}
	wg.Wait()
	t.Logf("ms from the making of a number to its arrival, and the median without a server:\n%s", table)
}

// compareDelays reads numbers through a front and straight from the bridge at
// the same time.
func compareDelays(t testing.TB, f, straight *front, p protocol, tr transport, most time.Duration, row *row) error {
	var without time.Duration
	var failed error
	var wg sync.WaitGroup
	wg.Go(func() { without, _, failed = delays(t, straight, p, tr) })
	median, worst, err := delays(t, f, p, tr)
	wg.Wait()
	if err := errors.Join(err, failed); err != nil {
		return err
	}
	row.set("median", median)
	row.set("worst", worst)
	row.set("straight", without)
	if median > without+most {
		return fmt.Errorf("a number takes %v, and %v without a server", median, without)
	}
	return nil
}
