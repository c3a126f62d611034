// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"sluice/bridge"
	"sluice/internal/rig"
)

// openCompare opens the Compare page and waits until it can be used.
func openCompare(p *page, url string) {
	p.t.Helper()
	p.do(chromedp.Navigate(url))
	p.wait("there is a page", `document.querySelector('#main-button') !== null && document.querySelector('[role=status]') !== null`)
	evaluate[bool](p, helpers)
	evaluate[bool](p, `
		sluice.latest = way => Number(document.querySelector('[data-way=' + way + ']').textContent);
		sluice.row = name => {
			const tr = [...document.querySelectorAll('.measured tbody tr')].find(r => r.querySelector('.measured-name').textContent === name);
			return [...tr.querySelectorAll('td')].map(c => c.textContent);
		};
		true`)
	p.wait("the app is ready", `!!sluice.button('Start')`)
}

var wayIDs = []string{"fetch", "eventsource", "websocket", "poll"}

// One run comes over all four ways, every number once, also when all of them
// are cut.
func TestCompare(t *testing.T) {
	t.Parallel()
	var sent traffic
	r := rig.Start(t, rig.Config{Bridge: []bridge.Option{bridge.WithObserver(&sent)}})
	p := newBrowser(t).newPage()
	openCompare(p, r.URL+"/compare?rate=10")
	evaluate[bool](p, `
		window.firstSeen = {};
		const pressed = performance.now();
		const look = () => {
			for (const e of document.querySelectorAll('[data-way]')) {
				if (Number(e.textContent) >= 1) firstSeen[e.dataset.way] ??= performance.now() - pressed;
			}
			requestAnimationFrame(look);
		};
		look();
		sluice.button('Start').click();
		true`)
	for _, way := range wayIDs {
		p.wait(way+" brings numbers", `sluice.latest('`+way+`') >= 5`)
	}
	if live := r.Bridge().Stats().Live; live != 1 {
		t.Errorf("%d runs are live: it is to be the same for all", live)
	}
	p.click("Cut the connections")
	p.waitState("Connection lost")
	for _, n := range []int{40, 120, 200, 280} {
		for _, way := range wayIDs {
			p.wait(way+" goes on", fmt.Sprintf("sluice.latest('%s') >= %d", way, n))
		}
	}
	p.waitState("Finished")
	row := func(name string) []string {
		return evaluate[[]string](p, `sluice.row(`+strconv.Quote(name)+`)`)
	}
	t.Logf("first number %v, median delay %v, worst %v, requests %v, bytes %v, heads %v, after the cut %v, replayed %v",
		row("First number after"), row("Delay, median"), row("Delay, worst"), row("Requests made"), row("Bytes received"), row("Heads of answers"), row("After the last cut"), row("Replayed then"))
	checkClocks(t, row, evaluate[map[string]float64](p, `firstSeen`))
	sent.check(t, row)
	if got := strings.Join(row("Lost, twice"), "; "); got != "0, 0; 0, 0; 0, 0; 0, 0" {
		t.Errorf("lost, twice: %s", got)
	}
	if got := strings.Join(row("Reconnects"), " "); got != "1 1 1 1" {
		t.Errorf("reconnects: %s", got)
	}
	requests := row("Requests made")
	if got := strings.Join(requests[:3], " "); got != "2 2 2" {
		t.Errorf("requests of the ways that stay open: %s", got)
	}
	if polls, err := strconv.Atoi(requests[3]); err != nil || polls < 20 {
		t.Errorf("%s polls for 300 numbers", requests[3])
	}
	for i, way := range row("After the last cut") {
		if !strings.HasSuffix(way, "s") {
			t.Errorf("what the cut cost %s is %q", wayIDs[i], way)
		}
	}
	for i, ticks := range evaluate[[]int](p, `[...document.querySelectorAll('.track-ticks')].map(e => e.getAttribute('d').split('M').length)`) {
		if ticks < 20 {
			t.Errorf("track %d shows %d strokes", i, ticks)
		}
	}
	if points := evaluate[[]string](p, `[...document.querySelectorAll('.point-measured')].map(e => e.innerText)`); len(points) != 7 || strings.Contains(strings.Join(points, " "), "after the start") {
		t.Errorf("the seven points are %q", points)
	}
	if protocol := evaluate[string](p, `document.querySelector('.point-measured').innerText`); !strings.Contains(protocol, "HTTP/1.1") {
		t.Errorf("the protocol is %q", protocol)
	}
}

