// SPDX-License-Identifier: Apache-2.0

package ui

import "github.com/maxence-charriere/go-app/v10/pkg/app"

// glyph is the app's sign: a gate drawn up, and what it lets through.
const glyph = `<svg class="brand-glyph" viewBox="0 0 32 32" aria-hidden="true" focusable="false">` +
	`<rect class="glyph-post" x="4" y="4" width="4" height="24" rx="2"/>` +
	`<rect class="glyph-post" x="24" y="4" width="4" height="24" rx="2"/>` +
	`<rect class="glyph-gate" x="10.5" y="4" width="11" height="11" rx="2"/>` +
	`<circle class="glyph-drop" cx="12" cy="23" r="2"/>` +
	`<circle class="glyph-drop" cx="16" cy="23" r="2"/>` +
	`<circle class="glyph-drop" cx="20" cy="23" r="2"/>` +
	`</svg>`

// masthead is the top of the page: what this is, and how the connection is.
type masthead struct {
	app.Compo

	Status      status
	Installable bool
	Page        *Page
}

// Render implements app.Composer.
func (m *masthead) Render() app.UI {
	return el("header").Class("masthead").Body(
		el("div").Class("brand").Body(
			app.Raw(glyph),
			el("h1").Text("Sluice"),
		),
		el("div").
			ID("state").
			Class("state").
			Role("status").
			DataSet("phase", m.Status.Phase).
			DataSet("tone", string(m.Status.Tone)).
			Body(
				el("span").Class("state-dot").Aria("hidden", true),
				el("span").Class("state-text").Text(m.Status.Text),
				el("span").Class("state-detail").Text(m.Status.Detail),
				// Not announced each second: the words before it already said so.
				el("span").Class("state-countdown").Aria("hidden", true).Text(m.Status.Countdown),
			),
		el("div").Class("masthead-end").Body(
			app.If(m.Installable, func() app.UI {
				return button("button quiet").Text("Install").OnClick(m.onInstall)
			}),
		),
	)
}

func (m *masthead) onInstall(ctx app.Context, _ app.Event) { m.Page.install(ctx) }

// updateNotice says that a newer version of the app is ready.
type updateNotice struct {
	app.Compo

	Running bool
	Page    *Page
}

// Render implements app.Composer.
func (n *updateNotice) Render() app.UI {
	text := "A new version is here."
	if n.Running {
		text = "A new version is here. The run goes on after a reload."
	}
	return el("div").Class("update").Body(
		el("span").Text(text),
		button("button quiet").Text("Reload").OnClick(n.onReload),
	)
}

func (n *updateNotice) onReload(ctx app.Context, _ app.Event) { ctx.Reload() }
