// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"sluice/internal/rig"
)

// Numbers come one by one, not at once when all are there. As all that goes by the
// clock, it does not run beside other tests.
func TestNumbersComeOneByOne(t *testing.T) {
	_, _, p := start(t, rig.Config{}, "?count=6&min_pause=0.4s&max_pause=0.4s")
	evaluate[bool](p, `
		window.seen = [];
		new MutationObserver(() => {
			const n = sluice.last();
			if (n && (!seen.length || seen.at(-1)[0] !== n)) seen.push([n, performance.now()]);
		}).observe(sluice.log(), {subtree: true, childList: true, characterData: true});
		true`)
	p.click("Start")
	p.waitState("Finished")
	p.checkPositions(6)
	seen := evaluate[[][2]float64](p, `seen`)
	if len(seen) != 6 {
		t.Fatalf("numbers were shown at %d moments: %v", len(seen), seen)
	}
	if took := seen[5][1] - seen[0][1]; took < 1500 {
		t.Errorf("from the first number to the last it took %.0f ms, though they were made 2 s apart", took)
	}
}

// With the settings that a stranger finds, the first number is there within two
// seconds of pressing Start.
func TestFirstNumberIsSoonThere(t *testing.T) {
	_, _, p := start(t, rig.Config{}, "")
	ms := evaluate[float64](p, `new Promise(done => {
		const start = performance.now();
		new MutationObserver((_, o) => {
			if (sluice.last() >= 1) { o.disconnect(); done(performance.now() - start); }
		}).observe(sluice.log(), {subtree: true, childList: true});
		sluice.button('Start').click();
	})`)
	t.Logf("first number after %.0f ms", ms)
	if ms > 2000 {
		t.Errorf("the first number was there after %.0f ms", ms)
	}
}

func TestStopCancelsTheRun(t *testing.T) {
	t.Parallel()
	r, _, p := start(t, rig.Config{}, "?endless=true&min_pause=0.05s&max_pause=0.05s")
	p.click("Start")
	p.waitNumber(3)
	if live := r.Bridge().Stats().Live; live != 1 {
		t.Fatalf("%d runs are live", live)
	}
	p.click("Stop")
	p.waitState("Stopped")
	p.waitState("The run was cancelled")
	eventually(t, "the run is over", func() bool { return r.Bridge().Stats().Live == 0 })
}

func TestCutTheConnection(t *testing.T) {
	t.Parallel()
	_, _, p := start(t, rig.Config{}, "?count=90&min_pause=0.1s&max_pause=0.1s")
	p.click("Start")
	for _, n := range []int{4, 12} {
		p.waitNumber(n)
		p.click("Cut the connection")
		p.waitState("Connection lost")
		p.waitState("Resumed after number")
	}
	p.waitState("Finished")
	p.checkPositions(90)
}

// A reload goes on with the same run, and its link shows the same elsewhere.
func TestReloadAndSecondTab(t *testing.T) {
	t.Parallel()
	r, b, p := start(t, rig.Config{}, "?count=200&min_pause=0.1s&max_pause=0.1s&sequence=SEQUENCE_NORMAL")
	p.click("Start")
	p.waitNumber(5)
	p.wait("the run is in the address", `location.search.includes('run=')`)
	link := evaluate[string](p, `location.href`)
	p.do(chromedp.Reload())
	p.ready()
	p.waitNumber(6)
	other := b.newPage()
	other.open(link)
	other.waitNumber(6)
	if live := r.Bridge().Stats(); live.Live != 1 {
		t.Errorf("there are %+v, want one run", live)
	}
	p.waitState("Finished")
	other.waitState("Finished")
	p.checkPositions(200)
	other.checkPositions(200)
	const values = `sluice.numbers().map(e => e.textContent.trim()).join(' ')`
	if one, two := evaluate[string](p, values), evaluate[string](other, values); one != two {
		t.Errorf("two pages of one run show\n%s\n%s", one, two)
	}
}

// The bridge dies and comes back; so does the backend: pauses.
func TestServersDieAndComeBack(t *testing.T) {
	t.Parallel()
	r, _, p := start(t, rig.Config{}, "?count=60&min_pause=0.1s&max_pause=0.1s")
	p.click("Start")
	p.waitNumber(5)
	r.KillBridge()
	p.waitState("Connection lost")
	r.StartBridge()
	p.waitNumber(20)
	r.KillBackend()
	r.StartBackend()
	p.waitState("Finished")
	p.checkPositions(60)
	p.forgive("net::ERR_")
	p.forgive("503")
}

// What the backend refuses is shown with its code, its words and its field.
func TestBadRequestIsShown(t *testing.T) {
	t.Parallel()
	_, _, p := start(t, rig.Config{}, "?count=5&min_pause=3s&max_pause=1s")
	p.click("Start")
	p.waitState("Failed")
	text := evaluate[string](p, `document.body.innerText`)
	for _, want := range []string{"INVALID_ARGUMENT", "max_pause"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page does not say %s:\n%s", want, text)
		}
	}
	invalid := evaluate[string](p, `[...document.querySelectorAll('[aria-invalid=true]')].map(e => e.getAttribute('aria-describedby') && document.getElementById(e.getAttribute('aria-describedby')).textContent).join('|')`)
	if invalid == "" {
		t.Error("no field is marked as invalid and says why")
	}
	p.forgive("400")
}

// The page that a person uses without a mouse.
func TestKeyboard(t *testing.T) {
	t.Parallel()
	_, _, p := start(t, rig.Config{}, "?endless=true&min_pause=0.05s&max_pause=0.05s")
	reached := false
	for range 40 {
		p.do(chromedp.KeyEvent("\t"))
		if evaluate[string](p, `document.activeElement.textContent.trim()`) == "Start" {
			reached = true
			break
		}
	}
	if !reached {
		t.Fatal("Start cannot be reached with the tabulator key")
	}
	if outline := evaluate[string](p, `(() => { const s = getComputedStyle(document.activeElement); return s.outlineStyle + s.outlineWidth + s.boxShadow })()`); outline == "none0pxnone" {
		t.Error("what has the focus cannot be seen")
	}
	p.do(chromedp.KeyEvent("\r"))
	p.waitNumber(3)
	p.do(chromedp.KeyEvent("\u001b"))
	p.waitState("Stopped")
}
