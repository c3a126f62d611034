// SPDX-License-Identifier: Apache-2.0

package ui

import "github.com/maxence-charriere/go-app/v10/pkg/app"

// el makes an element. go-app has a type for every tag, of a hundred methods
// each, and every tag that is used puts all of them into the program: some forty
// kilobytes a tag, against one type for all.
func el(tag string) app.HTMLElem { return app.Elem(tag) }

// void makes an element that has no content and no end tag.
func void(tag string) app.HTMLElemSelfClosing { return app.ElemSelfClosing(tag) }

// button makes a button that does nothing but what its handler does.
func button(class string) app.HTMLElem {
	return el("button").Attr("type", "button").Class(class)
}
