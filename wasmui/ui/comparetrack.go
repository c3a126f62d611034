// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"time"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"sluice/wasmui/store"
)

const (
	// trackSpan is how much time a track shows.
	trackSpan = 12 * time.Second
	// The size of a track's drawing, which is stretched to the width that there is.
	trackWidth  = 600
	trackHeight = 32
	// tickHeight is that of one number. Several that came at one moment stand as
	// high as trackHeight allows.
	tickHeight = 10
	// madeID is the id of the track of the moments when numbers were made.
	madeID = "track-made"
)

func (w way) trackID() string { return "track-" + w.id() }

// trackOf draws the moments of the last numbers as strokes, the latest moment at
// the right edge. Moments are in milliseconds, as at gives them.
func trackOf(h *store.History, until int64, at func(store.Number) int64) string {
	var d []byte
	from := until - trackSpan.Milliseconds()
	column, count := -1, 0
	flush := func() {
		if count == 0 {
			return
		}
		height := float64(min(tickHeight+2*(count-1), trackHeight))
		d = appendPoint(d, 'M', float64(column), (trackHeight-height)/2)
		d = appendPoint(d, 'L', float64(column), (trackHeight+height)/2)
	}
	for i := h.Len() - 1; i >= 0; i-- {
		t := at(h.At(i))
		if t < from {
			break
		}
		if t > until {
			continue
		}
		c := int((t - from) * trackWidth / trackSpan.Milliseconds())
		if c != column {
			flush()
			column, count = c, 0
		}
		count++
	}
	flush()
	if len(d) == 0 {
		return "M0 0"
	}
	return string(d)
}

// received and made are the moments of a number.
func received(n store.Number) int64 { return n.Received }

// madeBy gives when numbers were made, by the clock of this machine where the
// difference of the clocks is known to be at least skew.
func madeBy(skew int64) func(store.Number) int64 {
	return func(n store.Number) int64 { return n.Created + skew }
}

// drawTracks draws all tracks into the page, past go-app's tree.
func (r *race) drawTracks(now time.Time) {
	r.mu.Lock()
	lanes, running := r.lanes, r.running()
	r.mu.Unlock()
	until := now.UnixMilli()
	if !running {
		until = 0
		for _, l := range lanes {
			l.mu.Lock()
			until = max(until, l.history.Summary().Last.Received)
			l.mu.Unlock()
		}
		until += trackSpan.Milliseconds() / 24
	}
	for _, l := range lanes {
		l.mu.Lock()
		path := trackOf(l.history, until, received)
		made := ""
		if l.way == wayFetch {
			skew := int64(0)
			if d := l.history.Delays(); d.Skewed() {
				skew = d.Least.Milliseconds()
			}
			made = trackOf(l.history, until, madeBy(skew))
		}
		l.mu.Unlock()
		setPath(l.way.trackID(), path)
		if made != "" {
			setPath(madeID, made)
		}
	}
}

// setPath gives a path of an SVG its shape.
func setPath(id, d string) {
	if el := app.Window().GetElementByID(id); el.Truthy() {
		el.Call("setAttribute", "d", d)
	}
}

// tracks is the picture of the race: for every way a line on which each number
// stands at the moment when it came.
type tracks struct {
	app.Compo

	Lanes []laneValues
}

// Render implements app.Composer.
func (t *tracks) Render() app.UI {
	rows := []app.UI{node("li", "track track-source",
		node("div", "track-head", text("h3", "", "Made"), text("p", "", "When the service made each number.")),
		track(madeID),
		text("span", "track-latest", ""),
	)}
	for w := range ways {
		latest, state, tone := none, "", toneIdle
		if int(w) < len(t.Lanes) {
			lane := t.Lanes[w]
			latest, tone = lane.Latest, lane.Status.Tone
			if tone != toneLive && tone != toneDone {
				state = lane.Status.Text
			}
		}
		rows = append(rows, with(node("li", "track",
			node("div", "track-head",
				text("h3", "", w.name()),
				text("p", "", w.explanation()),
			),
			track(w.trackID()),
			with(text("span", "track-latest", latest), "data-way", w.id()),
			text("span", "track-state", state),
		), "data-tone", string(tone)))
	}
	return node("div", "tracks",
		node("ol", "tracks-list", rows...),
		with(node("div", "tracks-axis",
			text("span", "", "12 s ago"),
			text("span", "", "now"),
		), "aria-hidden", "true"),
	)
}

func track(id string) app.UI {
	return with(svg("svg", "track-plot",
		with(svg("path", "track-ticks"), "id", id, "d", "M0 0"),
	), "viewBox", "0 0 600 32", "preserveAspectRatio", "none", "aria-hidden", "true", "focusable", "false")
}
