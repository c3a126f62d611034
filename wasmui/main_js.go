// SPDX-License-Identifier: Apache-2.0

package main

import "github.com/maxence-charriere/go-app/v10/pkg/app"

// main is the app in the browser. It returns when the page is left.
func main() {
	route()
	app.RunWhenOnBrowser()
}
