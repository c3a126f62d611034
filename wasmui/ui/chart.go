// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"strings"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"sluice/wasmui/store"
)

// chartKind is what the chart shows of the numbers.
type chartKind uint8

// The kinds of charts. Over time is what comes first.
const (
	chartLine chartKind = iota
	chartBars
)

// String is the kind as style sheets name it.
func (k chartKind) String() string {
	if k == chartBars {
		return "bars"
	}
	return "line"
}

// chartValues is a chart, ready to be drawn: the paths of an SVG of the size
// chartWidth by chartHeight, and words.
type chartValues struct {
	Kind        chartKind
	Band, Line  string // "" for none
	Range       string // what the height stands for
	Left, Right string // what the edges stand for
	Summary     string // for those who do not see it
}

// The resolution of the chart, and how many columns it has at most. It is
// stretched to the width that there is.
const (
	chartWidth   = 320
	chartHeight  = 100
	chartColumns = 160
	chartBins    = 40
)

// chartOf draws what the history keeps.
func chartOf(h *store.History, sum store.Summary, kind chartKind) chartValues {
	if kind == chartBars {
		return barChart(h, sum)
	}
	return lineChart(h, sum)
}

func lineChart(h *store.History, sum store.Summary) chartValues {
	c := chartValues{Kind: chartLine}
	buckets := h.Series(nil, 0, chartColumns)
	scale, ok := fitScale(buckets)
	if !ok {
		return c
	}
	c.Line, c.Band = scale.line(buckets), scale.band(buckets)
	c.Range = shortValue(scale.low) + " to " + shortValue(scale.high)
	c.Left = "number " + store.FormatCount(uint64(buckets[0].FirstPosition))
	c.Right = store.FormatCount(uint64(buckets[len(buckets)-1].LastPosition))
	c.Summary = "Values of " + numbers(sum.Count) + " in the order of their coming, from " +
		store.FormatValue(sum.Min) + " to " + store.FormatValue(sum.Max) + "."
	return c
}

func barChart(h *store.History, sum store.Summary) chartValues {
	c := chartValues{Kind: chartBars}
	bins := h.Histogram(nil, chartBins)
	if len(bins) == 0 {
		return c
	}
	most := 0
	for _, b := range bins {
		most = max(most, b.Count)
	}
	c.Band = bars(bins, most)
	c.Range = "at most " + store.FormatCount(uint64(most)) + " a bar"
	c.Left, c.Right = shortValue(bins[0].From), shortValue(bins[len(bins)-1].To)
	c.Summary = "How often which values came among " + numbers(sum.Count) + ", from " + c.Left + " to " + c.Right +
		", " + c.Range + " of " + store.FormatCount(uint64(len(bins))) + "."
	return c
}

// shortValue leaves out the zeros at the end of decimals, which line up nothing
// on an axis.
func shortValue(v float64) string {
	text := store.FormatValue(v)
	if strings.ContainsRune(text, '.') && !strings.ContainsRune(text, '×') {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	return text
}

// chart shows the numbers as a picture.
type chart struct {
	app.Compo

	Values chartValues
	Page   *Page
}

// Render implements app.Composer.
func (c *chart) Render() app.UI {
	v := c.Values
	return node("div", "chart",
		node("div", "chart-head",
			with(text("span", "chart-range", v.Range), "aria-hidden", "true"),
			with(node("div", "chart-kinds",
				c.kind(chartLine, "Over time", c.onLine),
				c.kind(chartBars, "Spread", c.onBars),
			), "role", "group", "aria-label", "What the chart shows"),
		),
		with(svg("svg", "chart-plot",
			with(svg("path", "chart-band"), "d", orText(v.Band, "M0 0")),
			with(svg("path", "chart-line"), "d", orText(v.Line, "M0 0")),
		),
			"viewBox", "0 0 320 100",
			"preserveAspectRatio", "none",
			"role", "img",
			"aria-label", orText(v.Summary, "No numbers yet."),
			"data-kind", v.Kind.String()),
		with(node("div", "chart-axis",
			text("span", "", v.Left),
			text("span", "", v.Right),
		), "aria-hidden", "true"),
	)
}

func (c *chart) kind(kind chartKind, label string, onClick app.EventHandler) app.UI {
	return with(button("chart-kind", label, onClick), "aria-pressed", yes(c.Values.Kind == kind))
}

func (c *chart) onLine(app.Context, app.Event) { c.Page.setChart(chartLine) }
func (c *chart) onBars(app.Context, app.Event) { c.Page.setChart(chartBars) }

// orText keeps an attribute from being empty: go-app leaves an empty one out,
// and then the old one in.
func orText(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}
