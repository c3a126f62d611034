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
	return with(node("aside", "panel",
		node("div", "panel-head",
			with(text("h2", "", "Request"), "id", "panel-title", "tabindex", "-1"),
			with(button("button quiet small", "Reset", r.onReset), "aria-label", "Reset the request"),
		),
		// The server judges what is typed, so the browser is asked not to.
		with(node("form", "knobs",
			r.sequences(),
			r.bounds(),
			r.amount(),
			r.pauses(),
			r.seed(),
		), "id", requestForm, "novalidate", "true", "autocomplete", "off").OnSubmit(r.onSubmit),
	), "id", panelID, "aria-labelledby", "panel-title", "data-open", yes(r.Open))
}

// group is some knobs that belong together.
func group(legend string, body ...app.UI) app.HTMLElem {
	return node("fieldset", "knob-group", append([]app.UI{text("legend", "", legend)}, body...)...)
}

func (r *requestPanel) sequences() app.UI {
	return with(group("Sequence",
		node("div", "choices",
			each(int(sequences), func(i int) app.UI { return r.choice(Sequence(i)) })...,
		),
		r.wrong(fieldSequence),
	), "id", knobSequence, "tabindex", "-1")
}

func (r *requestPanel) choice(s Sequence) app.UI {
	return node("label", "choice",
		input("type", "radio", "name", fieldSequence, "value", s.enum(), "checked", yes(r.Knobs.Sequence == s)).
			OnChange(func(app.Context, app.Event) {
				r.Page.turn(fieldSequence, func(k *Knobs) { k.Sequence = s })
			}, app.EventScope(int(s))),
		text("span", "choice-label", s.Label()),
		with(text("span", "choice-sample", s.Sample()), "aria-hidden", "true"),
	)
}

func (r *requestPanel) amount() app.UI {
	return group("How many",
		node("div", "knob-row",
			r.text(textKnob{
				id: knobCount, field: fieldCount, label: "Count", placeholder: "10 to 20", mode: "numeric",
				disabled: r.Knobs.Endless,
			}, r.Knobs.Count, r.onCount),
			node("label", "switch",
				input("id", knobEndless, "type", "checkbox", "name", fieldEndless, "checked", yes(r.Knobs.Endless)).OnChange(r.onEndless),
				with(node("span", "switch-track"), "aria-hidden", "true"),
				text("span", "", "Endless"),
			),
		),
		r.wrong(fieldCount),
		r.wrong(fieldEndless),
	)
}

func (r *requestPanel) pauses() app.UI {
	return group("Pause before each, in seconds",
		node("div", "knob-row",
			r.text(textKnob{id: knobMinPause, field: fieldMinPause, label: "Shortest", placeholder: "0.1", mode: "decimal"},
				r.Knobs.MinPause, r.onMinPause),
			r.text(textKnob{id: knobMaxPause, field: fieldMaxPause, label: "Longest", placeholder: "1", mode: "decimal"},
				r.Knobs.MaxPause, r.onMaxPause),
		),
		text("p", "knob-note", "Both 0: as fast as they are read."),
		r.wrong(fieldMinPause),
		r.wrong(fieldMaxPause),
	)
}

func (r *requestPanel) seed() app.UI {
	return group("Chance",
		node("div", "knob-row",
			r.text(textKnob{id: knobSeed, field: fieldSeed, label: "Seed", placeholder: "any", mode: "numeric"},
				r.Knobs.Seed, r.onSeed),
		),
		text("p", "knob-note", "The same seed gives the same numbers, on every machine."),
		r.wrong(fieldSeed),
	)
}

// bounds is always in the tree, so that showing and hiding it moves nothing
// else there.
func (r *requestPanel) bounds() app.UI {
	return with(group("Bounds",
		node("div", "knob-row",
			r.text(textKnob{id: knobLower, field: fieldLower, label: "Lower bound", placeholder: r.unbounded("0"), mode: "text"},
				r.Knobs.Lower, r.onLower),
			r.text(textKnob{id: knobUpper, field: fieldUpper, label: "Upper bound", placeholder: r.unbounded("1"), mode: "text"},
				r.Knobs.Upper, r.onUpper),
		),
		r.wrong(fieldLower),
		r.wrong(fieldUpper),
	), "data-bounds", yes(r.Knobs.Sequence.Bounded()))
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
