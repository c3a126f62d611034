// SPDX-License-Identifier: Apache-2.0

package ui

import "github.com/maxence-charriere/go-app/v10/pkg/app"

// panelID is the id of the panel that the knobs are in.
const panelID = "panel"

// requestPanel is the knobs: beside the numbers where there is room, and under
// them, opened and closed, where there is not.
type requestPanel struct {
	app.Compo

	Knobs   Knobs
	Problem problemValues
	Open    bool
	Page    *Page
}

// Render implements app.Composer.
func (r *requestPanel) Render() app.UI {
	return el("aside").
		ID(panelID).
		Class("panel").
		DataSet("open", r.Open).
		Aria("labelledby", "panel-title").
		Body(
			el("div").Class("panel-head").Body(
				el("h2").ID("panel-title").TabIndex(-1).Text("Request"),
				button("button quiet small").Text("Reset").
					Aria("label", "Reset the request").OnClick(r.onReset),
			),
			// The server judges what is typed, so the browser is asked not to.
			el("form").ID(requestForm).Class("knobs").Attr("novalidate", true).Attr("autocomplete", "off").
				OnSubmit(r.onSubmit).
				Body(
					r.sequences(),
					r.bounds(),
					r.amount(),
					r.pauses(),
					r.seed(),
				),
		)
}

func (r *requestPanel) sequences() app.UI {
	return el("fieldset").Class("knob-group").ID(knobSequence).TabIndex(-1).Body(
		el("legend").Text("Sequence"),
		el("div").Class("choices").Body(
			app.Range(sequenceInfos[:]).Slice(func(i int) app.UI {
				s := Sequence(i)
				return el("label").Class("choice").Body(
					void("input").Attr("type", "radio").Attr("name", fieldSequence).Attr("value", s.enum()).
						Attr("checked", r.Knobs.Sequence == s).
						OnChange(func(app.Context, app.Event) {
							r.Page.turn(fieldSequence, func(k *Knobs) { k.Sequence = s })
						}, app.EventScope(i)),
					el("span").Class("choice-label").Text(s.Label()),
					el("span").Class("choice-sample").Aria("hidden", true).Text(s.Sample()),
				)
			}),
		),
		r.wrong(fieldSequence),
	)
}

func (r *requestPanel) amount() app.UI {
	return el("fieldset").Class("knob-group").Body(
		el("legend").Text("How many"),
		el("div").Class("knob-row").Body(
			r.input(textKnob{
				id: knobCount, field: fieldCount, label: "Count", placeholder: "10 to 20", mode: "numeric",
				disabled: r.Knobs.Endless,
			}, r.Knobs.Count, r.onCount),
			el("label").Class("switch").Body(
				void("input").ID(knobEndless).Attr("type", "checkbox").Attr("name", fieldEndless).Attr("checked", r.Knobs.Endless).OnChange(r.onEndless),
				el("span").Class("switch-track").Aria("hidden", true),
				el("span").Text("Endless"),
			),
		),
		r.wrong(fieldCount),
		r.wrong(fieldEndless),
	)
}

func (r *requestPanel) pauses() app.UI {
	return el("fieldset").Class("knob-group").Body(
		el("legend").Text("Pause before each, in seconds"),
		el("div").Class("knob-row").Body(
			r.input(textKnob{id: knobMinPause, field: fieldMinPause, label: "Shortest", placeholder: "0.1", mode: "decimal"},
				r.Knobs.MinPause, r.onMinPause),
			r.input(textKnob{id: knobMaxPause, field: fieldMaxPause, label: "Longest", placeholder: "1", mode: "decimal"},
				r.Knobs.MaxPause, r.onMaxPause),
		),
		el("p").Class("knob-note").Text("Both 0: as fast as they are read."),
		r.wrong(fieldMinPause),
		r.wrong(fieldMaxPause),
	)
}

func (r *requestPanel) seed() app.UI {
	return el("fieldset").Class("knob-group").Body(
		el("legend").Text("Chance"),
		el("div").Class("knob-row").Body(
			r.input(textKnob{id: knobSeed, field: fieldSeed, label: "Seed", placeholder: "any", mode: "numeric"},
				r.Knobs.Seed, r.onSeed),
		),
		el("p").Class("knob-note").Text("The same seed gives the same numbers, on every machine."),
		r.wrong(fieldSeed),
	)
}

// bounds is always in the tree, so that showing and hiding it moves nothing
// else there.
func (r *requestPanel) bounds() app.UI {
	return el("fieldset").Class("knob-group bounds").DataSet("shown", r.Knobs.Sequence.Bounded()).Body(
		el("legend").Text("Bounds"),
		el("div").Class("knob-row").Body(
			r.input(textKnob{id: knobLower, field: fieldLower, label: "Lower bound", placeholder: r.unbounded("0"), mode: "text"},
				r.Knobs.Lower, r.onLower),
			r.input(textKnob{id: knobUpper, field: fieldUpper, label: "Upper bound", placeholder: r.unbounded("1"), mode: "text"},
				r.Knobs.Upper, r.onUpper),
		),
		r.wrong(fieldLower),
		r.wrong(fieldUpper),
	)
}

// unbounded is what a bound is where it is left alone.
func (r *requestPanel) unbounded(uniform string) string {
	if r.Knobs.Sequence == Uniform {
		return uniform
	}
	return "none"
}

func (r *requestPanel) onSubmit(_ app.Context, e app.Event) {
	e.PreventDefault()
	r.Page.start()
}

func (r *requestPanel) onReset(app.Context, app.Event) { r.Page.setKnobs(Knobs{}) }

func (r *requestPanel) onCount(ctx app.Context, _ app.Event) {
	r.typed(ctx, fieldCount, func(k *Knobs, text string) { k.Count = text })
}

func (r *requestPanel) onMinPause(ctx app.Context, _ app.Event) {
	r.typed(ctx, fieldMinPause, func(k *Knobs, text string) { k.MinPause = text })
}

func (r *requestPanel) onMaxPause(ctx app.Context, _ app.Event) {
	r.typed(ctx, fieldMaxPause, func(k *Knobs, text string) { k.MaxPause = text })
}

func (r *requestPanel) onSeed(ctx app.Context, _ app.Event) {
	r.typed(ctx, fieldSeed, func(k *Knobs, text string) { k.Seed = text })
}

func (r *requestPanel) onLower(ctx app.Context, _ app.Event) {
	r.typed(ctx, fieldLower, func(k *Knobs, text string) { k.Lower = text })
}

func (r *requestPanel) onUpper(ctx app.Context, _ app.Event) {
	r.typed(ctx, fieldUpper, func(k *Knobs, text string) { k.Upper = text })
}

func (r *requestPanel) onEndless(ctx app.Context, _ app.Event) {
	on := ctx.JSSrc().Get("checked").Truthy()
	r.Page.turn(fieldEndless, func(k *Knobs) { k.Endless = on })
}

func (r *requestPanel) typed(ctx app.Context, field string, set func(*Knobs, string)) {
	text := ctx.JSSrc().Get("value").String()
	r.Page.turn(field, func(k *Knobs) { set(k, text) })
}
