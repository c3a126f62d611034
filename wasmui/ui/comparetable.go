// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"strconv"
	"time"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"sluice/wasmui/store"
	"sluice/wasmui/stream"
)

// measure is one row of the table: something that is measured of every way.
type measure struct {
	name, note string
	of         func(laneValues) string
}

// measures are the rows of the table.
var measures = []measure{
	{"First number after", "from asking", func(v laneValues) string { return span(v.First) }},
	{"Delay, median", "half are quicker", func(v laneValues) string { return span(v.Median) }},
	{"Delay, worst", "cuts included", func(v laneValues) string { return span(v.Worst) }},
	{"Requests made", "", func(v laneValues) string { return store.FormatCount(v.Requests) }},
	{"Bytes received", "bodies or messages", func(v laneValues) string { return v.about() + store.FormatBytes(v.Body) }},
	{"Heads of answers", "come on top", func(v laneValues) string { return v.heads() }},
	{"Reconnects", "", func(v laneValues) string { return strconv.Itoa(v.Reconnects) }},
	{"After the last cut", "to the next number, beyond a second’s pause", func(v laneValues) string {
		if v.CutPending {
			return "…"
		}
		return span(v.cutCost())
	}},
	{"Replayed then", "numbers of meanwhile", func(v laneValues) string {
		if v.CutAfter < 0 {
			return none
		}
		return strconv.Itoa(v.Replayed)
	}},
	{"Lost, twice", "of all numbers", func(v laneValues) string {
		return store.FormatCount(v.Lost) + ", " + store.FormatCount(v.Twice)
	}},
}

// span writes a duration that may not have been measured.
func span(d time.Duration) string {
	if d < 0 {
		return none
	}
	return store.FormatDuration(d)
}

// cutCost is how long the next number took after the last cut, beyond the pause
// that every way makes on purpose; less than 0 where not measured.
func (v laneValues) cutCost() time.Duration {
	if v.CutAfter < 0 {
		return v.CutAfter
	}
	return max(v.CutAfter-stream.CutPause, 0)
}

// about marks what cannot be counted: EventSource shows events and not bytes.
func (v laneValues) about() string {
	if v.Way == wayEventSource {
		return "≈ "
	}
	return ""
}

// heads is hidden from a page by EventSource and WebSocket.
func (v laneValues) heads() string {
	if v.Way == wayEventSource || v.Way == waySocket {
		return "hidden"
	}
	return store.FormatBytes(v.Heads)
}

// measured is the table of all measures.
type measured struct {
	app.Compo

	Lanes []laneValues
}

// Render implements app.Composer.
func (m *measured) Render() app.UI {
	head := []app.UI{with(text("th", "", "Measured"), "scope", "col")}
	for w := range ways {
		head = append(head, with(text("th", "", w.name()), "scope", "col"))
	}
	return node("table", "measured",
		text("caption", "unseen", "What each way has taken, measured in this page."),
		node("thead", "", node("tr", "", head...)),
		node("tbody", "", each(len(measures), func(i int) app.UI { return m.row(measures[i]) })...),
	)
}

func (m *measured) row(row measure) app.UI {
	cells := []app.UI{with(node("th", "",
		text("span", "measured-name", row.name),
		text("span", "measured-note", row.note),
	), "scope", "row")}
	for w := range ways {
		value := none
		if int(w) < len(m.Lanes) {
			value = row.of(m.Lanes[w])
		}
		cells = append(cells, text("td", "", value))
	}
	return node("tr", "", cells...)
}
