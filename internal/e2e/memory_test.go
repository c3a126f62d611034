// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/heapprofiler"
	devtools "github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"

	"sluice/internal/rig"
)

// keepMemory has the page remember the memory of the program that it starts.
const keepMemory = `
for (const name of ['instantiate', 'instantiateStreaming']) {
	const real = WebAssembly[name];
	WebAssembly[name] = async (...args) => {
		const made = await real.apply(WebAssembly, args);
		window.wasmMemory = (made.instance ?? made).exports.mem;
		return made;
	};
}`

// An endless stream at full speed takes no more memory and no more elements the
// longer it runs: neither of WebAssembly, which is never given back, nor of
// JavaScript.
func TestMemoryStaysFlat(t *testing.T) {
	r := rig.Start(t, rig.Config{})
	p := newBrowser(t).newPage()
	call(p, devtools.AddScriptToEvaluateOnNewDocument, devtools.AddScriptToEvaluateOnNewDocumentParams{Source: keepMemory})
	p.open(r.URL + "/?endless=true&min_pause=0s&max_pause=0s")
	type usage struct {
		wasm, js float64 // MiB
		elements int
		numbers  int
	}
	look := func() usage {
		t.Helper()
		call(p, heapprofiler.CollectGarbage, cdp.Empty{})
		return usage{
			wasm:     evaluate[float64](p, `wasmMemory.buffer.byteLength`) / (1 << 20),
			js:       call(p, runtime.GetHeapUsage, cdp.Empty{}).UsedSize / (1 << 20),
			elements: evaluate[int](p, `document.querySelectorAll('*').length`),
			numbers:  evaluate[int](p, `sluice.last()`),
		}
	}
	p.click("Start")
	// By then what is kept of the stream has been filled, and some of it dropped.
	p.waitNumber(250_000)
	before := look()
	// A million more, or as many as come in ten seconds, but not too few to tell.
	evaluate[bool](p, `new Promise(done => {
		const start = performance.now(), from = sluice.last();
		const look = () => {
			const more = sluice.last() - from;
			if (more >= 1e6 || more >= 1e5 && performance.now() - start > 1e4) done(true);
			else setTimeout(look, 50);
		};
		look();
	})`)
	after := look()
	t.Logf("after %d numbers %.1f MiB of WebAssembly, %.1f of JavaScript, %d elements; after %d %.1f, %.1f, %d",
		before.numbers, before.wasm, before.js, before.elements, after.numbers, after.wasm, after.js, after.elements)
	if after.wasm > before.wasm+8 {
		t.Errorf("the memory of WebAssembly grew from %.1f to %.1f MiB", before.wasm, after.wasm)
	}
	if after.js > before.js+8 {
		t.Errorf("the memory of JavaScript grew from %.1f to %.1f MiB", before.js, after.js)
	}
	if after.elements > 20_000 {
		t.Errorf("the page has %d elements", after.elements)
	}
	p.click("Stop")
	p.waitState("Stopped")
}
