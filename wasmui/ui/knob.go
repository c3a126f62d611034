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

// text is a knob that is typed into, with its label.
func (r *requestPanel) text(k textKnob, value string, onInput app.EventHandler) app.UI {
	invalid, describedBy := "", ""
	if r.Problem.of(k.field) != "" {
		invalid, describedBy = "true", wrongID(k.field)
	}
	return node("div", "knob",
		with(text("label", "", k.label), "for", k.id),
		input(
			"id", k.id,
			"type", "text",
			"name", k.field,
			"placeholder", k.placeholder,
			"value", value,
			"disabled", yes(k.disabled),
			"inputmode", k.mode,
			"enterkeyhint", "go",
			"spellcheck", "false",
			"aria-invalid", invalid,
			"aria-describedby", describedBy,
		).OnInput(onInput, app.EventScope(k.id)),
	)
}

// wrong says what is wrong with a field. It is always in the tree, and empty
// where nothing is.
func (r *requestPanel) wrong(field string) app.UI {
	return with(text("p", "knob-wrong", r.Problem.of(field)), "id", wrongID(field))
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
