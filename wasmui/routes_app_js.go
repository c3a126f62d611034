// SPDX-License-Identifier: Apache-2.0

//go:build !lab

package main

import (
	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"sluice/wasmui/ui"
)

// route names the pages of this program. They are told apart by build tags,
// because the linker keeps all that a page that is named may use.
func route() {
	app.Route(ui.StreamPath, func() app.Composer { return ui.NewPage() })
}
