// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"sluice/internal/rig"
)

// exploreHelpers find what is on the Explore page as people and screen readers
// do: a field by its label, an event by its place in the list.
const exploreHelpers = helpers + `
Object.assign(window.sluice, {
	field: name => {
		const label = [...document.querySelectorAll('label')].find(l => l.textContent.trim() === name);
		return label && document.getElementById(label.htmlFor);
	},
	fill: (name, value) => {
		const e = sluice.field(name);
		e.value = value;
		e.dispatchEvent(new Event(e.tagName === 'SELECT' ? 'change' : 'input', {bubbles: true}));
		return true;
	},
	fault: name => {
		const e = sluice.field(name);
		return e && e.getAttribute('aria-invalid') === 'true' ? document.getElementById(e.getAttribute('aria-describedby')).textContent : '';
	},
	method: name => [...document.querySelectorAll('[aria-labelledby=explore-methods] li button')].find(b => b.firstElementChild && b.firstElementChild.textContent === name),
	events: () => [...document.querySelectorAll('[role=log] details')],
	summary: () => document.querySelector('[role=group][aria-label="The run"]').innerText,
});
true`

// explore opens the Explore page and waits until it has its methods.
func (p *page) explore(url string) {
	p.t.Helper()
	p.do(chromedp.Navigate(url))
	p.wait("there is a page", `document.querySelector('[role=log][aria-label=Events]') !== null`)
	evaluate[bool](p, exploreHelpers)
	p.wait("there are methods", `!!sluice.method('Generate')`)
}

// fill sets a field of the form.
func (p *page) fill(name, value string) {
	p.t.Helper()
	p.wait("there is a field "+name, fmt.Sprintf(`!!sluice.field(%q)`, name))
	evaluate[bool](p, fmt.Sprintf(`sluice.fill(%q, %q)`, name, value))
}

func (p *page) waitEvents(n int) {
	p.t.Helper()
	p.wait(fmt.Sprintf("there are %d events", n), fmt.Sprintf(`sluice.events().length >= %d`, n))
}

// prepared is the address of a prepared call of Generate.
func prepared(r *rig.Rig, request string) string {
	return r.URL + "/explore?method=sluice.numbers.v1.NumberService%2FGenerate&request=" + url.QueryEscape(request)
}

// From the list of methods to the events of a run, by keyboard and pointer.
func TestExplore(t *testing.T) {
	t.Parallel()
	r := rig.Start(t, rig.Config{})
	p := newBrowser(t).newPage()
	p.explore(r.URL + "/explore")

	// A method is looked for and taken by keyboard alone.
	evaluate[bool](p, `document.getElementById('explore-search').focus(); true`)
	p.do(chromedp.KeyEvent("generate"))
	p.wait("the others are gone", `!sluice.method('Check') && !!sluice.method('Generate')`)
	p.do(chromedp.KeyEvent(kb.Enter))
	p.wait("the form is there", `!!sluice.field('count')`)

	// What is typed fast is all there, though the page is drawn meanwhile.
	evaluate[bool](p, `sluice.field('resume_token').focus(); true`)
	typed := strings.Repeat("abcdefghij", 5)
	p.do(chromedp.KeyEvent(typed))
	if got := evaluate[string](p, `sluice.field('resume_token').value`); got != typed {
		t.Errorf("of %q there is %q", typed, got)
	}
	p.fill("resume_token", "")

	p.fill("count", "30")
	p.fill("min_pause", "0.02s")
	p.fill("max_pause", "0.05s")
	p.fill("sequence", "SEQUENCE_PRIMES")
	p.wait("the address has the request", `new URL(location).searchParams.get('request') === '{"count":30,"minPause":"0.02s","maxPause":"0.05s","sequence":"SEQUENCE_PRIMES"}'`)
	p.click("Run")
	p.waitState("Finished")
	p.waitEvents(30)
	lines := evaluate[[]string](p, `sluice.events().map(e => e.querySelector('summary').innerText)`)
	if len(lines) != 30 || !strings.Contains(lines[0], `{"position":1,"value":2,`) || !strings.Contains(lines[29], `{"position":30,"value":113,`) {
		t.Errorf("the events are %q", lines)
	}

	// An event is opened, and the arrow keys go from one to the next.
	evaluate[bool](p, `sluice.events()[3].querySelector('summary').click(); sluice.events()[3].querySelector('summary').focus(); true`)
	p.wait("the event is shown in full", `(sluice.events()[3].querySelector('pre') || {}).innerText?.includes('"value": 7')`)
	p.do(chromedp.KeyEvent(kb.ArrowDown))
	p.wait("the next one has the focus", `document.activeElement === sluice.events()[4].querySelector('summary')`)
}

