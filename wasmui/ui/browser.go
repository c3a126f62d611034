// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"time"

	"github.com/maxence-charriere/go-app/v10/pkg/app"
)

// What the page asks of the browser. Natively all of it does nothing, as
// go-app's stand-ins for the browser's objects do.

// isHidden reports whether the page is in the background.
func isHidden() bool {
	return app.Window().Get("document").Get("hidden").Truthy()
}

// isOffline reports whether the browser knows that it has no network. It does
// not know when a server is away.
func isOffline() bool {
	online := app.Window().Get("navigator").Get("onLine")
	return online.Type() == app.TypeBoolean && !online.Bool()
}

// frames calls back at animation frames, one request at a time.
type frames struct {
	tick app.Func
	due  func()
}

func newFrames() *frames {
	f := &frames{}
	f.tick = app.FuncOf(func(app.Value, []app.Value) any {
		if due := f.due; due != nil {
			f.due = nil
			due()
		}
		return nil
	})
	return f
}

func (f *frames) request(due func()) {
	f.due = due
	app.Window().Call("requestAnimationFrame", f.tick)
}

// afterFunc is time.AfterFunc in the form that the painter takes.
func afterFunc(d time.Duration, f func()) (stop func()) {
	t := time.AfterFunc(d, f)
	return func() { t.Stop() }
}

// listener is a function that listens to events of the window or the document.
type listener struct {
	target app.Value
	names  []string
	f      app.Func
}

func listen(target app.Value, f func(name string, event app.Value), names ...string) *listener {
	l := &listener{target: target, names: names}
	l.f = app.FuncOf(func(_ app.Value, args []app.Value) any {
		f(args[0].Get("type").String(), args[0])
		return nil
	})
	for _, name := range names {
		target.Call("addEventListener", name, l.f)
	}
	return l
}

func (l *listener) close() {
	for _, name := range l.names {
		l.target.Call("removeEventListener", name, l.f)
	}
	l.f.Release()
}

// replaceURL changes the address in the address bar, and leaves history alone.
func replaceURL(url string) {
	app.Window().Get("history").Call("replaceState", nil, "", url)
}

// setTitle changes the title of the page.
func setTitle(title string) {
	app.Window().Get("document").Set("title", title)
}

// focus puts the keyboard's focus on the element with this id.
func focus(id string) {
	if el := app.Window().GetElementByID(id); el.Truthy() {
		el.Call("focus")
	}
}

// settle calls then once the promise is settled, with whether it was kept.
func settle(promise app.Value, then func(kept bool, value app.Value)) {
	var kept, broken app.Func
	done := func(ok bool, args []app.Value) {
		var value app.Value
		if len(args) > 0 {
			value = args[0]
		}
		then(ok, value)
		kept.Release()
		broken.Release()
	}
	kept = app.FuncOf(func(_ app.Value, args []app.Value) any { done(true, args); return nil })
	broken = app.FuncOf(func(_ app.Value, args []app.Value) any { done(false, args); return nil })
	promise.Call("then", kept, broken)
}

// copyText puts text on the clipboard. Browsers have it in secure pages only,
// which localhost is one of.
func copyText(text string, then func(ok bool)) {
	clipboard := app.Window().Get("navigator").Get("clipboard")
	if !clipboard.Truthy() {
		then(false)
		return
	}
	settle(clipboard.Call("writeText", text), func(ok bool, _ app.Value) { then(ok) })
}

// saveFile hands content to the browser as a download.
func saveFile(name, contentType string, content []byte) {
	window := app.Window()
	bytes := window.Get("Uint8Array").New(len(content))
	app.CopyBytesToJS(bytes, content)
	blob := window.Get("Blob").New([]any{bytes}, map[string]any{"type": contentType})
	url := window.Get("URL").Call("createObjectURL", blob)
	link := window.Get("document").Call("createElement", "a")
	link.Set("href", url)
	link.Set("download", name)
	link.Call("click")
	// Late, because some browsers first ask the person where to put it.
	time.AfterFunc(time.Minute, func() { window.Get("URL").Call("revokeObjectURL", url) })
}
