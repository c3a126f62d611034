// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"time"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"sluice/wasmui/form"
	"sluice/wasmui/stream"
)

// Explore is the Explore page: any method that the bridge offers, a form for its
// request, and what comes of it. It is the root of the tree.
type Explore struct {
	app.Compo

	transport stream.Transport
	painter   *painter
	list      *eventView

	// dispatch runs a function where everything of the page runs, later runs one
	// after the page has been drawn. Until the page is mounted they run it at once.
	dispatch, later func(func())
	hide            func() // gives up what streams hold
	listeners       []*listener
	ready           bool // mounted: the page answers
	origin          string

	catalog *form.Catalog // nil until it has come
	asking  bool          // for the catalog
	fault   string        // why there is no catalog
	query   string        // what is looked for among the methods
	backend string        // whose methods are listed, "" for all

	method *form.Method // nil until one is chosen
	form   *form.Form
	asJSON bool   // the request is edited as JSON
	json   string // as it was typed
	wrong  string // why that cannot be a form
	call   callKind
	past   form.History

	runs    []*exploreRun
	current *exploreRun // the one that is shown, nil for none
	made    int         // how many there have been

	pane     explorePane // what a narrow page shows
	said     string
	sayings  int
	url      string
	urlTimer *time.Timer
	link     exploreLink // what the address asked for, until it is there
}

var (
	_ app.Mounter    = (*Explore)(nil)
	_ app.Dismounter = (*Explore)(nil)
)

// NewExplore makes the page. It does nothing until it is mounted, so it can be
// rendered outside of a browser.
func NewExplore() *Explore {
	http, changed := stream.NewFetch(), func() {}
	tabs := stream.NewTabs(http, beyondFetch(http, changed), pageHasFew, changed)
	x := newExplore(tabs)
	x.hide = tabs.Hide
	return x
}

func newExplore(transport stream.Transport) *Explore {
	x := &Explore{transport: transport, origin: defaultOrigin, pane: paneMethods}
	x.painter = &painter{
		frame:  func(func()) {}, // until the page is mounted
		after:  afterFunc,
		hidden: isHidden,
		drawNumbers: func() (leap bool) {
			more, leap := x.list.flush()
			if more {
				x.painter.numbers()
			}
			return leap
		},
		drawRest: x.drawRest,
	}
	x.dispatch = func(f func()) { f() }
	x.later, x.hide = x.dispatch, func() {}
	x.list = newEventView(func() *exploreRun { return x.current }, x.painter.rest)
	return x
}

// explorePane is a part of the page that has all of a narrow one to itself.
type explorePane string

const (
	paneMethods explorePane = "methods"
	paneRequest explorePane = "request"
	paneEvents  explorePane = "events"
)

// The ids of what the page moves the focus to, or refers to.
const (
	exploreSearch  = "explore-search"
	exploreBackend = "explore-backend"
	exploreRunning = "explore-run"
	exploreTitle   = "explore-title"
	exploreJSON    = "explore-json"
	exploreFind    = "explore-find"
	exploreForm    = "explore-form"
	exploreTabs    = "explore-tabs"
	explorePanel   = "explore-panel"
)

// Render implements app.Composer.
func (x *Explore) Render() app.UI {
	v := x.lookAtRun()
	if !x.ready {
		v.Status.Text, v.Status.Tone = "Loading", toneBusy
	}
	return with(node("div", "page explore",
		with(text("a", "skip", "Skip to the events"), "href", "#"+eventsID).OnClick(x.onSkip),
		&masthead{At: ExplorePath, Status: v.Status},
		x.panes(),
		node("main", "explore-main",
			&exploreMethods{
				Catalog: x.catalog, Fault: x.fault, Asking: x.asking || !x.ready, Query: x.query,
				Backend: x.backend, Chosen: x.method, Page: x,
			},
			x.request(),
			x.results(v),
		),
		with(text("div", "said", x.said), "aria-live", "polite"),
	), "data-pane", string(x.pane))
}

// panes chooses what a narrow page shows.
func (x *Explore) panes() app.UI {
	pane := func(p explorePane, label string) app.UI {
		b := button("explore-pane", label, func(app.Context, app.Event) { x.pane = p }, string(p))
		return with(b, "aria-pressed", yes(x.pane == p))
	}
	return with(node("nav", "explore-panes",
		pane(paneMethods, "Methods"),
		pane(paneRequest, "Request"),
		pane(paneEvents, "Events"),
	), "aria-label", "Parts of the page")
}

// drawRest has the tree drawn, and reports whether that is to be repeated.
func (x *Explore) drawRest() (running bool) {
	if !x.ready {
		return false
	}
	x.dispatch(func() { x.follow() })
	for _, r := range x.runs {
		running = running || r.running()
	}
	return running
}

// follow keeps what lies outside of the tree in step: the address, the title,
// and what the server has found wrong with the fields.
func (x *Explore) follow() {
	if x.method != nil {
		x.setURL(exploreLinkTo(x.method, x.requestJSON()))
		setTitle(x.method.Short() + " · Sluice: explore")
	}
	x.markFields()
}

// onSkip moves the focus too, which following the link would not: go-app takes
// clicks on links over.
func (x *Explore) onSkip(_ app.Context, e app.Event) {
	e.PreventDefault()
	e.StopImmediatePropagation()
	focus(eventsID)
}
