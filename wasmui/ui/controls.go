// SPDX-License-Identifier: Apache-2.0

package ui

import "github.com/maxence-charriere/go-app/v10/pkg/app"

const (
	// requestForm is the id of the form that Start submits.
	requestForm = "request"
	// panelToggle is the id of the button that opens and closes the panel.
	panelToggle = "panel-toggle"
	// mainButton is the id of Start and Stop, which are one button.
	mainButton = "main-button"
)

// controls is the bar at the bottom: what will be asked for, or what is going
// on, and the buttons that begin and end it.
type controls struct {
	app.Compo

	Sentence  string
	Ready     bool // the app has taken over the page
	Running   bool
	CanCut    bool
	PanelOpen bool
	Page      *Page
}

// Render implements app.Composer.
func (c *controls) Render() app.UI {
	return node("div", "bar",
		with(node("button", "bar-request",
			text("span", "bar-request-label", "Request"),
			text("span", "bar-request-text", c.Sentence),
		), "id", panelToggle, "type", "button", "aria-expanded", yes(c.PanelOpen), "aria-controls", panelID).OnClick(c.onPanel),
		node("div", "bar-buttons", c.cut(), c.main()),
		node("p", "bar-hint", c.hint()...),
	)
}

// main is one button that changes, so that it keeps the focus: a person who
// starts by keyboard can stop by the same key.
func (c *controls) main() app.UI {
	if c.Running {
		return with(button("button main", "Stop", c.onStop),
			"id", mainButton, "data-does", "stop", "aria-keyshortcuts", "Escape")
	}
	return with(text("button", "button main", "Start"),
		"id", mainButton, "type", "submit", "form", requestForm, "disabled", yes(!c.Ready),
		"data-does", "start", "aria-keyshortcuts", "Enter")
}

// cut stays where it is while there is nothing to cut, and keeps the focus: it
// is marked as disabled and does nothing.
func (c *controls) cut() app.UI {
	return with(button("button cut", "Cut the connection", c.onCut), "aria-disabled", yes(!c.CanCut))
}

func (c *controls) hint() []app.UI {
	if c.Running {
		return []app.UI{text("kbd", "", "Esc"), text("span", "", "cancels the run; leaving lets it go on for a while.")}
	}
	return []app.UI{text("kbd", "", "Enter"), text("span", "", "in a field starts.")}
}

func (c *controls) onPanel(app.Context, app.Event) { c.Page.togglePanel() }
func (c *controls) onCut(app.Context, app.Event)   { c.Page.cut() }

// onStop lets the second click of a double click on Start pass: it was not
// meant for the button that has come in its place. Nor may the browser go on with
// the click: by then the button may be Start again, and submit the form.
func (c *controls) onStop(_ app.Context, e app.Event) {
	e.PreventDefault()
	if detail := e.Get("detail"); detail.Type() == app.TypeNumber && detail.Int() > 1 {
		return
	}
	c.Page.stop()
}
