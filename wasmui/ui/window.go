// SPDX-License-Identifier: Apache-2.0

package ui

// The page holds a window of the numbers, in blocks: an endless stream must not
// grow the document, and a browser lays out a block that does not change just
// once.
const (
	blockNumbers = 200
	maxBlocks    = 10
	// jumpNumbers is how many are shown at once where more has come than could be
	// seen going by. They fill a screen; the rest of the window is filled up when
	// there is time.
	jumpNumbers = 150
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

// window is which numbers are on the surface, by their index among all. The
// zero value with a surface is empty.
type window struct {
	out surface
	// blocks follow each other without a gap. Each ends at a multiple of
	// blockNumbers, but for the last one, which may still grow.
	blocks []block
}

// block is the numbers with the indices from up to but not including to.
type block struct{ from, to uint64 }

// start is the index of the first number shown, end that after the last one.
func (w *window) start() uint64 {
	if len(w.blocks) == 0 {
		return 0
	}
	return w.blocks[0].from
}

func (w *window) end() uint64 {
	if len(w.blocks) == 0 {
		return 0
	}
	return w.blocks[len(w.blocks)-1].to
}

// clear takes all away.
func (w *window) clear() {
	w.out.clear()
	w.blocks = w.blocks[:0]
}

// follow shows the end of the history, which holds the numbers from lo up to
// but not including hi. It reports whether the window could be filled up further.
func (w *window) follow(lo, hi uint64) (more bool) {
	if w.end() < lo || w.end() > hi || hi-w.end() > jumpNumbers {
		w.jump(lo, hi)
		return w.start() > lo
	}
	busy := hi-w.end() > jumpNumbers/3
	w.fill(hi)
	for len(w.blocks) > maxBlocks {
		w.shift()
	}
	if w.canFillUp(lo) && !busy {
		w.unshift(lo)
	}
	return w.canFillUp(lo)
}

func (w *window) canFillUp(lo uint64) bool {
	return len(w.blocks) > 0 && len(w.blocks) < maxBlocks && w.start() > lo
}

// stay shows what has come since without taking anything away that a person may
// be reading, and no more at once than a jump would.
func (w *window) stay(lo, hi uint64) {
	if len(w.blocks) == 0 {
		w.jump(lo, hi)
		return
	}
	last := w.blocks[len(w.blocks)-1]
	room := uint64(maxBlocks-len(w.blocks)) * blockNumbers
	w.fill(min(hi, w.end()+jumpNumbers, blockEnd(last.from)+room))
}

// jump begins anew with the last numbers before hi.
func (w *window) jump(lo, hi uint64) {
	w.clear()
	if hi > jumpNumbers {
		lo = max(lo, hi-jumpNumbers)
	}
	if lo < hi {
		w.push(lo, min(hi, blockEnd(lo)))
		w.fill(hi)
	}
}

// older shows one block more at the beginning and, of a full window, one less
// at the end. It reports whether there was one.
func (w *window) older(lo uint64) bool {
	if len(w.blocks) == 0 || w.start() <= lo {
		return false
	}
	w.unshift(lo)
	if len(w.blocks) > maxBlocks {
		w.out.pop()
		w.blocks = w.blocks[:len(w.blocks)-1]
	}
	return true
}

// newer is older the other way round.
func (w *window) newer(hi uint64) bool {
	if w.end() >= hi {
		return false
	}
	w.fill(min(hi, blockEnd(w.end())))
	if len(w.blocks) > maxBlocks {
		w.shift()
	}
	return true
}

// fill shows all up to hi: first in what room the last block has, then a block
// at a time.
func (w *window) fill(hi uint64) {
	if end := w.end(); end < hi && len(w.blocks) > 0 && end%blockNumbers != 0 {
		to := min(hi, blockEnd(end))
		w.out.extend(end, to)
		w.blocks[len(w.blocks)-1].to = to
	}
	for w.end() < hi {
		w.push(w.end(), min(hi, blockEnd(w.end())))
	}
}

func (w *window) push(from, to uint64) {
	w.out.push(from, to)
	w.blocks = append(w.blocks, block{from, to})
}

func (w *window) unshift(lo uint64) {
	b := block{max(lo, (w.start()-1)/blockNumbers*blockNumbers), w.start()}
	w.out.unshift(b.from, b.to)
	w.blocks = append([]block{b}, w.blocks...)
}

func (w *window) shift() {
	w.out.shift()
	w.blocks = append(w.blocks[:0], w.blocks[1:]...)
}

// blockEnd is where the block ends that the number with this index is in.
func blockEnd(index uint64) uint64 { return (index/blockNumbers + 1) * blockNumbers }
