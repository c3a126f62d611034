// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"sluice/wasmui/form"
)

// fields shows the fields of a message.
func (x *Explore) fields(n *form.Node) []app.UI {
	members := n.Members()
	return each(len(members), func(i int) app.UI {
		if m := members[i]; m.Field == nil {
			return x.oneof(n, m)
		}
		return x.field(members[i].Field)
	})
}

// part is a value that holds others, with its name.
func (x *Explore) part(n *form.Node, body ...app.UI) app.UI {
	id := fieldID(n)
	return with(node("div", "field field-part",
		append([]app.UI{
			node("div", "field-head",
				with(text("span", "field-name", fieldName(n)), "id", id+"-name"),
				text("span", "field-type", fieldType(n)),
				x.fieldButtons(n),
			),
			x.about(n),
			x.faultOf(n),
		}, body...)...,
	), "id", id, "role", "group", "aria-labelledby", id+"-name", "tabindex", "-1")
}

// message shows a message: its fields, or a button that adds it.
func (x *Explore) message(n *form.Node) app.UI {
	if n.Set || n.IsElement() {
		fields := x.fields(n)
		if len(fields) == 0 {
			fields = []app.UI{text("p", "knob-note", "It has no fields.")}
		}
		return x.part(n, node("div", "field-body", fields...))
	}
	return x.part(n, x.add(n, "Add", n.Open))
}

// series shows a list or a map: what is in it, and a button that adds to it.
func (x *Explore) series(n *form.Node) app.UI {
	return x.part(n,
		node("div", "field-body", each(len(n.Children), func(i int) app.UI {
			child := n.Children[i]
			if n.Kind == form.Map {
				return x.entry(child)
			}
			return x.field(child)
		})...),
		x.add(n, "Add", func() { n.Add() }),
	)
}

// add is a button that adds something, which then has the focus.
func (x *Explore) add(n *form.Node, label string, change func()) app.UI {
	return with(button("button quiet small", label, func(ctx app.Context, e app.Event) {
		change()
		x.changed()
		at := n
		for len(at.Children) > 0 && (at.Kind == form.List || at.Kind == form.Map) {
			at = at.Children[len(at.Children)-1]
		}
		id := fieldID(at)
		if at.InMap() {
			id += "-key"
		}
		x.later(func() { focus(id) })
	}, label, n.ID), "aria-label", label+" "+fieldName(n))
}

// entry is one entry of a map: its key and its value.
func (x *Explore) entry(n *form.Node) app.UI {
	id := fieldID(n) + "-key"
	return node("div", "field-entry",
		node("div", "field",
			node("div", "field-head",
				with(text("label", "field-name", "key"), "for", id),
				text("span", "field-type", n.Field.MapKey),
			),
			input("id", id, "class", "explore-input", "type", "text", "spellcheck", "false", "autocomplete", "off",
				"aria-describedby", fieldID(n)+"-wrong").
				OnInput(func(ctx app.Context, _ app.Event) {
					n.Key, n.Wrong = ctx.JSSrc().Get("value").String(), ""
					x.edited()
				}, app.EventScope(n.ID)),
		),
		x.field(n),
	)
}

// oneof shows the fields of which at most one is given: a choice, and the one
// that is chosen.
func (x *Explore) oneof(parent *form.Node, m form.Member) app.UI {
	id := fieldID(m.Choices[0]) + "-oneof"
	names := []string{unset}
	for _, c := range m.Choices {
		names = append(names, c.Field.Name)
	}
	onChoose := func(ctx app.Context, _ app.Event) {
		name := ctx.JSSrc().Get("value").String()
		parent.ChooseNone(m.Oneof.Name)
		for _, c := range m.Choices {
			if c.Field.Name == name {
				c.Choose()
			}
		}
		x.changed()
	}
	return with(node("div", "field field-part",
		node("div", "field-head",
			with(text("label", "field-name", m.Oneof.Name), "for", id),
			text("span", "field-type", "one of "+countOf(len(m.Choices), "field")),
		),
		when(m.Oneof.Comment != "", func() app.UI { return comment("", m.Oneof.Comment) }),
		with(node("select", "explore-input", options(names)...), "id", id).OnChange(onChoose, app.EventScope(id)),
		when(m.Chosen != nil, func() app.UI { return node("div", "field-body", x.field(m.Chosen)) }),
	))
}

// changing is a handler that changes a value otherwise than by typing; the focus
// then goes to what is left, as the button is gone.
func (x *Explore) changing(stays *form.Node, change func()) app.EventHandler {
	return func(app.Context, app.Event) {
		change()
		x.changed()
		id := fieldID(stays)
		x.later(func() { focus(id) })
	}
}

// setValue puts a value into an input, where it is there and has another.
func setValue(id, value string) {
	if el := app.Window().GetElementByID(id); el.Truthy() && el.Get("value").Type() == app.TypeString && el.Get("value").String() != value {
		el.Set("value", value)
	}
}

// syncForm puts what the form says into the inputs.
func (x *Explore) syncForm() {
	setValue(exploreJSON, x.json)
	if x.form == nil {
		return
	}
	x.form.Root.Walk(func(n *form.Node) {
		id := fieldID(n)
		if n.Text == "" && (n.Kind == form.Bool || len(n.Options()) > 0) {
			setValue(id, unset)
		} else {
			setValue(id, n.Text)
		}
		if n.InMap() {
			setValue(id+"-key", n.Key)
		}
		if n.Kind == form.Nested {
			for _, m := range n.Members() {
				if m.Field != nil {
					continue
				}
				chosen := unset
				if m.Chosen != nil {
					chosen = m.Chosen.Field.Name
				}
				setValue(fieldID(m.Choices[0])+"-oneof", chosen)
			}
		}
	})
}