// A short pause holds nothing up: the run goes on being received, and shows it all
// in the end.
func TestExplorePause(t *testing.T) {
	t.Parallel()
	r := rig.Start(t, rig.Config{})
	p := newBrowser(t).newPage()
	p.explore(prepared(r, `{"count":60,"minPause":"0.02s","maxPause":"0.02s"}`))
	p.wait("the call is prepared", `sluice.field('count')?.value === '60'`)
	p.click("Run")
	p.waitEvents(5)
	p.click("Pause")
	p.wait("some wait", `/of which \d+ wait/.test(sluice.summary())`)
	shown := evaluate[int](p, `sluice.events().length`)
	p.waitState("Finished")
	if now := evaluate[int](p, `sluice.events().length`); now != shown || now >= 60 {
		t.Errorf("paused at %d events, the page shows %d", shown, now)
	}
	p.click("Go on")
	p.waitEvents(60)
	positions := evaluate[[]int](p, `sluice.events().map(e => Number(/"position":(\d+)/.exec(e.innerText)[1]))`)
	for i, n := range positions {
		if n != i+1 {
			t.Fatalf("event %d is number %d", i+1, n)
		}
	}
}

// A pause that outlasts what the page can keep has the stream wait, the backend
// too, and loses nothing; one that is cancelled ends at once.
func TestExploreLongPause(t *testing.T) {
	t.Parallel()
	r, e := startWithEcho(t)
	p := newBrowser(t).newPage()
	p.explore(r.URL + "/explore?method=" + url.QueryEscape(floodMethod) + "&request=" + url.QueryEscape(`{"name":"paused"}`))
	p.wait("the call is prepared", `sluice.field('name')?.value === 'paused'`)
	p.click("Run")
	p.waitEvents(1)
	p.click("Pause")
	close(e.flood)
	p.waitState("The stream waits until you go on")
	if n := e.sent.Load(); n == floodEvents {
		t.Error("all was sent, and nothing waits")
	}
	p.click("Go on")
	p.waitState("Finished")
	p.wait("all of it came", fmt.Sprintf(`/\b%d events/.test(sluice.summary().replace(/(?<=\d)\D(?=\d{3}\b)/g, ''))`, floodEvents))
	if state := evaluate[string](p, `sluice.state()`); strings.Contains(state, "did not come") {
		t.Errorf("the page says %q", state)
	}

	p.explore(prepared(r, `{"endless":true,"minPause":"0s","maxPause":"0s"}`))
	p.wait("the call is prepared", `sluice.field('endless')?.value === 'true'`)
	p.click("Run")
	p.click("Pause")
	p.waitState("The stream waits until you go on")
	p.click("Cancel")
	p.waitState("The run was cancelled")
}

func TestExploreFindAndFilter(t *testing.T) {
	t.Parallel()
	r := rig.Start(t, rig.Config{})
	p := newBrowser(t).newPage()
	p.explore(prepared(r, `{"count":1000,"minPause":"0s","maxPause":"0s"}`))
	p.wait("the call is prepared", `sluice.field('count')?.value === '1000'`)
	p.click("Run")
	p.waitState("Finished")
	evaluate[bool](p, `document.getElementById('explore-find').focus(); true`)
	p.do(chromedp.KeyEvent(`/"position":[25]00,/`))
	p.wait("two are found", `sluice.summary().includes('2 found')`)
	current := `/"position":(\d+)/.exec(document.querySelector('[role=log] [aria-current]')?.innerText)?.[1]`
	for _, want := range []string{"500", "200", "500"} {
		p.do(chromedp.KeyEvent(kb.Enter))
		p.wait("number "+want+" is shown", current+` === '`+want+`'`)
	}
	p.click("Only these")
	p.wait("only they are shown", `sluice.events().length === 2`)
	if marks := evaluate[int](p, `document.querySelectorAll('[role=log] mark').length`); marks != 2 {
		t.Errorf("%d places are marked", marks)
	}
	p.click("Only these")
	p.wait("all are shown again", `sluice.events().length > 100`)
}