// Stop ends the run, and Start begins another.
func TestCompareStops(t *testing.T) {
	t.Parallel()
	r := rig.Start(t, rig.Config{})
	p := newBrowser(t).newPage()
	openCompare(p, r.URL+"/compare")
	for range 2 {
		p.click("Start")
		p.wait("polls bring numbers", `sluice.latest('poll') >= 2`)
		p.click("Stop")
		p.wait("the run is stopped", `!!sluice.button('Start')`)
		p.waitState("Stopped")
		eventually(t, "the run is over", func() bool { return r.Bridge().Stats().Live == 0 })
	}
}

// A slow network delays every way by its trip, and polls by more.
func TestCompareOverASlowNetwork(t *testing.T) {
	t.Parallel()
	r := rig.Start(t, rig.Config{})
	p := newBrowser(t).newPage()
	openCompare(p, r.URL+"/compare?rate=10&slow=true")
	p.click("Start")
	p.wait("polls bring numbers", `sluice.latest('poll') >= 30`)
	median := evaluate[[]string](p, `sluice.row('Delay, median')`)
	t.Logf("median delays %q", median)
	for i, text := range median {
		if ms, ok := milliseconds(text); !ok || ms < 300 {
			t.Errorf("the median delay of %s is %q", wayIDs[i], text)
		}
	}
	fetch, _ := milliseconds(median[0])
	if polls, _ := milliseconds(median[3]); polls < fetch+100 {
		t.Errorf("polls are as quick as fetch: %v", median)
	}
	p.do(chromedp.KeyEvent("\u001b"))
	p.wait("the run is stopped", `!!sluice.button('Start')`)
}

// milliseconds reads what the page writes of a duration.
func milliseconds(text string) (ms float64, ok bool) {
	value, unit, ok := strings.Cut(text, "\u202f")
	if !ok {
		return 0, false
	}
	ms, err := strconv.ParseFloat(value, 64)
	if unit == "s" {
		ms *= 1000
	}
	return ms, err == nil
}

func TestCompareAccessibility(t *testing.T) {
	t.Parallel()
	axe, err := os.ReadFile("node_modules/axe-core/axe.min.js")
	if err != nil {
		t.Fatalf("axe-core is not installed, `make e2e` does it: %v", err)
	}
	r := rig.Start(t, rig.Config{})
	b := newBrowser(t)
	for _, scheme := range []string{"light", "dark"} {
		p := b.newPage()
		p.do(chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
			_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
				{Name: "prefers-color-scheme", Value: scheme},
				{Name: "prefers-reduced-motion", Value: "reduce"},
			}})
			return err
		}))
		check := func(state string) {
			t.Helper()
			evaluate[bool](p, string(axe)+"\ntrue")
			for _, f := range evaluate[[]string](p, `axe.run().then(r => r.violations.map(v => v.id + ': ' + v.help + ' ' + v.nodes.map(n => n.html.slice(0, 200)).join(' ')))`) {
				t.Errorf("%s, %s: %s", state, scheme, f)
			}
			if wide := evaluate[bool](p, `document.documentElement.scrollWidth > innerWidth`); wide {
				t.Errorf("%s, %s: the page is wider than the screen", state, scheme)
			}
		}
		for _, width := range []int64{1280, 360} {
			p.do(chromedp.EmulateViewport(width, 800))
			openCompare(p, r.URL+"/compare?rate=10")
			check("before")
			p.click("Start")
			p.wait("polls bring numbers", `sluice.latest('poll') >= 5`)
			check("running")
			p.click("Cut the connections")
			p.waitState("Connection lost")
			check("cut")
			p.click("Stop")
			p.wait("the run is stopped", `!!sluice.button('Start')`)
			check("stopped")
		}
	}
}

// Everything on the page can be reached and done by keyboard.
func TestCompareByKeyboard(t *testing.T) {
	t.Parallel()
	r := rig.Start(t, rig.Config{})
	p := newBrowser(t).newPage()
	openCompare(p, r.URL+"/compare")
	reach := func(what, expression string) {
		t.Helper()
		for range 40 {
			p.do(chromedp.KeyEvent("\t"))
			if evaluate[bool](p, expression) {
				return
			}
		}
		t.Fatalf("%s cannot be reached with the tabulator key", what)
	}
	reach("the rate", `document.activeElement.name === 'rate'`)
	p.do(chromedp.KeyEvent(kb.ArrowRight))
	p.wait("the rate is 10", `document.querySelector('[name=rate]:checked').value === '10' && location.search === '?rate=10'`)
	reach("the slow network", `document.activeElement.id === 'slow'`)
	p.do(chromedp.KeyEvent(" "))
	p.wait("the network is slow", `location.search === '?rate=10&slow=true'`)
	reach("Start", `document.activeElement.id === 'main-button'`)
	p.do(chromedp.KeyEvent("\r"))
	p.wait("numbers come", `sluice.latest('fetch') >= 2`)
	p.do(chromedp.KeyEvent("\u001b"))
	p.wait("the run is stopped", `!!sluice.button('Start')`)
}
