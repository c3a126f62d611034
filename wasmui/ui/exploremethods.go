// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"strconv"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"sluice/wasmui/form"
)

// mostMethods is how many methods are listed at once; of more one looks for one.
const mostMethods = 300

// exploreMethods is the list of methods to choose from.
type exploreMethods struct {
	app.Compo

	Catalog *form.Catalog
	Fault   string
	Asking  bool
	Query   string
	Backend string // whose methods are listed, "" for all
	Chosen  *form.Method
	Page    *Explore
}

// Render implements app.Composer.
func (l *exploreMethods) Render() app.UI {
	return with(node("section", "explore-methods",
		node("div", "explore-head",
			with(text("h2", "", "Methods"), "id", "explore-methods"),
			with(button("button quiet small", "Reload", l.onReload), "disabled", yes(l.Asking), "aria-label", "Reload the methods"),
		),
		with(text("label", "unseen", "Search the methods"), "for", exploreSearch),
		input("id", exploreSearch, "type", "search", "class", "explore-input", "placeholder", "Search", "autocomplete", "off",
			"spellcheck", "false").OnInput(l.onSearch).OnKeyDown(l.onKey),
		l.backends(),
		node("div", "explore-list", l.list()...),
	), "aria-labelledby", "explore-methods")
}

// backends chooses whose methods are listed, where there is more than one.
func (l *exploreMethods) backends() app.UI {
	return when(l.Catalog != nil && len(l.Catalog.Backends) > 1, func() app.UI {
		return node("div", "explore-backends",
			with(text("label", "", "Backend"), "for", exploreBackend),
			with(node("select", "explore-input", options(append([]string{allBackends}, l.Catalog.Backends...))...), "id", exploreBackend).
				OnChange(l.onBackend),
		)
	})
}

// allBackends is the option of every backend. No name of one has a space in it.
const allBackends = "all backends"

func (l *exploreMethods) onBackend(ctx app.Context, _ app.Event) {
	l.Page.backend = ctx.JSSrc().Get("value").String()
	if l.Page.backend == allBackends {
		l.Page.backend = ""
	}
}

func (l *exploreMethods) list() []app.UI {
	switch {
	case l.Fault != "":
		return []app.UI{with(text("p", "explore-note", l.Fault), "role", "alert")}
	case l.Catalog == nil:
		return []app.UI{text("p", "explore-note", "Asking the bridge what it offers.")}
	case len(l.Catalog.Methods) == 0:
		return []app.UI{text("p", "explore-note", "The bridge offers no method yet. It may still be looking for its backend: reload in a moment.")}
	}
	groups := l.Catalog.Search(l.Query, l.Backend)
	switch {
	case len(groups) == 0 && l.Query == "":
		return []app.UI{text("p", "explore-note", "This backend offers no method yet. The bridge may still be looking for it: reload in a moment.")}
	case len(groups) == 0:
		return []app.UI{text("p", "explore-note", "No method has that in its name or its comment.")}
	}
	var list []app.UI
	left := mostMethods
	for _, g := range groups {
		if len(g.Methods) > left {
			list = append(list, text("p", "explore-note", "There are more: "+strconv.Itoa(len(l.Catalog.Methods))+" in all. Search for one."))
			break
		}
		left -= len(g.Methods)
		list = append(list, l.group(g))
	}
	return list
}

func (l *exploreMethods) group(g form.Group) app.UI {
	return node("div", "explore-service",
		node("h3", "",
			text("span", "explore-service-name", g.Service),
			when(g.Backend != "", func() app.UI { return text("span", "explore-backend", g.Backend) }),
		),
		when(g.Comment != "", func() app.UI { return text("p", "explore-note", firstSentence(g.Comment)) }),
		node("ul", "", each(len(g.Methods), func(i int) app.UI { return node("li", "", l.method(g.Methods[i])) })...),
	)
}

func (l *exploreMethods) method(m *form.Method) app.UI {
	chosen := ""
	if l.Chosen != nil && l.Chosen.Name == m.Name && l.Chosen.Backend == m.Backend {
		chosen = "true"
	}
	return with(node("button", "explore-method",
		text("span", "explore-method-name", m.Short()),
		text("span", "explore-method-kind", kindWords(m.Kind)),
		when(m.Deprecated, func() app.UI { return text("span", "explore-method-kind", "deprecated") }),
	), "type", "button", "aria-current", chosen).
		OnClick(func(app.Context, app.Event) { l.Page.choose(m) }, app.EventScope(m.Backend, m.Name))
}

// kindWords says what a method sends and gets.
func kindWords(kind string) string {
	switch kind {
	case "unary":
		return "one answer"
	case "server_streaming":
		return "stream"
	case "client_streaming":
		return "stream of requests"
	case "bidi_streaming":
		return "streams both ways"
	}
	return kind
}

func (l *exploreMethods) onReload(app.Context, app.Event) { l.Page.askCatalog() }

func (l *exploreMethods) onSearch(ctx app.Context, _ app.Event) {
	l.Page.query = ctx.JSSrc().Get("value").String()
}

// onKey has Enter take the first method that is found.
func (l *exploreMethods) onKey(_ app.Context, e app.Event) {
	if e.Get("key").String() != "Enter" || l.Catalog == nil {
		return
	}
	if groups := l.Catalog.Search(l.Page.query, l.Page.backend); len(groups) > 0 {
		l.Page.choose(groups[0].Methods[0])
	}
}
