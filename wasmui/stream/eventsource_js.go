// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"errors"
	"fmt"
	"syscall/js"
)

// browserSource opens an EventSource of the browser's.
func browserSource(address string, types []string, on sourceEvents) (closeSource func(), err error) {
	class := js.Global().Get("EventSource")
	if class.Type() != js.TypeFunction {
		return nil, fmt.Errorf("this browser has no EventSource: %w", errors.ErrUnsupported)
	}
	source := class.New(address)
	h := newHandlers(source)
	shut := func() {
		h.release()
		source.Call("close")
	}
	h.on("open", func(js.Value) { on.open() })
	h.on("error", func(js.Value) {
		gaveUp := source.Get("readyState").Int() == class.Get("CLOSED").Int()
		shut()
		on.fault(gaveUp)
	})
	for _, name := range types {
		h.on(name, func(event js.Value) {
			on.event(event.Get("lastEventId").String(), name, event.Get("data").String())
		})
	}
	return shut, nil
}
