// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"strconv"

	"sluice/wasmui/store"
)

// appendNumbers writes the numbers with the indices from up to but not
// including to as HTML, one element each, with the marks that stand before them;
// fresh ones are seen to arrive. Those that are no longer kept are left out.
//
// Markup in one piece costs one call into the browser and its parser, where an
// element made by calls costs five microseconds and more each. Nothing in it needs
// escaping: values are formatted here, and so are the words of a mark.
func appendNumbers(dst []byte, h *store.History, marks []mark, from, to uint64, fresh bool) []byte {
	dropped := h.Dropped()
	from = max(from, dropped)
	open := `<span data-position="`
	if fresh {
		open = `<span class="fresh" data-position="`
	}
	next := 0
	for i := from; i < to; i++ {
		for next < len(marks) && marks[next].before < i {
			next++
		}
		for next < len(marks) && marks[next].before == i {
			dst = append(dst, `<span class="mark">`...)
			dst = append(dst, marks[next].text()...)
			dst = append(dst, `</span> `...)
			next++
		}
		n := h.At(int(i - dropped))
		dst = append(dst, open...)
		dst = strconv.AppendUint(dst, uint64(n.Position), 10)
		dst = append(dst, `">`...)
		dst = store.AppendValue(dst, n.Value)
		dst = append(dst, `</span> `...)
	}
	return dst
}
