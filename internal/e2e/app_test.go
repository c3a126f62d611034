// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	devtools "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"sluice/internal/rig"
)

// The Stream page opens without a network however often it was opened before, says
// what it waits for, and goes on by itself when the bridge is back.
func TestOffline(t *testing.T) {
	t.Parallel()
	r, _, p := start(t, rig.Config{}, "")
	evaluate[bool](p, `navigator.serviceWorker.ready.then(() => true)`)
	r.KillBridge()
	p.open(r.URL + "/?count=3&min_pause=0.05s&max_pause=0.05s")
	p.click("Start")
	p.wait("the page says that there is no connection", `/Connection lost|Offline/.test(sluice.state())`)
	r.StartBridge()
	p.waitState("Finished")
	p.checkPositions(3)
	p.forgive("ERR_CONNECTION_REFUSED")
	p.forgive("503")
}

// The other pages open without a network once they have been opened with one. Until
// then their addresses lead to the Stream page, which always opens.
func TestOfflineElsewhere(t *testing.T) {
	t.Parallel()
	r, _, p := start(t, rig.Config{}, "")
	evaluate[bool](p, `navigator.serviceWorker.ready.then(() => true)`)
	keep := func(path string) {
		t.Helper()
		// The program may come after the page, and it is put aside when it has come.
		evaluate[bool](p, `(async () => {
			const program = performance.getEntriesByType('resource').map(e => e.name).find(n => n.endsWith('.wasm'));
			while (!await caches.match('`+path+`') || !await caches.match(program)) await new Promise(r => setTimeout(r, 20));
			return true;
		})()`)
	}

	r.KillBridge()
	for _, path := range []string{"/compare", "/explore"} {
		p.do(chromedp.Navigate(r.URL + path))
		p.ready()
		if at := evaluate[string](p, `location.pathname`); at != "/" {
			t.Errorf("%s, which was never opened, leads to %s", path, at)
		}
	}
	r.StartBridge()
	r.AwaitReady()
	openCompare(p, r.URL+"/compare")
	keep("/compare")
	p.explore(r.URL + "/explore")
	keep("/explore")

	r.KillBridge()
	openCompare(p, r.URL+"/compare?rate=10")
	p.do(chromedp.Navigate(r.URL + "/explore"))
	p.wait("the program runs", `document.querySelector('[role=log][aria-label=Events]') !== null && document.getElementById('app-wasm-loader') === null`)
	if at := evaluate[string](p, `location.pathname`); at != "/explore" {
		t.Errorf("/explore leads to %s", at)
	}
	p.forgive("ERR_CONNECTION_REFUSED")
	p.forgive("503")
}

// Streams do not pass through the service worker.
func TestWorkerLeavesStreamsAlone(t *testing.T) {
	t.Parallel()
	r, _, p := start(t, rig.Config{}, "")
	evaluate[bool](p, `navigator.serviceWorker.ready.then(() => true)`)
	p.open(r.URL + "/?count=3&min_pause=0.05s&max_pause=0.05s")
	p.wait("the page is the worker's", `navigator.serviceWorker.controller !== null`)
	p.click("Start")
	p.waitState("Finished")
	if through := evaluate[int](p, `performance.getEntriesByType('resource').filter(e => e.name.includes('/sse') && e.workerStart > 0 && e.responseStart > 0 && e.deliveryType === 'cache').length`); through != 0 {
		t.Errorf("%d streams were answered by the worker", through)
	}
	if ids := evaluate[string](p, `new Promise(done => {
		const es = new EventSource('/sse?count=4&min_pause=0.05s&max_pause=0.05s');
		es.addEventListener('end', e => { es.close(); done(e.lastEventId); });
	})`); !strings.HasSuffix(ids, "-5-end") {
		t.Errorf("under the worker the last id of EventSource is %q", ids)
	}
}

func TestInstallable(t *testing.T) {
	t.Parallel()
	_, _, p := start(t, rig.Config{}, "")
	got := evaluate[struct {
		Name, StartURL, Display string
		Sizes                   []string
		Broken                  []string
	}](p, `(async () => {
		const link = document.querySelector('link[rel=manifest]').href;
		const m = await (await fetch(link)).json();
		const out = {Name: m.name, StartURL: m.start_url, Display: m.display, Sizes: m.icons.map(i => i.sizes), Broken: []};
		for (const i of m.icons) {
			const r = await fetch(new URL(i.src, link));
			if (!r.ok || !r.headers.get('content-type').startsWith('image/')) out.Broken.push(i.src);
		}
		return out;
	})()`)
	if got.Name == "" || got.Display != "standalone" || len(got.Broken) > 0 || !strings.Contains(strings.Join(got.Sizes, " "), "512x512") || !strings.Contains(strings.Join(got.Sizes, " "), "192x192") {
		t.Errorf("the manifest is %+v", got)
	}
}

