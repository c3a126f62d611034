// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"slices"
	"time"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"sluice/wasmui/form"
	"sluice/wasmui/stream"
)

// What the parts of the page ask of it. All of it runs on go-app's goroutine for
// the page, as every event handler does.

// choose opens a method with an empty request, or leaves the one that is open as
// it is.
func (x *Explore) choose(m *form.Method) {
	if x.method == nil || x.method.Name != m.Name || x.method.Backend != m.Backend {
		x.open(form.Past{Method: m.Name, Backend: m.Backend, Request: "{}"})
	}
	x.pane = paneRequest
	x.later(func() { focus(exploreTitle) })
}

// openByHand opens an earlier call, and moves to it.
func (x *Explore) openByHand(p form.Past) {
	x.open(p)
	x.later(func() { focus(exploreTitle) })
}

// open prepares a call, or does so once the catalog is there.
func (x *Explore) open(p form.Past) {
	if x.catalog == nil {
		x.link = exploreLink(p)
		return
	}
	m := x.catalog.Method(p.Method, p.Backend)
	if m == nil {
		x.say("The bridge no longer offers " + p.Method + ".")
		return
	}
	asJSON := x.asJSON
	x.method, x.form, x.asJSON, x.wrong = m, form.New(x.catalog, m.Request), false, ""
	x.json = form.Indent(p.Request)
	if err := x.form.SetJSON(p.Request); err != nil {
		x.asJSON, x.wrong = true, sentence(err.Error())
	} else if asJSON {
		x.asJSON = true
	}
	if x.pane == paneMethods {
		x.pane = paneRequest
	}
	closeComments()
	x.changed()
}

// changed follows a change of the request that was not typed.
func (x *Explore) changed() {
	x.edited()
	x.later(func() { x.syncForm() })
}

// edited follows every change of the request.
func (x *Explore) edited() {
	if x.urlTimer != nil {
		x.urlTimer.Stop()
	}
	x.urlTimer = time.AfterFunc(urlAfter, x.painter.rest)
}

// requestJSON is the request on one line, as the view that is open has it.
func (x *Explore) requestJSON() string {
	if x.asJSON {
		return form.Compact(x.json)
	}
	return x.form.JSON()
}

// showJSON changes the view of the request. JSON that the form cannot show stays
// JSON, with why.
func (x *Explore) showJSON(asJSON bool) {
	switch {
	case asJSON == x.asJSON:
		return
	case asJSON:
		x.json = form.Indent(x.form.JSON())
	default:
		if err := x.form.SetJSON(x.json); err != nil {
			x.wrong = sentence(err.Error())
			return
		}
	}
	x.asJSON, x.wrong = asJSON, ""
	x.changed()
}

// asForm is the request as a form, or why there is none of what was typed as JSON:
// that is for the server to judge, as it was typed.
func (x *Explore) asForm() (*form.Form, error) {
	if !x.asJSON {
		return x.form, nil
	}
	f := form.New(x.catalog, x.method.Request)
	return f, f.SetJSON(x.json)
}

// mostRuns is how many runs are kept in tabs.
const mostRuns = 8

// run calls the method with the request as it stands, in a tab of its own.
func (x *Explore) run() {
	if x.method == nil || !x.method.Runs() {
		return
	}
	if x.asJSON {
		if err := form.Syntax(x.json); err != nil {
			x.wrong = sentence(err.Error())
			x.later(func() { focus(exploreJSON) })
			return
		}
	} else if wrong := x.form.Check(); len(wrong) > 0 {
		x.pane = paneRequest
		x.later(func() { focus(fieldID(wrong[0])) })
		return
	}
	if !x.makeRoom() {
		x.say("All tabs have runs that go on: close one first.")
		return
	}
	address := x.method.Post()
	if f, err := x.asForm(); err == nil {
		x.form = f
		if query, ok := f.Query(); ok {
			address = exploreURL(x.method, query)
		}
	}
	x.form.Forgive()
	request := x.requestJSON()
	r := newExploreRun(x.transport, x.method, request, address)
	r.onEvents, r.onState = x.painter.numbers, x.painter.rest
	x.made++
	r.number = x.made
	x.runs = append(x.runs, r)
	x.past = x.past.With(form.Past{Method: x.method.Name, Backend: x.method.Backend, Request: request, At: time.Now().Round(time.Second)})
	writeLocal(historyKey, x.past.JSON())
	x.pane = paneEvents
	x.show(r)
	r.start()
}

// makeRoom closes the oldest run that is over where there are as many as may be.
func (x *Explore) makeRoom() bool {
	if len(x.runs) < mostRuns {
		return true
	}
	for _, r := range x.runs {
		if !r.running() {
			x.close(r)
			return true
		}
	}
	return false
}

// show brings a run to the front.
func (x *Explore) show(r *exploreRun) {
	x.current = r
	x.list.reset()
	filter := ""
	if r != nil {
		filter = r.filter
	}
	x.later(func() {
		if el := app.Window().GetElementByID(exploreFind); el.Truthy() {
			el.Set("value", filter)
		}
	})
	x.painter.rest()
}

// close leaves a run, and shows the one beside it.
func (x *Explore) close(r *exploreRun) {
	i := slices.Index(x.runs, r)
	if i < 0 {
		return
	}
	r.client.Close()
	x.runs = slices.Delete(x.runs, i, i+1)
	if x.current != r {
		return
	}
	var next *exploreRun
	if len(x.runs) > 0 {
		next = x.runs[max(i-1, 0)]
	}
	x.show(next)
}

// markFields puts what a server has found wrong beside the fields of the form,
// once, and only while that is still the request that it judged.
func (x *Explore) markFields() {
	r := x.current
	if r == nil || r.marked || x.method == nil || r.method.Name != x.method.Name {
		return
	}
	r.mu.Lock()
	snap := r.snap
	r.mu.Unlock()
	if snap.Phase != stream.Failed || snap.Err == nil {
		return
	}
	r.marked = true
	if x.requestJSON() != r.request {
		return
	}
	for _, v := range snap.Err.Violations {
		if n := x.form.Find(v.Field); n != x.form.Root || n.Kind != form.Nested {
			n.Wrong = sentence(v.Description)
		}
	}
}

// showField moves to the field that a server named.
func (x *Explore) showField(path string) {
	x.pane = paneRequest
	if x.asJSON {
		x.showJSON(false)
	}
	id := exploreJSON
	if n := x.form.Find(path); !x.asJSON && n != x.form.Root {
		id = fieldID(n)
	} else if !x.asJSON {
		id = exploreTitle
	}
	x.later(func() { focus(id) })
}
