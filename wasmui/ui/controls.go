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
	return el("div").Class("bar").Body(
		el("button").
			ID(panelToggle).
			Attr("type", "button").
			Class("bar-request").
			Aria("expanded", c.PanelOpen).
			Aria("controls", panelID).
			OnClick(c.onPanel).
			Body(
				el("span").Class("bar-request-label").Text("Request"),
				el("span").Class("bar-request-text").Text(c.Sentence),
			),
		el("div").Class("bar-buttons").Body(
			c.cut(),
			c.main(),
		),
		el("p").Class("bar-hint").Body(c.hint()...),
	)
}

// main is one button that changes, so that it keeps the focus: a person who
// starts by keyboard can stop by the same key.
func (c *controls) main() app.UI {
	b := el("button").ID(mainButton).Class("button main")
	switch {
	case c.Running:
		return b.Attr("type", "button").DataSet("does", "stop").Attr("aria-keyshortcuts", "Escape").OnClick(c.onStop).Text("Stop")
	case !c.Ready:
		return b.Attr("type", "button").DataSet("does", "start").Attr("disabled", true).Text("Start")
	}
	return b.Attr("type", "submit").DataSet("does", "start").Attr("form", requestForm).Attr("aria-keyshortcuts", "Enter").Text("Start")
}

// cut stays where it is while there is nothing to cut, and keeps the focus: it
// is marked as disabled and does nothing.
func (c *controls) cut() app.UI {
	return button("button cut").
		Aria("disabled", !c.CanCut).
		OnClick(c.onCut).
		Text("Cut the connection")
}

func (c *controls) hint() []app.UI {
	if c.Running {
		return []app.UI{
			el("kbd").Text("Esc"),
			el("span").Text("cancels the run; leaving lets it go on for a while."),
		}
	}
	return []app.UI{
		el("kbd").Text("Enter"),
		el("span").Text("in a field starts."),
	}
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