// The browser itself finds nothing to keep it from installing the app.
func TestBrowserWouldInstall(t *testing.T) {
	t.Parallel()
	_, _, p := start(t, rig.Config{}, "")
	manifest := call(p, devtools.GetAppManifest, devtools.GetAppManifestParams{})
	for _, e := range manifest.Errors {
		t.Errorf("the manifest, line %d: %s", e.Line, e.Message)
	}
	if manifest.Manifest == nil || manifest.Manifest.Name == "" || len(manifest.Manifest.Icons) == 0 {
		t.Errorf("the browser reads the manifest as %s", toJSON(manifest.Manifest))
	}
	for _, e := range call(p, devtools.GetInstallabilityErrors, cdp.Empty{}).InstallabilityErrors {
		t.Errorf("the app cannot be installed: %s %s", e.ErrorID, toJSON(e.ErrorArguments))
	}
}

func TestPhone(t *testing.T) {
	t.Parallel()
	_, _, p := start(t, rig.Config{}, "?count=30&min_pause=0.02s&max_pause=0.02s&sequence=SEQUENCE_NORMAL")
	check := func(when string) {
		t.Helper()
		for _, width := range []int{390, 360, 320} {
			p.do(chromedp.EmulateViewport(int64(width), 844, chromedp.EmulateMobile, chromedp.EmulateTouch))
			p.wait("the page is as wide as the phone", fmt.Sprintf(`document.documentElement.clientWidth === %d`, width))
			// innerWidth would grow with what is too wide for the screen.
			if is := evaluate[int](p, `document.documentElement.scrollWidth`); is > width {
				wide := evaluate[[]string](p, fmt.Sprintf(`[...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > %d + 1).slice(0, 5).map(e => e.tagName + '.' + e.className)`, width))
				t.Errorf("%s, the page is %d wide on a phone of %d: %v", when, is, width, wide)
			}
			if small := evaluate[[]string](p, `[...document.querySelectorAll('button')].filter(b => { const r = b.getBoundingClientRect(); return r.width > 0 && r.height > 0 && r.height < 24 }).map(b => b.textContent)`); len(small) > 0 {
				t.Errorf("%s, at a width of %d, buttons are too small to be touched: %v", when, width, small)
			}
		}
	}
	check("before the start")
	p.click("Start")
	p.waitNumber(5)
	check("while it runs")
	p.waitState("Finished")
	check("at the end")
}

// axe finds nothing, in any state, in light and dark.
func TestAccessibility(t *testing.T) {
	t.Parallel()
	axe, err := os.ReadFile("node_modules/axe-core/axe.min.js")
	if err != nil {
		t.Fatalf("axe-core is not installed, `make e2e` does it: %v", err)
	}
	_, b, _ := start(t, rig.Config{}, "")
	r := rig.Start(t, rig.Config{})
	for _, scheme := range []string{"light", "dark"} {
		p := b.newPage()
		p.do(chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
			_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
				{Name: "prefers-color-scheme", Value: scheme},
				// What is still fading in has no colour of its own yet.
				{Name: "prefers-reduced-motion", Value: "reduce"},
			}})
			return err
		}))
		check := func(state string) {
			t.Helper()
			evaluate[bool](p, string(axe)+"\ntrue")
			found := evaluate[[]string](p, `axe.run().then(r => r.violations.map(v => v.id + ': ' + v.help + ' ' + v.nodes.map(n => n.html.slice(0, 200)).join(' ')))`)
			for _, f := range found {
				t.Errorf("%s, %s: %s", state, scheme, f)
			}
		}
		p.open(r.URL + "/?endless=true&min_pause=0.05s&max_pause=0.05s")
		check("empty")
		p.click("Start")
		p.waitNumber(5)
		check("running")
		p.click("Stop")
		p.waitState("Stopped")
		check("stopped")
		p.open(r.URL + "/?count=5&min_pause=3s&max_pause=1s")
		p.click("Start")
		p.waitState("Failed")
		check("failed")
		p.forgive("400")
	}
}

// longestTask is how long the page may be busy at a time. People begin to notice
// at 100 ms that nothing answers, and there is more to do in between than our work.
const longestTask = 65 * time.Millisecond

// The page stays small and can be used however much comes, and shows the end of
// it. The test does not run beside others, whose work on the same cores makes tasks
// longer also by what they work.
func TestHundredThousandNumbers(t *testing.T) {
	_, _, p := start(t, rig.Config{}, "?count=100000&min_pause=0s&max_pause=0s")
	var took float64
	longest := p.trace(func() {
		took = evaluate[float64](p, `new Promise(done => {
			const start = performance.now();
			const look = () => sluice.state().includes('Finished') ? done(performance.now() - start) : setTimeout(look, 10);
			sluice.button('Start').click();
			look();
		})`)
	})
	if last := evaluate[int](p, `sluice.last()`); last != 100000 {
		t.Errorf("the last number on the page is %d", last)
	}
	if n := evaluate[int](p, `document.querySelectorAll('*').length`); n > 20000 {
		t.Errorf("the page has %d elements", n)
	}
	t.Logf("100,000 numbers took %.0f ms, %.0f a second; of %d tasks the longest took %v, and that which worked longest %v",
		took, 1e8/took, longest.count, longest.wall, longest.cpu)
	if longest.count < 100 || longest.cpu == 0 {
		t.Fatalf("the trace shows %d tasks that worked up to %v: it does not show the page", longest.count, longest.cpu)
	}
	// By the clock a machine that is busy with other things would be measured.
	if longest.cpu > longestTask {
		t.Errorf("a task worked for %v, and kept the page from all else; %v is allowed", longest.cpu, longestTask)
	}
}
