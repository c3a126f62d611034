// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"slices"
	"strconv"
	"time"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"sluice/wasmui/form"
)

// Inputs have no value in the tree: it is drawn a moment after a key was
// pressed, and would take back what was typed in between. What a form says is
// put into them by syncForm, after every change that was not typed.

// fieldID is the id of the element that a value is typed into, and what that of
// its parts begins with.
func fieldID(n *form.Node) string { return "field-" + strconv.FormatInt(n.ID, 10) }

// field shows one value: its name, what is said of it, and what it is filled in
// with.
func (x *Explore) field(n *form.Node) app.UI {
	switch n.Kind {
	case form.Nested:
		return x.message(n)
	case form.List, form.Map:
		return x.series(n)
	}
	id := fieldID(n)
	return node("div", "field",
		node("div", "field-head",
			with(text("label", "field-name", fieldName(n)), "for", id),
			text("span", "field-type", fieldType(n)),
			x.fieldButtons(n),
		),
		x.about(n),
		x.value(n),
		x.faultOf(n),
	)
}

// fieldName is what stands beside an input.
func fieldName(n *form.Node) string {
	switch {
	case n.Field == nil:
		return "request"
	case n.InMap():
		return "value"
	case n.IsElement():
		for i, c := range n.Parent().Children {
			if c == n {
				return n.Field.Name + " " + strconv.Itoa(i+1)
			}
		}
	}
	return n.Field.Name
}

func fieldType(n *form.Node) string {
	t := n.TypeName()
	switch {
	case n.Field == nil, n.IsElement():
		return t
	case n.Kind == form.List || n.Field.Label == "repeated":
		t = "list of " + t
	case n.Kind == form.Map:
		t = "map of " + n.Field.MapKey + " to " + t
	case n.Field.Label == "required":
		t += ", required"
	}
	if n.Field.Deprecated {
		t += ", deprecated"
	}
	return t
}

// about is the comment of a field, once for all of a list.
func (x *Explore) about(n *form.Node) app.UI {
	return when(n.Field != nil && !n.IsElement() && n.Field.Comment != "", func() app.UI {
		return comment(fieldID(n)+"-about", n.Field.Comment)
	})
}

// faultOf says what is wrong with a value. It is always in the tree, and empty
// where nothing is.
func (x *Explore) faultOf(n *form.Node) app.UI {
	return with(text("p", "knob-wrong", n.Wrong), "id", fieldID(n)+"-wrong")
}

// fieldButtons are what can be done with a value beside typing.
func (x *Explore) fieldButtons(n *form.Node) app.UI {
	name := fieldName(n)
	return node("span", "field-buttons",
		when(n.Kind == form.Timestamp, func() app.UI {
			return with(button("link", "now", x.changing(n, func() { n.Type(time.Now().UTC().Format(time.RFC3339)) }), "now", n.ID),
				"aria-label", "Now, for "+name)
		}),
		when(n.CanLeave(), func() app.UI {
			return with(button("link", "leave out", x.changing(n, n.Leave), "leave", n.ID), "aria-label", "Leave out "+name)
		}),
		when(n.IsElement() && n.Field != nil, func() app.UI {
			return with(button("link", "remove", x.changing(n.Parent(), n.Remove), "remove", n.ID), "aria-label", "Remove "+name)
		}),
	)
}

// value is what one value is typed into, or chosen by.
func (x *Explore) value(n *form.Node) app.UI {
	id := fieldID(n)
	invalid, describedBy := "", ""
	if n.Field != nil && n.Field.Comment != "" && !n.IsElement() {
		describedBy = id + "-about"
	}
	if n.Wrong != "" {
		invalid, describedBy = "true", id+"-wrong"
	}
	attributes := []string{
		"id", id, "aria-invalid", invalid, "aria-describedby", describedBy, "spellcheck", "false", "autocomplete", "off",
	}
	onType := func(ctx app.Context, _ app.Event) {
		text := ctx.JSSrc().Get("value").String()
		if text == unset {
			text = ""
		}
		n.Type(text)
		x.edited()
	}
	values := n.Options()
	switch {
	case n.Kind == form.Bool:
		return x.choice(attributes, n, []form.EnumValue{{Name: "true"}, {Name: "false"}}, onType)
	case len(values) > 0:
		return node("div", "",
			x.choice(attributes, n, values, onType),
			when(commentOfValue(n) != "", func() app.UI { return text("p", "knob-note", commentOfValue(n)) }),
		)
	case n.Kind == form.Text || n.Kind == form.Raw:
		rows, class := "1", "explore-input"
		if n.Kind == form.Raw {
			rows, class = "3", "explore-input explore-raw"
		}
		return with(node("textarea", class), append(attributes, "rows", rows, "placeholder", placeholder(n))...).
			OnInput(onType, app.EventScope(n.ID))
	}
	mode := "text"
	switch n.Kind {
	case form.Integer:
		mode = "numeric"
	case form.Float:
		mode = "decimal"
	}
	return input(append(attributes, "class", "explore-input", "type", "text", "placeholder", placeholder(n), "inputmode", mode)...).
		OnInput(onType, app.EventScope(n.ID))
}

// unset is the option of what is not given, which an option without a value
// would have for its value anyway. No name of a proto file has a space in it.
const unset = "not set"

// choice is a list of values to choose one of.
func (x *Explore) choice(attributes []string, n *form.Node, values []form.EnumValue, onType app.EventHandler) app.UI {
	names := make([]string, 0, len(values)+2)
	if !n.IsElement() && n.Field.Oneof == "" {
		names = append(names, unset)
	}
	for _, v := range values {
		names = append(names, v.Name)
	}
	if n.Text != "" && !slices.Contains(names, n.Text) {
		names = append(names, n.Text)
	}
	return with(node("select", "explore-input", options(names)...), attributes...).OnChange(onType, app.EventScope(n.ID))
}

func options(names []string) []app.UI {
	return each(len(names), func(i int) app.UI { return text("option", "", names[i]) })
}

// commentOfValue is what is said of the value of an enum that is chosen.
func commentOfValue(n *form.Node) string {
	for _, v := range n.Options() {
		if v.Name == n.Text {
			return firstSentence(v.Comment)
		}
	}
	return ""
}

// placeholder shows what a value looks like, or which one is taken where there
// is none.
func placeholder(n *form.Node) string {
	if n.Field != nil && n.Field.Default != "" {
		return n.Field.Default
	}
	switch n.Kind {
	case form.Timestamp:
		return "2026-01-02T15:04:05Z"
	case form.Duration:
		return "1.5s"
	case form.FieldMask:
		return "displayName,address.city"
	case form.Bytes:
		return "base64"
	case form.Raw:
		return "JSON"
	}
	if n.Set && n.Text == "" && n.CanLeave() {
		return "empty"
	}
	return ""
}
