// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"
)

// formHelpers find what is in a part of the form: a message, a list, a map or an
// element of one, by the names that lead to it.
const formHelpers = `
Object.assign(window.sluice, {
	part: path => path.reduce((at, name) => at && [...at.querySelectorAll('[role=group]')].find(g =>
		document.getElementById(g.getAttribute('aria-labelledby'))?.textContent === name), document.getElementById('explore-form')),
	inPart: (path, name) => {
		const label = [...(sluice.part(path)?.querySelectorAll('label') || [])].find(l => l.textContent.trim() === name);
		return label && document.getElementById(label.htmlFor);
	},
	fillInPart: (path, name, value) => {
		const e = sluice.inPart(path, name);
		e.value = value;
		e.dispatchEvent(new Event(e.tagName === 'SELECT' ? 'change' : 'input', {bubbles: true}));
		return e.value === value;
	},
});
true`

// fillIn sets a field of a part of the form.
func (p *page) fillIn(path, name, value string) {
	p.t.Helper()
	at := toJSON(strings.Split(path, "/"))
	p.wait("there is a field "+name+" in "+path, fmt.Sprintf(`!!sluice.inPart(%s, %q)`, at, name))
	if !evaluate[bool](p, fmt.Sprintf(`sluice.fillInPart(%s, %q, %q)`, at, name, value)) {
		p.t.Fatalf("field %s of %s does not take %q\n%s", name, path, value, p.situation())
	}
}

// waitRequest waits until the address has this request.
func (p *page) waitRequest(request string) {
	p.t.Helper()
	p.wait("the request is "+request, fmt.Sprintf(`new URL(location).searchParams.get('request') === %q`, request))
}

// answers gives the data of all events, once there are so many.
func (p *page) answers(n int) []string {
	p.t.Helper()
	p.waitEvents(n)
	evaluate[bool](p, `sluice.events().forEach(e => e.querySelector('pre') || e.querySelector('summary').click()); true`)
	p.wait("all events are open", `sluice.events().every(e => e.querySelector('pre'))`)
	return evaluate[[]string](p, `sluice.events().map(e => JSON.stringify(JSON.parse(e.querySelector('pre').textContent)))`)
}

// Of two backends one is picked, and a request with every kind of field is filled
// in by hand; what comes back is what was meant.
func TestExploreForm(t *testing.T) {
	t.Parallel()
	r, e := startWithEcho(t)
	p := newBrowser(t).newPage()
	p.explore(r.URL + "/explore")
	evaluate[bool](p, formHelpers)

	p.wait("both backends are listed", `!!sluice.method('Say') && !!sluice.method('Generate')`)
	p.fill("Backend", "echo")
	p.wait("one is", `!!sluice.method('Say') && !sluice.method('Generate')`)
	p.fill("Backend", "numbers")
	p.wait("the other is", `!sluice.method('Say') && !!sluice.method('Generate')`)
	p.fill("Backend", "all backends")
	p.wait("both are listed again", `!!sluice.method('Say') && !!sluice.method('Generate')`)
	evaluate[bool](p, `sluice.method('Say').click(); true`)

	p.fill("name", `"quoted" & it's`)
	// A message that is added, left out, and added again is empty.
	p.click("Add main")
	p.fillIn("main", "item", "gone")
	p.click("Leave out main")
	p.waitRequest(`{"name":"\"quoted\" & it's"}`)
	p.click("Add main")
	p.fillIn("main", "pieces", "3")
	// Elements keep what is theirs when one between them goes.
	for i, item := range []string{"first", "second", "third"} {
		p.click("Add lines")
		p.fillIn(fmt.Sprintf("lines/lines %d", i+1), "item", item)
	}
	p.click("Remove lines 2")
	p.wait("the third is the second", `sluice.inPart(['lines', 'lines 2'], 'item')?.value === 'third' && !sluice.part(['lines', 'lines 3'])`)
	p.fillIn("lines/lines 2", "pieces", "4")
	p.click("Add tags")
	p.fillIn("tags", "tags 1", "gone")
	p.click("Add tags")
	p.fillIn("tags", "tags 2", "kept")
	p.click("Remove tags 1")
	p.click("Add states")
	p.fillIn("states", "states 1", "STATE_CLOSED")
	// Maps, of values and of messages. Two entries of one key are a fault.
	p.click("Add stock")
	p.fillIn("stock", "key", "tea pot")
	p.fillIn("stock", "value", "-5")
	p.click("Add shelves")
	p.fillIn("shelves", "key", "seven")
	p.fillIn("shelves/value", "item", "pot")
	// Of a oneof what was chosen last is sent.
	p.fill("pay", "cash")
	p.fill("cash", "10")
	p.fill("pay", "card")
	p.fillIn("card", "item", "1234")
	p.fill("within", "1.5s")
	p.fill("state", "STATE_OPEN")
	p.fill("total_cents", "9007199254740993")
	p.fill("signature", "aGVsbG8=")
	before := time.Now().Add(-time.Second)
	p.click("Now, for placed_at")
	p.wait("there is a time", `sluice.field('placed_at').value !== ''`)
	placed := evaluate[string](p, `sluice.field('placed_at').value`)
	if at, err := time.Parse(time.RFC3339, placed); err != nil || at.Before(before) || at.After(time.Now()) {
		t.Errorf("now is %s, %v", placed, err)
	}

	p.click("Run")
	p.wait("the key is at fault", `document.getElementById('explore-form').innerText.includes('The key: A whole number from')`)
	p.fillIn("shelves", "key", "7")
	p.click("Run")
	p.waitState("Finished")

	const want = `{"name":"\"quoted\" & it's","main":{"pieces":3},"lines":[{"item":"first"},{"item":"third","pieces":4}],"tags":["kept"],` +
		`"stock":{"tea pot":-5},"shelves":{"7":{"item":"pot"}},"card":{"item":"1234"},"placedAt":"%s","within":"1.500s","state":"STATE_OPEN",` +
		`"states":["STATE_CLOSED"],"totalCents":"9007199254740993","signature":"aGVsbG8="}`
	wanted := parseMessage(t, e.order, fmt.Sprintf(want, placed))
	for i, answer := range p.answers(2) {
		if diff := cmp.Diff(wanted, parseMessage(t, e.order, answer), protocmp.Transform()); diff != "" {
			t.Errorf("answer %d (-want +got):\n%s", i+1, diff)
		}
	}
}