// Form and JSON are two views of one request.
func TestExploreJSON(t *testing.T) {
	t.Parallel()
	r := rig.Start(t, rig.Config{})
	p := newBrowser(t).newPage()
	p.explore(prepared(r, `{"count":3}`))
	p.wait("the call is prepared", `sluice.field('count')?.value === '3'`)
	p.click("JSON")
	p.wait("the JSON is there", `sluice.field('The request as JSON')?.value === '{\n  "count": 3\n}'`)
	p.fill("The request as JSON", `{"count": 4, "min_pause": "0s", "maxPause": "0s", "lower_bound": -1.5, "sequence": 3}`)
	p.click("Form")
	p.wait("the form has it", `sluice.field('count')?.value === '4' && sluice.field('lower_bound').value === '-1.5' && sluice.field('sequence').value === 'SEQUENCE_NORMAL'`)
	p.click("JSON")
	p.fill("The request as JSON", `{"cuont": 4}`)
	p.click("Form")
	p.wait("the page says what is wrong", `sluice.fault('The request as JSON').includes('"cuont"')`)
	p.fill("The request as JSON", `{"count": 2, "maxPause": "0s"}`)
	p.click("Run")
	p.waitState("Finished")
	p.waitEvents(2)

	// What the form cannot show the bridge judges, as it was typed.
	p.fill("The request as JSON", `{"cuont": 4, "count": 5}`)
	p.click("Run")
	p.waitState("Failed")
	p.wait("the page shows what the bridge says", `/INVALID_ARGUMENT[^]*cuont/.test(document.querySelector('[role=alert]').innerText)`)
	if n := evaluate[int](p, `sluice.events().length`); n != 0 {
		t.Errorf("%d events came of another request than the one that was typed", n)
	}
	p.forgive("400")
}

// What a server finds wrong stands beside the fields, and in full.
func TestExploreErrors(t *testing.T) {
	t.Parallel()
	r := rig.Start(t, rig.Config{})
	p := newBrowser(t).newPage()
	p.explore(prepared(r, `{"minPause":"3s","maxPause":"1s"}`))
	p.wait("the call is prepared", `sluice.field('min_pause')?.value === '3s'`)

	// What cannot be sent is found here.
	p.fill("count", "-1")
	p.click("Run")
	p.wait("the field is marked", `sluice.fault('count').includes('from 0 to 4294967295') && document.activeElement === sluice.field('count')`)
	p.fill("count", "")

	p.click("Run")
	p.waitState("Failed")
	p.wait("the field is marked", `sluice.fault('max_pause').includes('min_pause')`)
	alert := evaluate[string](p, `document.querySelector('[role=alert]').innerText`)
	if !strings.Contains(alert, "INVALID_ARGUMENT") || !strings.Contains(alert, "max_pause") {
		t.Errorf("the page says %q", alert)
	}
	if all := evaluate[string](p, `document.querySelector('[role=alert] details pre').textContent`); !strings.Contains(all, "google.rpc.BadRequest") {
		t.Errorf("all that the server says is %q", all)
	}
	p.click("max_pause")
	p.wait("the field has the focus", `document.activeElement === sluice.field('max_pause')`)
	p.fill("max_pause", "5s")
	p.wait("the fault is taken back", `sluice.fault('max_pause') === ''`)
	p.forgive("400")
}

