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

// masthead is the top of the page: what this is, where else there is to go, and
// how the connection is.
type masthead struct {
	app.Compo

	At          string // the address of the page that this is the head of
	Status      status
	Installable bool
	Page        installer
}

// Render implements app.Composer.
func (m *masthead) Render() app.UI {
	return node("header", "masthead",
		node("div", "brand",
			app.Raw(glyph),
			text("h1", "", "Sluice"),
		),
		placeLinks(m.At),
		with(node("div", "state",
			with(node("span", "state-dot"), "aria-hidden", "true"),
			text("span", "state-text", m.Status.Text),
			text("span", "state-detail", m.Status.Detail),
			// Not announced each second: the words before it already said so.
			with(text("span", "state-countdown", m.Status.Countdown), "aria-hidden", "true"),
		), "id", "state", "role", "status", "data-phase", m.Status.Phase, "data-tone", string(m.Status.Tone)),
		node("div", "masthead-end",
			when(m.Installable, func() app.UI { return button("button quiet", "Install", m.onInstall) }),
		),
	)
}

func (m *masthead) onInstall(ctx app.Context, _ app.Event) { m.Page.install(ctx) }

// installer is the page that can have the app installed. It is an interface, as
// a head that named the page's type would bring the whole page along into every
// program that has a head.
type installer interface{ install(ctx app.Context) }

// updateNotice says that a newer version of the app is ready.
type updateNotice struct {
	app.Compo

	Running bool
	Page    *Page
}

// Render implements app.Composer.
func (n *updateNotice) Render() app.UI {
	words := "A new version is here."
	if n.Running {
		words = "A new version is here. The run goes on after a reload."
	}
	return node("div", "update",
		text("span", "", words),
		button("button quiet", "Reload", n.onReload),
	)
}

func (n *updateNotice) onReload(ctx app.Context, _ app.Event) { ctx.Reload() }
