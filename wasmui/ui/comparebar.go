// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"strconv"

	"github.com/maxence-charriere/go-app/v10/pkg/app"
)

// compareBar is the bar at the bottom of the Compare page: its knobs and its
// buttons.
type compareBar struct {
	app.Compo

	Ready   bool
	Running bool
	CanCut  bool
	Rate    int
	Slow    bool
	Page    *Compare
}

// Render implements app.Composer.
func (b *compareBar) Render() app.UI {
	return with(node("section", "compare-bar",
		with(node("fieldset", "rates",
			append([]app.UI{text("legend", "", "Numbers")},
				each(len(rates), func(i int) app.UI { return b.rate(rates[i]) })...)...,
		), "disabled", yes(b.Running)),
		node("label", "switch",
			input("id", "slow", "type", "checkbox", "name", "slow", "checked", yes(b.Slow)).OnChange(b.onSlow),
			with(node("span", "switch-track"), "aria-hidden", "true"),
			node("span", "switch-text",
				text("span", "", "Slow network"),
				text("span", "switch-note", "0.3 s more each way"),
			),
		),
		node("div", "compare-buttons",
			with(button("button cut", "Cut the connections", b.onCut), "aria-disabled", yes(!b.CanCut)),
			b.main(),
		),
	), "aria-label", "What to run")
}

// main is one button that changes, so that it keeps the focus.
func (b *compareBar) main() app.UI {
	label, does := "Start", "start"
	if b.Running {
		label, does = "Stop", "stop"
	}
	return with(button("button main", label, b.onMain), "id", mainButton, "data-does", does, "disabled", yes(!b.Ready))
}

func (b *compareBar) rate(rate int) app.UI {
	return node("label", "rate",
		input("type", "radio", "name", "rate", "value", strconv.Itoa(rate), "checked", yes(b.Rate == rate)).
			OnChange(func(app.Context, app.Event) { b.Page.setRate(rate) }, app.EventScope(rate)),
		text("span", "rate-label", strconv.Itoa(rate)+"/s"),
	)
}

func (b *compareBar) onSlow(ctx app.Context, _ app.Event) {
	b.Page.setSlow(ctx.JSSrc().Get("checked").Truthy())
}

func (b *compareBar) onCut(app.Context, app.Event) {
	if b.CanCut {
		b.Page.race.cut()
	}
}

// onMain lets the second click of a double click pass: it was not meant for the
// button that has come in place of the first.
func (b *compareBar) onMain(_ app.Context, e app.Event) {
	if detail := e.Get("detail"); detail.Type() == app.TypeNumber && detail.Int() > 1 {
		return
	}
	if b.Running {
		b.Page.race.stop()
		return
	}
	b.Page.race.start(b.Rate)
}

// compareProblem says why a run could not be opened.
type compareProblem struct {
	app.Compo

	Values problemValues
}

// Render implements app.Composer.
func (p *compareProblem) Render() app.UI {
	return with(node("div", "problem",
		when(p.Values.shown(), func() app.UI {
			return node("div", "problem-body",
				text("h2", "", p.Values.Title),
				text("p", "problem-message", p.Values.Message),
				text("p", "problem-advice", p.Values.Advice),
			)
		}),
	), "role", "alert")
}
