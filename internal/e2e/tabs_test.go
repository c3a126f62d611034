// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"io"
	"log"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/chromedp/chromedp"

	"sluice/bridge"
	"sluice/internal/rig"
	"sluice/wasmui/dist"
)

// tabCount is more than the six connections that a browser opens to a host over
// HTTP/1.1.
const tabCount = 10

// Ten tabs that each read a run of their own are all live over plain HTTP/1.1,
// and say how.
func TestTenTabsOfTheirOwn(t *testing.T) {
	r := rig.Start(t, rig.Config{})
	b := newBrowser(t)
	var tabs []*page
	for i := range tabCount {
		p := b.newPage()
		p.open(fmt.Sprintf("%s/?endless=true&min_pause=0.1s&max_pause=0.1s&seed=%d", r.URL, i+1))
		p.click("Start")
		p.waitNumber(3)
		tabs = append(tabs, p)
	}
	beyond := 0
	for i, p := range tabs {
		at := evaluate[int](p, `sluice.last()`)
		p.waitNumber(at + 10)
		if strings.Contains(notice(p), "Reading over WebSocket") {
			beyond++
		} else if i >= 6 {
			t.Errorf("tab %d does not say how it reads: %q", i+1, notice(p))
		}
	}
	if beyond == 0 || beyond == tabCount {
		t.Errorf("%d of %d tabs read over WebSocket", beyond, tabCount)
	}
	if live := r.Bridge().Stats().Live; live != tabCount {
		t.Errorf("%d runs are live", live)
	}
	// What is not a stream still comes through.
	evaluate[bool](tabs[0], `fetch('/manifest.webmanifest', {cache: 'no-store'}).then(r => r.ok)`)
	for _, p := range tabs {
		p.click("Stop")
		p.waitState("The run was cancelled")
	}
}

// heldBack is what a page says that takes numbers in bursts for held back.
var heldBack = regexp.MustCompile(`^Reading over .* now: something on the way holds the numbers back`)

// Over HTTP/2, which browsers speak over TLS only, a connection carries as many
// streams as there are tabs: all are live, and there is nothing to say of it.
func TestTenTabsOverHTTP2(t *testing.T) {
	r := rig.Start(t, rig.Config{})
	front := httptest.NewUnstartedServer(dist.Handler(r.Bridge()))
	front.Listener = bridge.ViewerListener(front.Listener, bridge.DefaultSendBuffer, bridge.DefaultWriteTimeout)
	front.EnableHTTP2 = true
	// A browser that is closed breaks its connections off.
	front.Config.ErrorLog = log.New(io.Discard, "", 0)
	front.StartTLS()
	t.Cleanup(front.Close)
	b := newBrowser(t, chromedp.IgnoreCertErrors)
	var tabs []*page
	for i := range tabCount {
		p := b.newPage()
		p.open(fmt.Sprintf("%s/?endless=true&min_pause=0.25s&max_pause=0.25s&seed=%d", front.URL, i+1))
		p.click("Start")
		p.waitNumber(3)
		tabs = append(tabs, p)
	}
	for i, p := range tabs {
		p.waitNumber(evaluate[int](p, `sluice.last()`) + 5)
		// A machine that is too busy for ten tabs gets numbers in bursts, which a
		// page may take for the doing of a proxy. That is not what is looked for.
		if said := notice(p); said != "" && !heldBack.MatchString(said) {
			t.Errorf("tab %d says %q", i+1, said)
		}
		// The page itself may come from the service worker.
		if protocol := evaluate[string](p, `fetch('/readyz', {cache: 'no-store'}).then(r => r.text()).then(async () => {
			const entry = () => performance.getEntriesByType('resource').find(e => e.name.endsWith('/readyz'));
			while (!entry()) await new Promise(r => setTimeout(r, 20));
			return entry().nextHopProtocol;
		})`); protocol != "h2" {
			t.Errorf("tab %d came over %q", i+1, protocol)
		}
	}
	if live := r.Bridge().Stats().Live; live != tabCount {
		t.Errorf("%d runs are live", live)
	}
	for _, p := range tabs {
		p.click("Stop")
		p.waitState("The run was cancelled")
	}
}

// openStreams counts the streams that are open at a bridge.
type openStreams struct {
	bridge.NopObserver
	open atomic.Int64
}

func (o *openStreams) StreamOpened(string)                     { o.open.Add(1) }
func (o *openStreams) StreamClosed(string, bridge.CloseReason) { o.open.Add(-1) }

// Ten tabs of one run share one connection; the tab that has it is closed, and
// all go on, without a number lost or twice.
func TestTenTabsOfOneRun(t *testing.T) {
	var streams openStreams
	r := rig.Start(t, rig.Config{Bridge: []bridge.Option{bridge.WithObserver(&streams)}})
	b := newBrowser(t)
	first := b.newPage()
	first.open(r.URL + "/?endless=true&min_pause=0.1s&max_pause=0.1s")
	first.click("Start")
	first.waitNumber(3)
	first.wait("the run is in the address", `location.search.includes('run=')`)
	link := evaluate[string](first, `location.href`)
	var others []*page
	for range tabCount - 1 {
		p := b.newPage()
		p.open(link)
		others = append(others, p)
	}
	for _, p := range others {
		p.waitNumber(20)
		if got := notice(p); !strings.Contains(got, "Listening to another tab") {
			t.Errorf("a tab says %q", got)
		}
	}
	first.wait("the first tab says that it reads for others", `document.querySelector('.notice').innerText.includes('Reading for other tabs too')`)
	if open := streams.open.Load(); open != 1 {
		t.Errorf("%d streams are open at the bridge", open)
	}
	first.do(chromedp.Navigate("about:blank"))
	leaders := 0
	for _, p := range others {
		p.waitNumber(evaluate[int](p, `sluice.last()`) + 20)
		if !strings.Contains(notice(p), "Listening to another tab") {
			leaders++
		}
	}
	if open := streams.open.Load(); leaders != 1 || open != 1 {
		t.Errorf("%d tabs have taken over, and %d streams are open", leaders, open)
	}
	others[0].click("Stop")
	others[0].waitState("The run was cancelled")
	for _, p := range others {
		if p != others[0] {
			p.waitState("CANCELLED")
		}
		if !evaluate[bool](p, `sluice.positions().every((n, i) => n === i + 1)`) {
			t.Errorf("a tab shows %v", evaluate[[]int](p, `sluice.positions()`))
		}
		if p != others[0] && evaluate[bool](p, `document.body.innerText.includes('resumed')`) {
			t.Error("a tab had to resume what it reads")
		}
	}
}

// notice is what a page says of how it reads.
func notice(p *page) string {
	p.t.Helper()
	return evaluate[string](p, `document.querySelector('.notice').innerText`)
}
