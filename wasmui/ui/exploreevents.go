// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"strconv"
	"strings"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"sluice/wasmui/events"
	"sluice/wasmui/store"
)

// eventsID is the id of the element that the events are in.
const eventsID = "events"

// exploreEvents is the place of the events of a run. go-app's tree ends at it:
// what is inside is the View's.
type exploreEvents struct {
	app.Compo

	Free   bool // the reader has scrolled away from the end
	Behind uint64
	Empty  bool
	View   *eventView
}

// OnMount implements app.Mounter.
func (l *exploreEvents) OnMount(app.Context) { l.View.mount() }

// OnDismount implements app.Dismounter.
func (l *exploreEvents) OnDismount() { l.View.dismount() }

// Render implements app.Composer. The events are not announced one by one: a
// person who wants them read moves to them.
func (l *exploreEvents) Render() app.UI {
	jump := "Jump to the latest"
	if l.Behind > 0 {
		jump += ", " + store.FormatCount(l.Behind) + " further on"
	}
	return node("div", "events-frame",
		with(node("div", "events"),
			"id", eventsID, "role", "log", "aria-label", "Events", "aria-live", "off", "tabindex", "0"),
		when(l.Free && !l.Empty, func() app.UI { return button("button jump", jump, l.onJump) }),
	)
}

func (l *exploreEvents) onJump(app.Context, app.Event) {
	l.View.jump()
	focus(eventsID)
}

// eventView writes the events of a run into the document, past go-app's tree.
type eventView struct {
	*logView
	run    func() *exploreRun // the one that is shown, nil for none
	toggle app.Func
}

func newEventView(run func() *exploreRun, onFollow func()) *eventView {
	return &eventView{logView: newLogView(eventSource(run), onFollow), run: run}
}

// mount takes the element that the events go into.
func (v *eventView) mount() {
	host := app.Window().GetElementByID(eventsID)
	v.toggle = app.FuncOf(func(_ app.Value, args []app.Value) any {
		if event := args[0]; event.Get("type").String() == "toggle" {
			v.toggled(event.Get("target"))
		} else {
			v.pressed(event)
		}
		return nil
	})
	// An event of this type does not rise; what is on its way down is caught.
	host.Call("addEventListener", "toggle", v.toggle, true)
	host.Call("addEventListener", "keydown", v.toggle)
	v.logView.mount(host)
}

func (v *eventView) dismount() {
	if v.host != nil {
		v.host.Call("removeEventListener", "toggle", v.toggle, true)
		v.host.Call("removeEventListener", "keydown", v.toggle)
		v.toggle.Release()
	}
	v.logView.dismount()
}

// toggled fills in an event that was opened. It is set in full only then, and
// let go of when it is closed.
func (v *eventView) toggled(details app.Value) {
	r := v.run()
	index, err := strconv.ParseUint(details.Get("dataset").Get("index").String(), 10, 64)
	if r == nil || err != nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	body := details.Get("lastElementChild")
	if !details.Get("open").Bool() {
		delete(r.expanded, index)
		if body.Get("tagName").String() != "SUMMARY" {
			body.Call("remove")
		}
		return
	}
	if r.expanded[index] {
		return
	}
	html := []byte(`<p class="events-lost">This one is no longer kept.</p>`)
	if lo, hi := r.log.Bounds(); index >= lo && index < hi {
		r.expanded[index] = true
		html = appendBody(nil, r.log.At(index))
	}
	details.Call("insertAdjacentHTML", "beforeend", string(html))
}

// pressed moves from event to event by the arrow keys.
func (v *eventView) pressed(event app.Value) {
	step := ""
	switch event.Get("key").String() {
	case "ArrowDown":
		step = "nextElementSibling"
	case "ArrowUp":
		step = "previousElementSibling"
	default:
		return
	}
	row := event.Get("target").Call("closest", "details")
	if !row.Truthy() {
		return
	}
	event.Call("preventDefault")
	for next := row.Get(step); ; next = next.Get(step) {
		if !next.Truthy() { // the next block
			block := row.Get("parentElement").Get(step)
			if !block.Truthy() {
				return
			}
			rows := block.Call("querySelectorAll", "details")
			at := 0
			if step == "previousElementSibling" {
				at = rows.Length() - 1
			}
			next = rows.Index(at)
		}
		if next.Get("tagName").String() == "DETAILS" {
			next.Get("firstElementChild").Call("focus")
			return
		}
	}
}

