// SPDX-License-Identifier: Apache-2.0

// Command bare is the least that a go-app page can be: what any app made with it
// costs before it does anything of its own.
package main

import "github.com/maxence-charriere/go-app/v10/pkg/app"

// bare is a page with a button that says when it can be pressed.
type bare struct {
	app.Compo
	ready bool
}

// OnMount implements app.Mounter.
func (b *bare) OnMount(app.Context) { b.ready = true }

// Render implements app.Composer.
func (b *bare) Render() app.UI {
	return app.Main().Body(app.Button().Type("button").Disabled(!b.ready).Text("Start"))
}

func main() {
	app.Route("/", func() app.Composer { return &bare{} })
	app.RunWhenOnBrowser()
}
