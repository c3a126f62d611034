// SPDX-License-Identifier: Apache-2.0

package ui

// The page holds a window of the numbers, in blocks: an endless stream must not
// grow the document, and a browser lays out a block that does not change just
// once.
const (
	blockNumbers = 200
	maxBlocks    = 10
	// jumpBlocks is what is shown at once where more has come than could be seen
	// going by. It fills a large screen; the rest of the window is filled up when
	// there is time.
	jumpBlocks = 2
)

// surface is where blocks are shown: the document, or a stand-in in tests.
type surface interface {
	clear()
	push(from, to uint64)    // a block at the end, with these numbers
	extend(from, to uint64)  // these numbers at the end of the last block
	unshift(from, to uint64) // a block at the beginning
	pop()                    // takes the last block away
	shift()                  // takes the first block away
}

// window is which numbers are on the surface, by their index among all. Blocks
// begin at multiples of blockNumbers, but for the first one, which begins where
// the history did when it was shown. The zero value with a surface is empty.
type window struct {
	out      surface
	from, to uint64
}

// clear takes all away.
func (w *window) clear() {
	w.out.clear()
	w.from, w.to = 0, 0
}

// follow shows the end of the history, which holds the numbers from lo up to
// but not including hi. It reports whether the window could be filled up further.
func (w *window) follow(lo, hi uint64) (more bool) {
	if w.to < lo || w.to > hi || hi-w.to > jumpBlocks*blockNumbers {
		w.jump(lo, hi)
		return w.from > lo
	}
	w.fill(hi)
	for w.blocks() > maxBlocks {
		w.shift()
	}
	if w.blocks() < maxBlocks && w.from > lo {
		w.prepend(lo)
	}
	return w.blocks() < maxBlocks && w.from > lo
}

// stay shows what has come since without taking anything away that a person may
// be reading.
func (w *window) stay(lo, hi uint64) {
	if w.from == w.to {
		w.jump(lo, hi)
		return
	}
	limit := (w.from/blockNumbers + maxBlocks) * blockNumbers
	// As much at once as a jump shows: the rest is shown when it is scrolled to.
	w.fill(min(hi, limit, w.to+jumpBlocks*blockNumbers))
}

// jump begins anew with the last numbers before hi.
func (w *window) jump(lo, hi uint64) {
	w.clear()
	start := uint64(0)
	if hi > jumpBlocks*blockNumbers {
		start = (hi-1)/blockNumbers*blockNumbers - (jumpBlocks-1)*blockNumbers
	}
	w.from = max(lo, start)
	w.to = w.from
	w.fill(hi)
}

// older shows one block more at the beginning and one less at the end. It
// reports whether there was one.
func (w *window) older(lo uint64) bool {
	if w.from <= lo || w.from == w.to {
		return false
	}
	w.prepend(lo)
	if w.blocks() > maxBlocks {
		w.out.pop()
		w.to = (w.to - 1) / blockNumbers * blockNumbers
	}
	return true
}

// prepend shows the block before the first one.
func (w *window) prepend(lo uint64) {
	start := max(lo, (w.from-1)/blockNumbers*blockNumbers)
	w.out.unshift(start, w.from)
	w.from = start
}

// newer is older the other way round.
func (w *window) newer(hi uint64) bool {
	if w.to >= hi {
		return false
	}
	w.fill(min(hi, (w.to/blockNumbers+1)*blockNumbers))
	if w.blocks() > maxBlocks {
		w.shift()
	}
	return true
}

// fill shows all up to hi, a block at a time.
func (w *window) fill(hi uint64) {
	for w.to < hi {
		end := min(hi, (w.to/blockNumbers+1)*blockNumbers)
		if w.to%blockNumbers == 0 || w.to == w.from {
			w.out.push(w.to, end)
		} else {
			w.out.extend(w.to, end)
		}
		w.to = end
	}
}

func (w *window) shift() {
	w.out.shift()
	w.from = (w.from/blockNumbers + 1) * blockNumbers
}

func (w *window) blocks() uint64 {
	if w.from == w.to {
		return 0
	}
	return (w.to-1)/blockNumbers - w.from/blockNumbers + 1
}
