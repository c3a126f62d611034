// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"testing"
	"time"

	"sluice/bridge"
	"sluice/bridge/catalog"
	"sluice/bridge/run"
	"sluice/internal/rig"
)

// What becomes of the run whose tab is closed is its method's policy.
func TestClosingTheTab(t *testing.T) {
	t.Parallel()
	for _, policy := range []string{"cancel", "linger"} {
		t.Run(policy, func(t *testing.T) {
			t.Parallel()
			routes, err := catalog.ParseRoutes("routes.yaml", []byte("routes:\n  - method: sluice.numbers.v1.NumberService/Generate\n    on_disconnect: "+policy+"\n    linger: 1h\n"))
			if err != nil {
				t.Fatal(err)
			}
			var streams openStreams
			r, b, _ := start(t, rig.Config{Bridge: []bridge.Option{
				bridge.WithRoutes(routes), bridge.WithRuns(run.Config{Linger: time.Hour}), bridge.WithObserver(&streams),
			}}, "")
			p := b.newPage()
			p.open(r.URL + "/?endless=true&min_pause=0.05s&max_pause=0.05s")
			p.click("Start")
			p.waitNumber(3)
			if live, open := r.Bridge().Stats().Live, streams.open.Load(); live != 1 || open != 1 {
				t.Fatalf("%d runs are live over %d streams", live, open)
			}
			p.close()
			eventually(t, "the stream is closed", func() bool { return streams.open.Load() == 0 })
			if policy == "cancel" {
				eventually(t, "the run is over", func() bool { return r.Bridge().Stats().Live == 0 })
			} else if live := r.Bridge().Stats().Live; live != 1 {
				t.Errorf("%d runs are live", live)
			}
		})
	}
}
