// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"context"
	"sync"
	"syscall/js"
)

// browserTabs gives what the tabs of an origin share: Web Locks, which browsers
// have in secure pages only, and BroadcastChannel.
func browserTabs() (tabLocks, tabChannel) {
	global := js.Global()
	navigator := global.Get("navigator")
	if !navigator.Truthy() || !navigator.Get("locks").Truthy() || global.Get("BroadcastChannel").Type() != js.TypeFunction {
		return nil, nil
	}
	return webLocks{navigator.Get("locks")}, broadcast
}

// webLocks are the browser's locks (https://www.w3.org/TR/web-locks/).
type webLocks struct{ manager js.Value }

func (w webLocks) try(_ context.Context, name string) (release func()) {
	// It is answered at once, so there is nothing to give up.
	answer := make(chan func(), 1)
	w.request(name, map[string]any{"ifAvailable": true}, func(release func()) { answer <- release }, func() {
		select {
		case answer <- nil:
		default: // it was granted, and is over
		}
	})
	return <-answer
}

func (w webLocks) wait(name string, granted func(release func())) (giveUp func()) {
	abort := js.Global().Get("AbortController").New()
	w.request(name, map[string]any{"signal": abort.Get("signal")}, granted, func() {})
	return func() { abort.Call("abort") }
}

// request asks for a lock. granted gets what gives it back; over is called when
// nothing more can come of the request.
func (w webLocks) request(name string, options map[string]any, granted func(release func()), over func()) {
	var callback, settled js.Func
	callback = js.FuncOf(func(_ js.Value, args []js.Value) any {
		if args[0].IsNull() {
			return nil
		}
		// The lock is held until this promise is kept.
		var resolve js.Value
		executor := js.FuncOf(func(_ js.Value, args []js.Value) any {
			resolve = args[0]
			return nil
		})
		hold := js.Global().Get("Promise").New(executor)
		executor.Release()
		granted(sync.OnceFunc(func() { resolve.Invoke() }))
		return hold
	})
	settled = js.FuncOf(func(js.Value, []js.Value) any {
		callback.Release()
		settled.Release()
		over()
		return nil
	})
	w.manager.Call("request", name, options, callback).Call("then", settled, settled)
}

// broadcast opens a BroadcastChannel.
func broadcast(name string, hear func(text string)) (post func(text string), closeChannel func()) {
	channel := js.Global().Get("BroadcastChannel").New(name)
	h := newHandlers(channel)
	h.on("message", func(event js.Value) { hear(event.Get("data").String()) })
	return func(text string) { channel.Call("postMessage", text) }, func() {
		h.release()
		channel.Call("close")
	}
}
