// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"sync/atomic"

	"github.com/maxence-charriere/go-app/v10/pkg/app"
)

// logSource is what a logView shows: entries that are known by their place among
// all, of which the first ones may have gone.
type logSource interface {
	// bounds gives the places that there are: from lo up to but not including hi.
	bounds() (lo, hi uint64)
	// markup writes the entries at these places as HTML; fresh ones are seen to
	// arrive.
	markup(dst []byte, from, to uint64, fresh bool) []byte
	// label is what a block that begins at this place is called, "" for nothing.
	label(place uint64) string
}

// logView writes the numbers into the document, past go-app's tree: the tree
// would compare all of them to find the one that is new. It runs on the browser's
// one thread; only behind is read from elsewhere.
type logView struct {
	source logSource
	// onFollow is told when the reader begins or ceases to follow the end.
	onFollow func()

	host   app.Value // nil until mounted
	blocks []app.Value
	window window
	markup []byte
	free   bool // the reader has scrolled away from the end
	at     scroll
	listen app.Func
	resize app.Func
	sizes  app.Value     // the observer of the host's size
	hidden atomic.Uint64 // numbers after the last one shown
}

func newLogView(source logSource, onFollow func()) *logView {
	v := &logView{source: source, onFollow: onFollow}
	v.window.out = v
	return v
}

// logEvents is what the view listens to: scrolling, and what a reader does to
// begin it.
var logEvents = []string{"scroll", "wheel", "touchstart", "touchend", "keydown"}

// mount takes the element that the numbers go into.
func (v *logView) mount(host app.Value) {
	v.host = host
	v.listen = app.FuncOf(func(_ app.Value, args []app.Value) any {
		v.moved(args[0])
		return nil
	})
	for _, name := range logEvents {
		host.Call("addEventListener", name, v.listen, map[string]any{"passive": true})
	}
	v.resize = app.FuncOf(func(app.Value, []app.Value) any {
		v.stick()
		return nil
	})
	v.sizes = app.Window().Get("ResizeObserver").New(v.resize)
	v.sizes.Call("observe", host)
	v.flush()
}

func (v *logView) dismount() {
	if v.host == nil {
		return
	}
	for _, name := range logEvents {
		v.host.Call("removeEventListener", name, v.listen)
	}
	v.listen.Release()
	v.sizes.Call("disconnect")
	v.resize.Release()
	v.host, v.blocks = nil, nil
}

// reset empties the view for another stream, and follows it.
func (v *logView) reset() {
	v.free = false
	if v.host == nil {
		return
	}
	v.window.clear()
	v.flush()
}

// flush shows what has come since the last time. It reports whether it is worth
// being called again though nothing more should come, and whether more had come
// than it shows.
func (v *logView) flush() (more, leap bool) {
	if v.host == nil {
		return false, false
	}
	v.read(func(lo, hi uint64) {
		leap = hi-v.window.end() > jumpNumbers
		if v.free {
			v.window.stay(lo, hi)
		} else {
			more = v.window.follow(lo, hi)
		}
		v.hidden.Store(hi - v.window.end())
	})
	v.stick()
	return more, leap
}

// jump shows the end and follows it.
func (v *logView) jump() {
	v.free = false
	if v.host == nil {
		return
	}
	v.read(func(lo, hi uint64) {
		v.window.jump(lo, hi)
		v.hidden.Store(0)
	})
	v.stick()
	v.onFollow()
}

// stick keeps the end in view while the reader follows it.
func (v *logView) stick() {
	if v.host != nil && !v.free {
		// More than there is, which the browser cuts down: asking how much there is
		// would have it lay out the page here and now.
		v.host.Set("scrollTop", 1<<30)
	}
}

// read runs f on the places that there are.
func (v *logView) read(f func(lo, hi uint64)) { f(v.source.bounds()) }

