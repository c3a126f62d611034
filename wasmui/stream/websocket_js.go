// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"errors"
	"fmt"
	"strings"
	"syscall/js"
)

// browserSocket opens a WebSocket of the browser's.
func browserSocket(address, protocol string, on socketEvents) (closeSocket func(), err error) {
	class := js.Global().Get("WebSocket")
	if class.Type() != js.TypeFunction {
		return nil, fmt.Errorf("this browser has no WebSocket: %w", errors.ErrUnsupported)
	}
	if location := js.Global().Get("location"); location.Truthy() {
		address = js.Global().Get("URL").New(address, location.Get("href")).Get("href").String()
	}
	// Older browsers know no other schemes here. https becomes wss.
	if rest, ok := strings.CutPrefix(address, "http"); ok {
		address = "ws" + rest
	}
	socket := class.New(address, protocol)
	h := newHandlers(socket)
	h.on("message", func(event js.Value) {
		on.message([]byte(event.Get("data").String()))
	})
	h.on("close", func(event js.Value) {
		h.release()
		on.closed(event.Get("code").Int(), event.Get("reason").String())
	})
	return func() {
		// What still comes is for nobody. The connection closes on its own time.
		h.release()
		socket.Call("close")
	}, nil
}

// handlers are functions of Go that listen to an object of the browser's.
type handlers struct {
	target js.Value
	names  []string
	funcs  []js.Func
}

func newHandlers(target js.Value) *handlers { return &handlers{target: target} }

func (h *handlers) on(name string, f func(event js.Value)) {
	handler := js.FuncOf(func(_ js.Value, args []js.Value) any {
		f(args[0])
		return nil
	})
	h.names, h.funcs = append(h.names, name), append(h.funcs, handler)
	h.target.Call("addEventListener", name, handler)
}

// release gives the functions back. It may be called more than once.
func (h *handlers) release() {
	for i, f := range h.funcs {
		h.target.Call("removeEventListener", h.names[i], f)
		f.Release()
	}
	h.names, h.funcs = nil, nil
}
