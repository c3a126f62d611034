// SPDX-License-Identifier: Apache-2.0

package stream

import "syscall/js"

// promises waits for promises, one at a time, with the same two functions for
// all of them: making a js.Func for each costs more than the wait. Every promise
// must be settled in the end, which the abort of a request sees to.
type promises struct {
	resolve, reject js.Func
	settled         chan settled // takes one
	channel         js.Value     // undefined before the first turn
}

type settled struct {
	value js.Value
	err   error
}

func newPromises() *promises {
	p := &promises{settled: make(chan settled, 1)}
	p.resolve = js.FuncOf(func(_ js.Value, args []js.Value) any {
		p.settled <- settled{value: args[0]}
		return nil
	})
	p.reject = js.FuncOf(func(_ js.Value, args []js.Value) any {
		p.settled <- settled{err: js.Error{Value: args[0]}}
		return nil
	})
	return p
}

// wait gives what the promise is resolved with, or a js.Error.
func (p *promises) wait(promise js.Value) (js.Value, error) {
	promise.Call("then", p.resolve, p.reject)
	s := <-p.settled
	return s.value, s.err
}

// turn lets the event loop turn: input, timers and frames have their chance. A
// message is used, as a timer of 0 ms becomes one of 4 ms when repeated, and one
// of a second in a hidden page.
func (p *promises) turn() {
	if p.channel.IsUndefined() {
		p.channel = js.Global().Get("MessageChannel").New()
		p.channel.Get("port1").Set("onmessage", p.resolve)
	}
	p.channel.Get("port2").Call("postMessage", nil)
	<-p.settled
}

// release gives the functions back. It must not be called during a wait.
func (p *promises) release() {
	if !p.channel.IsUndefined() {
		p.channel.Get("port1").Set("onmessage", nil)
		p.channel.Get("port1").Call("close")
		p.channel = js.Undefined()
	}
	p.resolve.Release()
	p.reject.Release()
}
