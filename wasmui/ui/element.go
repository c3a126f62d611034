// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"strconv"

	"github.com/maxence-charriere/go-app/v10/pkg/app"
)

// Elements are made by a few functions rather than by go-app's type for every
// tag: each of those has a hundred methods, and a tag that is used puts all of
// them into the program, some forty kilobytes. Few calls with many arguments
// also make a smaller program than many calls with one.

// node makes an element with a class, "" for none, and what it holds.
func node(tag, class string, body ...app.UI) app.HTMLElem {
	e := app.Elem(tag).Body(body...)
	if class != "" {
		e = e.Class(class)
	}
	return e
}

// text makes an element that holds text alone.
func text(tag, class, content string) app.HTMLElem {
	return node(tag, class, app.Text(content))
}

// with gives an element attributes, by name and value in turn. Those with an
// empty value are left out.
func with(e app.HTMLElem, pairs ...string) app.HTMLElem {
	for i := 0; i < len(pairs); i += 2 {
		e = e.Attr(pairs[i], pairs[i+1])
	}
	return e
}

// input makes an input, with attributes as with gives them.
func input(pairs ...string) app.HTMLElemSelfClosing {
	e := app.ElemSelfClosing("input")
	for i := 0; i < len(pairs); i += 2 {
		e = e.Attr(pairs[i], pairs[i+1])
	}
	return e
}

// svg makes an element of the SVG namespace.
func svg(tag, class string, body ...app.UI) app.HTMLElem {
	return node(tag, class, body...).XMLNS("http://www.w3.org/2000/svg")
}

// button makes a button that does nothing but what its handler does. Buttons
// whose handlers hold values of their own are told apart by a scope.
func button(class, content string, onClick app.EventHandler, scope ...any) app.HTMLElem {
	b := with(text("button", class, content), "type", "button")
	if len(scope) == 0 {
		return b.OnClick(onClick)
	}
	return b.OnClick(onClick, app.EventScope(scope...))
}

// each makes n elements.
func each(n int, element func(i int) app.UI) []app.UI {
	elements := make([]app.UI, n)
	for i := range elements {
		elements[i] = element(i)
	}
	return elements
}

// yes is a boolean as the value of an attribute.
func yes(b bool) string { return strconv.FormatBool(b) }

// when gives an element where a condition holds, and nothing else.
func when(condition bool, element func() app.UI) app.UI { return app.If(condition, element) }
