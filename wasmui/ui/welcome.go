// SPDX-License-Identifier: Apache-2.0

package ui

import "github.com/maxence-charriere/go-app/v10/pkg/app"

// welcome is the page before there are numbers: what will happen, a few things
// to try, and the same from a terminal.
type welcome struct {
	app.Compo

	Knobs  Knobs
	Origin string
	Ready  bool
	Page   *Page
}

// Render implements app.Composer.
func (w *welcome) Render() app.UI {
	return el("section").Class("welcome").Aria("labelledby", "welcome-title").Body(
		el("h2").ID("welcome-title").Class("welcome-title").Text("Numbers, the moment they are made."),
		el("p").Class("welcome-text").Text(
			"Press Start. A service makes a number, waits a little, makes the next; each one travels "+
				"over gRPC to the bridge and on to this page as an event. Cut the connection while they come: "+
				"they go on where they stopped, none lost and none twice."),
		el("div").Class("presets").Role("group").Aria("label", "Things to try").Body(
			app.Range(presets).Slice(func(i int) app.UI {
				b := button("preset").Text(presets[i].label)
				if !w.Ready {
					return b.Attr("disabled", true)
				}
				return b.OnClick(func(app.Context, app.Event) { w.Page.tryPreset(presets[i]) }, app.EventScope(i))
			}),
		),
		el("h3").Class("welcome-subtitle").Text("The same from a terminal"),
		&commandLine{Label: "curl, from the bridge", Command: curlCommand(w.Origin, w.Knobs), Page: w.Page},
		&commandLine{Label: "grpcurl, from the service", Command: grpcurlCommand(w.Knobs), Page: w.Page},
	)
}

// commandLine is a command to copy.
type commandLine struct {
	app.Compo

	Label   string
	Command string
	Page    *Page
}

// Render implements app.Composer.
func (c *commandLine) Render() app.UI {
	return el("div").Class("command").Body(
		el("code").Class("command-text").TabIndex(0).Role("group").Aria("label", c.Label).Text(c.Command),
		button("button quiet small").Aria("label", "Copy the command: "+c.Label).
			Text("Copy").OnClick(c.onCopy),
	)
}

func (c *commandLine) onCopy(app.Context, app.Event) {
	c.Page.copy(c.Command, "The command is on the clipboard.")
}