// Runs are kept in tabs; one is cancelled, and the request is kept for the next
// visit.
func TestExploreTabsAndHistory(t *testing.T) {
	t.Parallel()
	r := rig.Start(t, rig.Config{})
	p := newBrowser(t).newPage()
	p.explore(prepared(r, `{"endless":true,"minPause":"0.05s","maxPause":"0.05s"}`))
	p.wait("the call is prepared", `sluice.field('endless')?.value === 'true'`)
	p.click("Run")
	p.waitEvents(3)
	p.fill("endless", "not set")
	p.fill("count", "7")
	p.click("Run")
	p.waitState("Finished")
	p.wait("the other run shows its own", `sluice.events().length === 7`)
	tab := func(name string) {
		t.Helper()
		evaluate[bool](p, `[...document.querySelectorAll('[role=tab]')].find(b => b.innerText.includes('`+name+`')).click(); true`)
		p.wait("tab "+name+" is chosen", `document.querySelector('[role=tab][aria-selected=true]').innerText.includes('`+name+`')`)
	}
	tab("1")
	p.waitState("Receiving")
	p.waitEvents(10)
	p.click("Cancel")
	p.waitState("Stopped")
	p.waitState("The run was cancelled")
	p.click("Close this run")
	p.wait("one run is left", `document.querySelectorAll('[role=tab]').length === 1 && sluice.events().length === 7`)

	p.explore(r.URL + "/explore")
	p.wait("both requests are kept", `document.querySelectorAll('.explore-past button').length === 2`)
	evaluate[bool](p, `document.querySelectorAll('.explore-past button')[1].click(); true`)
	p.wait("the earlier one is there", `sluice.field('endless')?.value === 'true' && sluice.field('min_pause').value === '0.05s'`)
	p.click("forget all")
	p.explore(r.URL + "/explore")
	if n := evaluate[int](p, `document.querySelectorAll('.explore-past button').length`); n != 0 {
		t.Errorf("%d requests are kept", n)
	}
}

// Ten thousand events are looked through as well as ten.
func TestExploreManyEvents(t *testing.T) {
	r := rig.Start(t, rig.Config{})
	p := newBrowser(t).newPage()
	p.explore(prepared(r, `{"count":50000,"minPause":"0s","maxPause":"0s"}`))
	p.wait("the call is prepared", `sluice.field('count')?.value === '50000'`)
	p.click("Run")
	p.waitState("Finished")
	p.wait("the last one is shown", `/"position":50000/.test(sluice.events().at(-1)?.innerText)`)
	if n := evaluate[int](p, `document.querySelectorAll('*').length`); n > 20000 {
		t.Errorf("the page has %d elements", n)
	}
}

// axe finds nothing, in any state, in light and dark, wide and on a phone; and
// nothing is wider than the phone.
func TestExploreAccessibility(t *testing.T) {
	t.Parallel()
	axe, err := os.ReadFile("node_modules/axe-core/axe.min.js")
	if err != nil {
		t.Fatalf("axe-core is not installed, `make e2e` does it: %v", err)
	}
	r := rig.Start(t, rig.Config{})
	b := newBrowser(t)
	for _, scheme := range []string{"light", "dark"} {
		for _, width := range []int64{1366, 390} {
			p := b.newPage()
			p.do(chromedp.EmulateViewport(width, 844), chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
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
					t.Errorf("%s, %s, %d wide: %s", state, scheme, width, f)
				}
				if evaluate[bool](p, `document.documentElement.scrollWidth > innerWidth`) {
					t.Errorf("%s, the page is wider than %d", state, width)
				}
			}
			pane := func(name string) {
				if width < 768 {
					p.click(name)
				}
			}
			p.explore(r.URL + "/explore")
			check("empty")
			p.explore(prepared(r, `{"endless":true,"minPause":"0.05s","maxPause":"0.05s"}`))
			p.wait("the call is prepared", `sluice.field('endless')?.value === 'true'`)
			evaluate[bool](p, `document.querySelectorAll('details').forEach(d => d.open = true); true`)
			check("with a form")
			p.click("Run")
			p.waitEvents(3)
			evaluate[bool](p, `sluice.events()[1].open = true; sluice.fill('Find in the events', 'value'); true`)
			p.wait("something is marked", `document.querySelector('[role=log] mark') !== null`)
			check("running")
			p.click("Pause")
			p.click("Cancel")
			p.waitState("Stopped")
			check("stopped and paused")
			pane("Request")
			p.click("JSON")
			p.fill("The request as JSON", `{"minPause":"3s","maxPause":"1s"}`)
			check("as JSON")
			p.click("Form")
			p.click("Run")
			p.waitState("Failed")
			check("failed")
			pane("Request")
			p.wait("the field is marked", `sluice.fault('max_pause') !== ''`)
			check("with a fault beside its field")
			p.forgive("400")
		}
	}
}
