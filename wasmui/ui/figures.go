// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"math"
	"strconv"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"sluice/wasmui/store"
	"sluice/wasmui/stream"
)

// figureValues is what the figures show, as text.
type figureValues struct {
	Count, CountNote           string
	Rate, RateNote             string
	Delay, DelayNote           string
	Reconnects, ReconnectsNote string
}

// none stands where there is nothing to show yet.
const none = "–"

func figuresOf(snap stream.Snapshot, sum store.Summary, delays store.Delays, rate float64, running bool) figureValues {
	f := figureValues{
		Count: store.FormatCount(sum.Count), CountNote: store.FormatBytes(snap.Bytes),
		Rate: none, RateNote: "of late",
		Delay: none, DelayNote: "made to shown",
		Reconnects: strconv.Itoa(snap.Reconnects),
	}
	if sum.Count > 0 && !math.IsNaN(rate) {
		f.Rate = store.FormatRate(rate)
	}
	if !running {
		f.RateNote = "on average"
	}
	if delays.Count > 0 {
		if delays.Skewed() {
			// The clocks differ, so all that can be said is what was added to the
			// quickest way.
			delays = delays.Above()
			f.DelayNote = "clocks differ"
		} else {
			f.DelayNote = "worst " + store.FormatDuration(delays.Worst)
		}
		f.Delay = store.FormatDuration(delays.Median)
	}
	// Both counts: that of the run's own numbering, and that of the positions.
	lost, twice := max(snap.Missed, sum.Skipped), sum.Repeated
	f.ReconnectsNote = store.FormatCount(lost) + " lost, " + store.FormatCount(twice) + " twice"
	return f
}

// figures shows the numbers about the numbers.
type figures struct {
	app.Compo

	Values figureValues
}

// Render implements app.Composer.
func (f *figures) Render() app.UI {
	v := f.Values
	return node("dl", "figures",
		figure("Numbers", v.Count, v.CountNote),
		figure("Rate", v.Rate, v.RateNote),
		figure("Delay", v.Delay, v.DelayNote),
		figure("Reconnects", v.Reconnects, v.ReconnectsNote),
	)
}

func figure(label, value, note string) app.UI {
	return node("div", "figure",
		text("dt", "", label),
		text("dd", "figure-value", value),
		text("dd", "figure-note", note),
	)
}
