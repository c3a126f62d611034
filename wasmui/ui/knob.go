// SPDX-License-Identifier: Apache-2.0

package ui

import "github.com/maxence-charriere/go-app/v10/pkg/app"

// The ids of the knobs.
const (
	knobSequence = "knob-sequence"
	knobCount    = "knob-count"
	knobEndless  = "knob-endless"
	knobMinPause = "knob-min-pause"
	knobMaxPause = "knob-max-pause"
	knobSeed     = "knob-seed"
	knobLower    = "knob-lower-bound"
	knobUpper    = "knob-upper-bound"
)

// knobID gives the knob that sets a field, "" where the page shows none.
func knobID(field string, k Knobs) string {
	switch field {
	case fieldSequence:
		return knobSequence
	case fieldCount:
		return knobCount
	case fieldEndless:
		return knobEndless
	case fieldMinPause:
		return knobMinPause
	case fieldMaxPause:
		return knobMaxPause
	case fieldSeed:
		return knobSeed
	case fieldLower, fieldUpper:
		if !k.Sequence.Bounded() {
			return ""
		}
		if field == fieldLower {
			return knobLower
		}
		return knobUpper
	}
	return ""
}

// textKnob is a knob that is typed into.
type textKnob struct {
	id, field, label, placeholder string
	mode                          string // the keyboard that a phone shows
	disabled                      bool
}

// wrongID is the id of what is said to be wrong with a field.
func wrongID(field string) string { return "wrong-" + field }

// input is a text knob with its label.
func (r *requestPanel) input(k textKnob, value string, onInput app.EventHandler) app.UI {
	in := void("input").
		ID(k.id).
		Attr("type", "text").
		Attr("name", k.field).
		Attr("placeholder", k.placeholder).
		Attr("value", value).
		Attr("disabled", k.disabled).
		Attr("inputmode", k.mode).
		Attr("enterkeyhint", "go").
		Attr("spellcheck", "false").
		OnInput(onInput, app.EventScope(k.id))
	if r.Problem.of(k.field) != "" {
		in = in.Aria("invalid", true).Aria("describedby", wrongID(k.field))
	}
	return el("div").Class("knob").Body(
		el("label").Attr("for", k.id).Text(k.label),
		in,
	)
}

// wrong says what is wrong with a field. It is always in the tree, and empty
// where nothing is.
func (r *requestPanel) wrong(field string) app.UI {
	return el("p").ID(wrongID(field)).Class("knob-wrong").Text(r.Problem.of(field))
}

// syncInputs puts the knobs into the inputs. The tree does so too, but for a
// value that becomes empty: it then takes the attribute away, which leaves
// alone what was typed.
func syncInputs(k Knobs) {
	for id, value := range map[string]string{
		knobCount: k.Count, knobMinPause: k.MinPause, knobMaxPause: k.MaxPause,
		knobSeed: k.Seed, knobLower: k.Lower, knobUpper: k.Upper,
	} {
		if el := app.Window().GetElementByID(id); el.Truthy() {
			el.Set("value", value)
		}
	}
}
