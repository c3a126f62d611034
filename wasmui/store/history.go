// SPDX-License-Identifier: Apache-2.0

package store

import (
	"math"
	"sort"
	"time"
)

// DefaultKeep is how many numbers a History keeps: 2.8 MB.
const DefaultKeep = 100_000

// blockSize is how many neighbouring numbers share one summary, which lets a
// chart of all numbers be drawn without reading all of them.
const blockSize = 64

// Number is one number of the stream.
type Number struct {
	// Position is its place in the stream, from 1.
	Position uint32
	// Value may be NaN or infinite.
	Value float64
	// Created is when the server made it and Received when it arrived here, in
	// milliseconds since 1970. Created is 0 where the server did not say.
	Created, Received int64
}

// block sums up the finite values of blockSize neighbouring numbers; all NaN
// where there is none.
type block struct{ min, max, last float64 }

var emptyBlock = block{min: math.NaN(), max: math.NaN(), last: math.NaN()}

// History keeps the last numbers of a stream and sums over all of them. The
// zero value is empty and keeps DefaultKeep.
//
// The numbers lie in columns that are written round and round. A number is
// known by its index among all that were added; its slot is that index modulo
// ring. The ring is a block longer than what is kept, so that a block which is
// being written over holds nothing that is still asked for.
type History struct {
	keep, ring uint64
	position   []uint32
	value      []float64
	created    []int64
	received   []int64
	blocks     []block

	sums   sums
	token  []byte
	sample []int64
}

// New makes an empty history that keeps the last keep numbers; DefaultKeep
// where keep is not positive.
func New(keep int) *History {
	h := new(History)
	h.setKeep(keep)
	return h
}

func (h *History) setKeep(keep int) {
	if keep <= 0 {
		keep = DefaultKeep
	}
	h.keep = uint64(keep)
	h.ring = (h.keep+blockSize-1)/blockSize*blockSize + blockSize
}

// Append adds a number.
func (h *History) Append(n Number) {
	if h.keep == 0 {
		h.setKeep(0)
	}
	index := h.sums.count
	slot := index % h.ring
	if slot == uint64(len(h.value)) && index < h.ring {
		h.grow()
	}
	h.position[slot] = n.Position
	h.value[slot] = n.Value
	h.created[slot] = n.Created
	h.received[slot] = n.Received

	b := &h.blocks[slot/blockSize]
	if slot%blockSize == 0 {
		*b = emptyBlock
	}
	if finite(n.Value) {
		// Written so that a NaN gives way.
		if !(b.min <= n.Value) {
			b.min = n.Value
		}
		if !(b.max >= n.Value) {
			b.max = n.Value
		}
		b.last = n.Value
	}
	h.sums.add(n)
}

// grow doubles the columns, up to the ring, so that a short stream takes little.
func (h *History) grow() {
	size := min(max(2*uint64(len(h.value)), 16*blockSize), h.ring)
	h.position = append(make([]uint32, 0, size), h.position...)[:size]
	h.value = append(make([]float64, 0, size), h.value...)[:size]
	h.created = append(make([]int64, 0, size), h.created...)[:size]
	h.received = append(make([]int64, 0, size), h.received...)[:size]
	h.blocks = append(make([]block, 0, size/blockSize), h.blocks...)[:size/blockSize]
}

// AppendJSON decodes one message and adds its number. The history is unchanged
// where it cannot be decoded.
func (h *History) AppendJSON(data []byte, received time.Time) error {
	m, err := Decode(data)
	if err != nil {
		return err
	}
	h.Append(Number{Position: m.Position, Value: m.Value, Created: m.Created, Received: received.UnixMilli()})
	h.token = append(h.token[:0], m.ResumeToken...)
	return nil
}

// Clear forgets everything and keeps the memory.
func (h *History) Clear() {
	h.sums = sums{}
	h.token = h.token[:0]
}

// Len is how many numbers are kept.
func (h *History) Len() int { return int(min(h.sums.count, h.keep)) }

// Total is how many numbers were added.
func (h *History) Total() uint64 { return h.sums.count }

// Dropped is how many numbers were added and are no longer kept: the first ones.
func (h *History) Dropped() uint64 { return h.sums.count - uint64(h.Len()) }

// At gives a kept number, 0 being the oldest. It panics outside of 0 to Len()-1.
func (h *History) At(i int) Number {
	if i < 0 || i >= h.Len() {
		panic("store: History.At: index outside of what is kept")
	}
	return h.number(h.Dropped() + uint64(i))
}

// number gives the kept number of this index among all.
func (h *History) number(index uint64) Number {
	slot := index % h.ring
	return Number{
		Position: h.position[slot],
		Value:    h.value[slot],
		Created:  h.created[slot],
		Received: h.received[slot],
	}
}

// Index finds the number with this position among those kept: its index for
// At, and whether it is there. Positions are taken to rise.
func (h *History) Index(position uint32) (int, bool) {
	dropped := h.Dropped()
	return sort.Find(h.Len(), func(i int) int {
		at := h.position[(dropped+uint64(i))%h.ring]
		switch {
		case position < at:
			return -1
		case position > at:
			return 1
		}
		return 0
	})
}

// ResumeToken is the token of the last message added by AppendJSON: what a
// request needs to go on after it. "" where there is none.
func (h *History) ResumeToken() string { return string(h.token) }

func finite(v float64) bool { return v-v == 0 }
