// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"net/url"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"sluice/wasmui/form"
)

// request is the part of the page that a call is prepared in.
func (x *Explore) request() app.UI {
	if x.method == nil {
		return with(node("section", "explore-request",
			with(text("h2", "explore-name", "Choose a method"), "id", exploreTitle, "tabindex", "-1"),
			text("p", "explore-note", "Then fill in its request, run it, and watch what it sends."),
			x.earlier(),
		), "aria-labelledby", exploreTitle)
	}
	m := x.method
	return with(node("section", "explore-request",
		node("div", "explore-scroll",
			with(text("h2", "explore-name", m.Short()), "id", exploreTitle, "tabindex", "-1"),
			text("p", "explore-service-name", m.Service()),
			when(m.Comment != "", func() app.UI { return comment("", m.Comment) }),
			x.views(),
			with(node("form", "explore-form", x.editor()...), "id", exploreForm, "novalidate", "true", "autocomplete", "off").
				OnSubmit(x.onSubmit),
			x.sameCall(),
			x.earlier(),
		),
		x.bar(),
	), "aria-labelledby", exploreTitle)
}

// views chooses between the two views of the request.
func (x *Explore) views() app.UI {
	view := func(asJSON bool, label string) app.UI {
		b := button("explore-view", label, func(app.Context, app.Event) { x.showJSON(asJSON) }, label)
		return with(b, "aria-pressed", yes(x.asJSON == asJSON))
	}
	return node("div", "explore-views",
		with(node("div", "explore-switch", view(false, "Form"), view(true, "JSON")), "role", "group", "aria-label", "Edit the request as"),
		button("link", "reset", x.onReset),
	)
}

func (x *Explore) editor() []app.UI {
	if x.asJSON {
		invalid := ""
		if x.wrong != "" {
			invalid = "true"
		}
		return []app.UI{
			with(text("label", "unseen", "The request as JSON"), "for", exploreJSON),
			with(node("textarea", "explore-input explore-json"), "id", exploreJSON, "rows", "12", "spellcheck", "false",
				"aria-invalid", invalid, "aria-describedby", exploreJSON+"-wrong").OnInput(x.onJSON),
			with(text("p", "knob-wrong", x.wrong), "id", exploreJSON+"-wrong"),
		}
	}
	root := x.form.Root
	switch {
	case root.Kind != form.Nested:
		return []app.UI{x.field(root)}
	case len(root.Children) == 0:
		return []app.UI{text("p", "explore-note", "The request has no fields.")}
	}
	return x.fields(root)
}

// bar holds the button that the page is for.
func (x *Explore) bar() app.UI {
	if !x.method.Runs() {
		return node("div", "explore-bar",
			text("p", "explore-note", "This method takes a stream of requests, which a browser cannot send: call it from a program."))
	}
	return node("div", "explore-bar",
		with(text("button", "button main", "Run"), "id", exploreRunning, "type", "submit", "form", exploreForm,
			"disabled", yes(!x.ready), "aria-keyshortcuts", "Control+Enter"),
		button("button quiet", "Copy link", x.onLink),
		with(node("span", "explore-hint", text("kbd", "", "Ctrl"), text("kbd", "", "Enter")), "aria-hidden", "true"),
	)
}

// earlier is the requests that were made before.
func (x *Explore) earlier() app.UI {
	return when(len(x.past) > 0, func() app.UI {
		return node("details", "explore-fold",
			text("summary", "", "Earlier requests"),
			node("ul", "explore-past", each(len(x.past), func(i int) app.UI {
				p := x.past[i]
				m := form.Method{Name: p.Method}
				return node("li", "", node("button", "explore-method",
					text("span", "explore-method-name", m.Short()),
					text("span", "explore-method-kind", p.At.Local().Format("2 Jan 15:04")),
					text("code", "explore-past-request", p.Request),
				).Attr("type", "button").OnClick(func(app.Context, app.Event) { x.openByHand(p) }, app.EventScope(p.Method, p.Backend, p.Request)))
			})...),
			button("link", "forget all", x.onForget),
		)
	})
}

func (x *Explore) onSubmit(_ app.Context, e app.Event) {
	e.PreventDefault()
	x.run()
}

func (x *Explore) onReset(app.Context, app.Event) {
	x.open(form.Past{Method: x.method.Name, Backend: x.method.Backend, Request: "{}"})
}

func (x *Explore) onJSON(ctx app.Context, _ app.Event) {
	x.json = ctx.JSSrc().Get("value").String()
	x.wrong = ""
	x.edited()
}

func (x *Explore) onForget(app.Context, app.Event) {
	x.past = nil
	writeLocal(historyKey, "")
	focus(exploreTitle)
}

func (x *Explore) onLink(app.Context, app.Event) {
	link := exploreLinkTo(x.method, x.requestJSON())
	if len(url.QueryEscape(x.requestJSON())) > maxLinkBytes {
		x.copy(x.origin+link, "The link is on the clipboard, without the request, which is too long for one.")
		return
	}
	x.copy(x.origin+link, "The link is on the clipboard: it opens this call, ready to run.")
}
