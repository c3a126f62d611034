// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"slices"
	"strconv"
	"time"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"sluice/wasmui/store"
	"sluice/wasmui/stream"
)

// results is the part of the page that shows what comes of runs.
func (x *Explore) results(v runView) app.UI {
	return with(node("section", "explore-results",
		with(text("h2", "unseen", "Events"), "id", "explore-results"),
		x.tabs(),
		with(node("div", "explore-panel",
			x.tools(v),
			x.problem(v),
			&exploreEvents{Free: x.list.free, Behind: x.list.hidden.Load(), Empty: x.current == nil, View: x.list},
			when(x.current == nil, func() app.UI {
				return text("p", "explore-note explore-empty", "What a run sends appears here, the moment it comes.")
			}),
		), "id", explorePanel, "role", "tabpanel", "aria-labelledby", x.tabID(x.current)),
	), "aria-labelledby", "explore-results")
}

// runView is what the page shows of a run at one moment.
type runView struct {
	Status  status
	Running bool
	Paused  bool
	Summary string // how much has come, and what of it waits
	Filter  string
	Fault   string // why that is no filter
	Found   uint64
	Only    bool
	Failure *stream.Error
	End     string // the last event, as it came
}

// lookAtRun gives the view of the run that is shown.
func (x *Explore) lookAtRun() runView {
	r := x.current
	if r == nil {
		return runView{Status: describe(situation{})}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	snap := r.snap
	r.view()
	v := runView{
		Status:  exploreStatus(snap, time.Now()),
		Running: !snap.Phase.Over(),
		Paused:  r.log.Paused(),
		Summary: runSummary(snap, r.bytes),
		Filter:  r.filter,
		Fault:   r.fault,
		Only:    r.only,
		End:     snap.End,
	}
	if snap.Queued {
		v.Status.Text, v.Status.Detail = "Waiting for a connection", snap.Reason
	}
	if snap.Phase == stream.Failed {
		v.Failure = snap.Err
	}
	if r.filter != "" && r.fault == "" {
		lo, hi := r.found.Bounds()
		v.Found = hi - lo
	}
	if waiting := r.log.Waiting(); waiting > 0 {
		v.Summary += ", of which " + store.FormatCount(uint64(waiting)) + " wait"
	}
	if r.log.Full() && snap.Phase == stream.Open {
		v.Status.Text, v.Status.Tone = "Paused", toneWait
		v.Status.Detail = "No more can be kept unseen. The stream waits until you go on."
	}
	return v
}

// tabID is the id of the tab of a run, "" for none.
func (x *Explore) tabID(r *exploreRun) string {
	if r == nil {
		return "explore-results"
	}
	return "explore-tab-" + strconv.Itoa(r.number)
}

// tabs is the runs, one of which is shown.
func (x *Explore) tabs() app.UI {
	if len(x.runs) == 0 {
		return node("div", "explore-tabs")
	}
	return with(node("div", "explore-tabs", each(len(x.runs), func(i int) app.UI {
		r := x.runs[i]
		index := "-1"
		if r == x.current {
			index = "0"
		}
		r.mu.Lock()
		tone := exploreStatus(r.snap, time.Now()).Tone
		r.mu.Unlock()
		return with(node("button", "explore-tab",
			with(node("span", "state-dot"), "aria-hidden", "true"),
			text("span", "", r.method.Short()),
			text("span", "explore-tab-number", strconv.Itoa(r.number)),
		), "id", x.tabID(r), "type", "button", "role", "tab", "aria-selected", yes(r == x.current), "aria-controls", explorePanel,
			"tabindex", index, "data-tone", string(tone)).
			OnClick(func(app.Context, app.Event) { x.show(r) }, app.EventScope(r.number)).
			OnKeyDown(x.onTabKey)
	})...), "id", exploreTabs, "role", "tablist", "aria-label", "Runs")
}

// onTabKey moves along the tabs by the arrow keys, as tabs do.
func (x *Explore) onTabKey(_ app.Context, e app.Event) {
	step := 0
	switch e.Get("key").String() {
	case "ArrowRight":
		step = 1
	case "ArrowLeft":
		step = -1
	default:
		return
	}
	e.PreventDefault()
	i := (slices.Index(x.runs, x.current) + step + len(x.runs)) % len(x.runs)
	x.show(x.runs[i])
	id := x.tabID(x.current)
	x.later(func() { focus(id) })
}

// tools are what can be done with a run and with what it has sent.
func (x *Explore) tools(v runView) app.UI {
	r := x.current
	if r == nil {
		return node("div", "run-tools")
	}
	pause := "Pause"
	if v.Paused {
		pause = "Go on"
	}
	found := ""
	if v.Filter != "" && v.Fault == "" {
		found = store.FormatCount(v.Found) + " found"
	}
	return with(node("div", "run-tools",
		with(button("button quiet small", "Cancel", func(app.Context, app.Event) { r.client.Stop() }, r.number),
			"aria-disabled", yes(!v.Running)),
		with(button("button quiet small", pause, func(app.Context, app.Event) { x.pause(!v.Paused) }, r.number, v.Paused),
			"aria-pressed", yes(v.Paused), "disabled", yes(!v.Running && !v.Paused)),
		text("span", "run-summary", v.Summary),
		node("span", "run-find",
			with(text("label", "unseen", "Find in the events"), "for", exploreFind),
			input("id", exploreFind, "class", "explore-input", "type", "search", "placeholder", "Find: words, -not, /regexp/",
				"spellcheck", "false", "autocomplete", "off", "aria-describedby", exploreFind+"-found").OnInput(x.onFind).OnKeyDown(x.onFindKey),
			with(button("button quiet small", "↑", func(app.Context, app.Event) { x.find(-1) }, "up"), "aria-label", "Previous event found"),
			with(button("button quiet small", "↓", func(app.Context, app.Event) { x.find(1) }, "down"), "aria-label", "Next event found"),
			with(button("button quiet small", "Only these", func(app.Context, app.Event) { x.setOnly(!v.Only) }, v.Only),
				"aria-pressed", yes(v.Only)),
			with(text("span", "run-found", found+v.Fault), "id", exploreFind+"-found", "aria-live", "polite"),
		),
		with(button("button quiet small", "Save", func(app.Context, app.Event) { x.save(r) }, r.number), "aria-label", "Save the events as a file"),
		with(button("button quiet small", "Close", func(app.Context, app.Event) { x.closeByHand(r) }, r.number), "aria-label", "Close this run"),
	), "role", "group", "aria-label", "The run")
}

func (x *Explore) pause(paused bool) {
	x.current.setPaused(paused)
	x.painter.numbers()
	x.painter.rest()
}

func (x *Explore) onFind(ctx app.Context, _ app.Event) {
	if x.current != nil {
		x.current.setFilter(ctx.JSSrc().Get("value").String())
		x.list.reset()
	}
}

// onFindKey goes from one event to the next by Enter, and backwards with Shift.
func (x *Explore) onFindKey(_ app.Context, e app.Event) {
	if e.Get("key").String() == "Enter" {
		step := 1
		if e.Get("shiftKey").Truthy() {
			step = -1
		}
		x.find(step)
	}
}

func (x *Explore) find(step int) {
	if x.current == nil {
		return
	}
	if place, ok := x.current.find(step); ok {
		x.list.show(place)
	}
}

func (x *Explore) setOnly(only bool) {
	x.current.mu.Lock()
	x.current.only = only
	x.current.mu.Unlock()
	x.list.reset()
}

func (x *Explore) save(r *exploreRun) {
	name := r.method.Short() + "-" + strconv.Itoa(r.number) + ".ndjson"
	saveFile(name, "application/x-ndjson", r.export())
	x.say("Saved as " + name + ".")
}

func (x *Explore) closeByHand(r *exploreRun) {
	x.close(r)
	id := exploreTitle
	if x.current != nil {
		id = x.tabID(x.current)
	}
	x.later(func() { focus(id) })
}
