// SPDX-License-Identifier: Apache-2.0

//go:build lab

package main

import (
	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"sluice/wasmui/ui"
)

// route names the pages of this program.
func route() {
	app.Route(ui.ComparePath, func() app.Composer { return ui.NewCompare() })
	app.Route(ui.ExplorePath, func() app.Composer { return ui.NewExplore() })
}
