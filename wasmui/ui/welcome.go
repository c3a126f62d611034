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
	return with(node("section", "welcome",
		with(text("h2", "welcome-title", "Numbers, the moment they are made."), "id", "welcome-title"),
		text("p", "welcome-text",
			"Press Start. A service makes a number, waits a little, makes the next; each one travels "+
				"over gRPC to the bridge and on to this page as an event. Cut the connection while they come: "+
				"they go on where they stopped, none lost and none twice."),
		with(node("div", "presets",
			each(len(presets), func(i int) app.UI {
				b := button("preset", presets[i].label, func(app.Context, app.Event) { w.Page.tryPreset(presets[i]) }, i)
				return with(b, "disabled", yes(!w.Ready))
			})...,
		), "role", "group", "aria-label", "Things to try"),
		text("h3", "welcome-subtitle", "The same from a terminal"),
		&commandLine{Label: "curl, from the bridge", Command: curlCommand(w.Origin, w.Knobs), Page: w.Page},
		&commandLine{Label: "grpcurl, from the service", Command: grpcurlCommand(w.Knobs), Page: w.Page},
	), "aria-labelledby", "welcome-title")
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
	return node("div", "command",
		with(text("code", "command-text", c.Command), "tabindex", "0", "role", "group", "aria-label", c.Label),
		with(button("button quiet small", "Copy", c.onCopy), "aria-label", "Copy the command: "+c.Label),
	)
}

func (c *commandLine) onCopy(app.Context, app.Event) {
	c.Page.copy(c.Command, "The command is on the clipboard.")
}
