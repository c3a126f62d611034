// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"

	"sluice/bridge"
	"sluice/internal/rig"
)

// A page whose connection is lost waits as long as it was told to, but not once
// the browser says that the network is back or that somebody looks again.
func TestWake(t *testing.T) {
	t.Parallel()
	// Nobody here waits as long as that.
	r, _, p := start(t, rig.Config{Bridge: []bridge.Option{bridge.WithRetry(time.Hour)}}, "?endless=true&min_pause=0.05s&max_pause=0.05s")
	p.click("Start")
	p.waitNumber(3)
	online := func(is bool) {
		call(p, network.OverrideNetworkState, network.OverrideNetworkStateParams{Offline: !is, DownloadThroughput: -1, UploadThroughput: -1})
	}
	for _, tt := range []struct {
		what       string
		lose, wake func()
	}{
		{
			"the network is back",
			func() {
				online(false)
				p.waitState("Offline")
			},
			func() { online(true) },
		},
		{"the page is looked at", func() {}, func() {
			evaluate[bool](p, `document.dispatchEvent(new Event('visibilitychange'))`)
		}},
		{"the page is shown again", func() {}, func() {
			evaluate[bool](p, `window.dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))`)
		}},
		{"the page is woken", func() {}, func() {
			evaluate[bool](p, `document.dispatchEvent(new Event('resume'))`)
		}},
	} {
		r.KillBridge()
		p.wait("the connection is lost", `document.querySelector('[role=status]').dataset.phase === 'waiting'`)
		tt.lose()
		r.StartBridge()
		r.AwaitReady()
		at := evaluate[int](p, `sluice.last()`)
		if phase := evaluate[string](p, `document.querySelector('[role=status]').dataset.phase`); phase != "waiting" {
			t.Errorf("%s: before that the page is %s", tt.what, phase)
		}
		tt.wake()
		p.waitNumber(at + 1)
	}
	if !evaluate[bool](p, `sluice.positions().every((n, i) => n === i + 1)`) {
		t.Errorf("the page shows %v", evaluate[[]int](p, `sluice.positions()`))
	}
	p.forgive("net::ERR_")
}