// show puts the event at a place into the middle, and marks it as the one that
// was looked for.
func (v *eventView) show(place uint64) {
	v.read(func(lo, hi uint64) {
		if place < v.window.start() || place >= v.window.end() {
			v.window.around(lo, hi, place)
		}
		v.hidden.Store(hi - v.window.end())
	})
	v.setFree(true)
	if last := v.host.Call("querySelector", "[aria-current]"); last.Truthy() {
		last.Call("removeAttribute", "aria-current")
	}
	row := v.host.Call("querySelector", `[data-place="`+strconv.FormatUint(place, 10)+`"]`)
	if row.Truthy() {
		row.Call("setAttribute", "aria-current", "true")
		row.Call("scrollIntoView", map[string]any{"block": "center"})
	}
}

// around begins anew with the block that holds a place, and what follows it.
func (w *window) around(lo, hi, place uint64) {
	w.clear()
	from := max(lo, place/blockNumbers*blockNumbers)
	w.push(from, min(hi, blockEnd(from)))
	w.fill(min(hi, w.end()+jumpNumbers))
}

// eventSource is the events of a run for a logView.
type eventSource func() *exploreRun

func (s eventSource) bounds() (lo, hi uint64) {
	if r := s(); r != nil {
		r.mu.Lock()
		defer r.mu.Unlock()
		return r.view().Bounds()
	}
	return 0, 0
}

func (s eventSource) label(uint64) string { return "" }

func (s eventSource) markup(dst []byte, from, to uint64, fresh bool) []byte {
	r := s()
	r.mu.Lock()
	defer r.mu.Unlock()
	shown := r.view()
	lo, hi := shown.Bounds()
	var f events.Filter
	if r.filter != "" {
		f = r.found.Filter()
	}
	for place := max(from, lo); place < min(to, hi); place++ {
		index := shown.Index(place)
		e := r.log.At(index)
		dst = appendEvent(dst, e, eventPlace{
			place: place, index: index, open: r.expanded[index], fresh: fresh,
			found: !f.All() && f.Match(e), current: r.hasAt && r.at == index,
		}, f, r.snap.Run)
	}
	return dst
}

// eventPlace is where an event stands and how.
type eventPlace struct {
	place, index                uint64
	open, fresh, found, current bool
}

// appendEvent writes one event: a line, and its data in full where it is open.
func appendEvent(dst []byte, e events.Event, p eventPlace, f events.Filter, run string) []byte {
	dst = append(dst, `<details class="event`...)
	if p.fresh {
		dst = append(dst, ` fresh`...)
	}
	if p.found {
		dst = append(dst, ` found`...)
	}
	dst = append(dst, `" data-place="`...)
	dst = strconv.AppendUint(dst, p.place, 10)
	dst = append(dst, `" data-index="`...)
	dst = strconv.AppendUint(dst, p.index, 10)
	dst = append(dst, '"')
	if p.current {
		dst = append(dst, ` aria-current="true"`...)
	}
	if p.open {
		dst = append(dst, ` open`...)
	}
	dst = append(dst, `><summary><span class="event-time">`...)
	dst = e.Received.AppendFormat(dst, "15:04:05.000")
	dst = append(dst, `</span><span class="event-id" title="`...)
	dst = events.AppendText(dst, e.ID)
	dst = append(dst, `">`...)
	dst = events.AppendText(dst, shortID(e.ID, run))
	dst = append(dst, `</span><span class="event-type">`...)
	dst = events.AppendText(dst, e.Type)
	dst = append(dst, `</span><span class="event-size">`...)
	dst = append(dst, store.FormatBytes(uint64(len(e.Data)))...)
	dst = append(dst, `</span><code class="event-line">`...)
	dst = events.AppendLine(dst, e.Data, f)
	dst = append(dst, `</code></summary>`...)
	if p.open {
		dst = appendBody(dst, e)
	}
	return append(dst, `</details>`...)
}

// shortID is what tells the events of a run apart: the number that a bridge puts
// after the run's id, and any other id as it is.
func shortID(id, run string) string {
	if rest, ok := strings.CutPrefix(id, run+"-"); ok && run != "" {
		id, _, _ = strings.Cut(rest, "-")
	}
	return id
}

// appendBody writes the data of an event in full.
func appendBody(dst []byte, e events.Event) []byte {
	dst = append(dst, `<pre class="json" tabindex="0">`...)
	dst, whole := events.AppendJSON(dst, e.Data)
	if !whole {
		dst = append(dst, "\n… the rest is in the file that Save makes"...)
	}
	return append(dst, `</pre>`...)
}