// moved is told what the reader does. One who sets out upwards is let go at
// once: to wait for the first pixels would pull them back at every frame.
func (v *logView) moved(event app.Value) {
	switch event.Get("type").String() {
	case "wheel":
		if event.Get("deltaY").Float() < 0 {
			v.release()
		}
	case "keydown":
		switch event.Get("key").String() {
		case "ArrowUp", "PageUp", "Home":
			v.release()
		}
	case "touchstart":
		v.release()
	default: // "scroll", and "touchend", which may end a touch that moved nothing
		v.scrolled(event.Get("type").String() == "touchend")
	}
}

// release stops following, where there is anything above to go to.
func (v *logView) release() {
	if v.host.Get("scrollTop").Float() > 0 {
		v.setFree(true)
	}
}

func (v *logView) setFree(free bool) {
	if v.free != free {
		v.free = free
		v.onFollow()
	}
}

// scrolled follows the end where the reader has come back to it, and shows more
// where an edge is near. A reader who has let go of the page counts as having
// come where they are.
func (v *logView) scrolled(letGo bool) {
	last := v.at
	v.at = scroll{
		top:     v.host.Get("scrollTop").Float(),
		height:  v.host.Get("clientHeight").Float(),
		content: v.host.Get("scrollHeight").Float(),
	}
	at := v.at
	v.read(func(lo, hi uint64) {
		switch {
		case at.wentUp(last) && !at.atEnd():
			v.setFree(true)
		case (letGo || at.wentDown(last)) && at.atEnd() && v.window.end() == hi:
			v.setFree(false)
		}
		switch {
		case v.free && at.nearTop():
			v.keepPlace(func() { v.window.older(lo) })
		case v.free && at.nearEnd():
			v.keepPlace(func() { v.window.newer(hi) })
		}
		v.hidden.Store(hi - v.window.end())
	})
}

// keepPlace has what is in view stay where it is on the screen while blocks
// come and go above it.
func (v *logView) keepPlace(change func()) {
	if len(v.blocks) == 0 {
		return
	}
	anchor := v.blocks[len(v.blocks)/2]
	before := anchor.Get("offsetTop").Float()
	change()
	if anchor.Get("isConnected").Bool() {
		moved := anchor.Get("offsetTop").Float() - before
		v.host.Set("scrollTop", v.host.Get("scrollTop").Float()+moved)
	}
}

// noticed is how many numbers that come together are each seen to arrive.
const noticed = 6

// render gives the markup of some numbers.
func (v *logView) render(from, to uint64) string {
	v.markup = v.source.markup(v.markup[:0], from, to, to-from <= noticed)
	return string(v.markup)
}

// block makes the element of a block. Those that begin where blocks begin say so,
// but for that of the start of the stream.
func (v *logView) block(from, to uint64) app.Value {
	block := app.Window().Get("document").Call("createElement", "div")
	block.Set("className", "block")
	if from > 0 && from%blockNumbers == 0 {
		if label := v.source.label(from); label != "" {
			block.Get("dataset").Set("from", label)
		}
	}
	block.Set("innerHTML", v.render(from, to))
	return block
}

func (v *logView) clear() {
	v.host.Call("replaceChildren")
	v.blocks = v.blocks[:0]
}

func (v *logView) push(from, to uint64) {
	block := v.block(from, to)
	v.host.Call("append", block)
	v.blocks = append(v.blocks, block)
}

func (v *logView) extend(from, to uint64) {
	v.blocks[len(v.blocks)-1].Call("insertAdjacentHTML", "beforeend", v.render(from, to))
}

func (v *logView) unshift(from, to uint64) {
	block := v.block(from, to)
	v.host.Call("prepend", block)
	v.blocks = append([]app.Value{block}, v.blocks...)
}

func (v *logView) pop() {
	last := len(v.blocks) - 1
	v.blocks[last].Call("remove")
	v.blocks = v.blocks[:last]
}

func (v *logView) shift() {
	v.blocks[0].Call("remove")
	v.blocks = append(v.blocks[:0], v.blocks[1:]...)
}
