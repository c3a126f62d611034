// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"time"

	"github.com/maxence-charriere/go-app/v10/pkg/app"
)

// What the page tells a person in passing, and what it leaves with the browser.

// say shows a short message, and takes it back after a while.
func (x *Explore) say(text string) {
	x.sayings++
	x.said = text
	said := x.sayings
	x.painter.rest()
	time.AfterFunc(sayFor, func() {
		x.dispatch(func() {
			if x.sayings == said {
				x.said = ""
			}
		})
	})
}

func (x *Explore) copy(text, done string) {
	copyText(text, func(ok bool) {
		x.dispatch(func() {
			if ok {
				x.say(done)
				return
			}
			x.say("The browser does not let this page use the clipboard.")
		})
	})
}

// setURL puts an address into the address bar, where another stands there.
func (x *Explore) setURL(url string) {
	if x.url != url {
		x.url = url
		replaceURL(url)
	}
}

// closeComments folds what was unfolded to be read: the elements go on to show
// other comments.
func closeComments() {
	open := app.Window().Get("document").Call("querySelectorAll", ".explore-comment[open]")
	for i := range open.Length() {
		open.Index(i).Set("open", false)
	}
}

// localStorage gives what the browser keeps for the site, false where it keeps
// nothing: then even asking for it throws, which only a function that is called
// hands on to Go.
func localStorage(use func(storage app.Value)) {
	defer func() { _ = recover() }()
	window := app.Window()
	if reflect := window.Get("Reflect"); reflect.Truthy() {
		if storage := reflect.Call("get", window, "localStorage"); storage.Truthy() {
			use(storage)
		}
	}
}

// readLocal gives what is kept under a key, "" for nothing.
func readLocal(key string) (text string) {
	localStorage(func(storage app.Value) {
		if v := storage.Call("getItem", key); v.Type() == app.TypeString {
			text = v.String()
		}
	})
	return text
}

// writeLocal keeps text under a key, and nothing where it is "". Where there is
// no room, what was kept before stays.
func writeLocal(key, text string) {
	localStorage(func(storage app.Value) {
		if text == "" {
			storage.Call("removeItem", key)
			return
		}
		storage.Call("setItem", key, text)
	})
}
