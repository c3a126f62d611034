// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// shown is a surface that remembers what is on it.
type shown struct {
	t      *testing.T
	blocks []block
	drawn  uint64 // numbers drawn since the last look
}

func (s *shown) clear() { s.blocks = nil }

func (s *shown) push(from, to uint64) {
	s.draw(from, to)
	s.blocks = append(s.blocks, block{from, to})
}

func (s *shown) extend(from, to uint64) {
	s.draw(from, to)
	last := &s.blocks[len(s.blocks)-1]
	if last.to != from {
		s.t.Fatalf("extended by %d to %d after %v", from, to, *last)
	}
	last.to = to
}

func (s *shown) unshift(from, to uint64) {
	s.draw(from, to)
	s.blocks = append([]block{{from, to}}, s.blocks...)
}

func (s *shown) pop()   { s.blocks = s.blocks[:len(s.blocks)-1] }
func (s *shown) shift() { s.blocks = s.blocks[1:] }

func (s *shown) draw(from, to uint64) {
	if from >= to {
		s.t.Fatalf("drew nothing: %d to %d", from, to)
	}
	s.drawn += to - from
}

// check holds what is true of a window at any time: it shows one stretch of
// numbers without a gap, in blocks that are not too long and not too many.
func (s *shown) check(w *window) error {
	if len(s.blocks) != len(w.blocks) {
		return fmt.Errorf("%d blocks are shown where the window has %d", len(s.blocks), len(w.blocks))
	}
	if len(s.blocks) > maxBlocks {
		return fmt.Errorf("%d blocks are shown, over %d", len(s.blocks), maxBlocks)
	}
	for i, b := range s.blocks {
		if b != w.blocks[i] {
			return fmt.Errorf("block %d shows %v where the window has %v", i, b, w.blocks[i])
		}
		if b.to-b.from > blockNumbers || b.to <= b.from {
			return fmt.Errorf("block %d is %v", i, b)
		}
		if i > 0 && b.from != s.blocks[i-1].to {
			return fmt.Errorf("block %d is %v, after %v", i, b, s.blocks[i-1])
		}
	}
	return nil
}

func newShown(t *testing.T) (*window, *shown) {
	s := &shown{t: t}
	return &window{out: s}, s
}

func TestWindowFollows(t *testing.T) {
	t.Parallel()
	w, s := newShown(t)
	for hi := uint64(1); hi <= 3*blockNumbers*maxBlocks; hi++ {
		w.follow(0, hi)
		if err := s.check(w); err != nil {
			t.Fatal(err)
		}
		if w.end() != hi {
			t.Fatalf("the last number shown is %d of %d", w.end(), hi)
		}
	}
	if got := w.end() - w.start(); got < (maxBlocks-1)*blockNumbers {
		t.Errorf("a full window shows %d numbers", got)
	}
}

// However much has come, one call draws no more than a little over a screen.
func TestWindowDrawsLittleAtOnce(t *testing.T) {
	t.Parallel()
	w, s := newShown(t)
	for _, hi := range []uint64{1, 150, 1000, 1_000_000, 1_000_001, 1_000_700, 5_000_000} {
		s.drawn = 0
		w.follow(0, hi)
		if err := s.check(w); err != nil {
			t.Fatal(err)
		}
		if s.drawn > jumpNumbers/3+blockNumbers {
			t.Errorf("up to %d: %d numbers drawn at once", hi, s.drawn)
		}
		if w.end() != hi {
			t.Errorf("the last number shown is %d of %d", w.end(), hi)
		}
	}
}

func TestWindowFillsUpWhenThereIsTime(t *testing.T) {
	t.Parallel()
	w, s := newShown(t)
	const hi = 10_000
	more := w.follow(0, hi)
	for range maxBlocks {
		if !more {
			break
		}
		more = w.follow(0, hi)
		if err := s.check(w); err != nil {
			t.Fatal(err)
		}
	}
	if more || len(w.blocks) != maxBlocks {
		t.Errorf("%d blocks after filling up, and more to do: %v", len(w.blocks), more)
	}
	if more := w.follow(0, 5); more || w.end() != 5 {
		t.Errorf("another stream of 5: shown up to %d, more to do: %v", w.end(), more)
	}
}

func TestWindowScrollsThroughAll(t *testing.T) {
	t.Parallel()
	const lo, hi = 130, 100 * blockNumbers
	w, s := newShown(t)
	w.follow(lo, hi)
	for w.older(lo) {
		if err := s.check(w); err != nil {
			t.Fatal(err)
		}
	}
	if w.start() != lo {
		t.Fatalf("the oldest number reached is %d, want %d", w.start(), lo)
	}
	for w.newer(hi) {
		if err := s.check(w); err != nil {
			t.Fatal(err)
		}
	}
	if w.end() != hi {
		t.Fatalf("the newest number reached is %d, want %d", w.end(), hi)
	}
}

// A reader who stays must not lose what they read, however much comes.
func TestWindowStays(t *testing.T) {
	t.Parallel()
	w, s := newShown(t)
	w.follow(0, 300)
	from := w.start()
	for hi := uint64(300); hi < 100*blockNumbers; hi += 777 {
		w.stay(0, hi)
		if err := s.check(w); err != nil {
			t.Fatal(err)
		}
		if w.start() != from {
			t.Fatalf("what was read from %d on was taken away: it begins at %d", from, w.start())
		}
	}
}

// Any order of events leaves the window sound.
func TestWindowUnderRandomUse(t *testing.T) {
	t.Parallel()
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 1))
		w, s := newShown(t)
		var lo, hi uint64
		for step := range 200 {
			var did string
			switch r.IntN(8) {
			case 0:
				hi += r.Uint64N(5000)
				did = "much came"
			case 1, 2:
				hi += r.Uint64N(20)
				did = "a little came"
			case 3:
				did = "follow"
				w.follow(lo, hi)
			case 4:
				did = "stay"
				w.stay(lo, hi)
			case 5:
				did = "older"
				w.older(lo)
			case 6:
				did = "newer"
				w.newer(hi)
			case 7:
				did = "forgotten"
				lo = max(lo, hi-min(hi, 3000))
				if r.IntN(20) == 0 {
					did = "another stream"
					lo, hi = 0, 0
					w.clear()
				}
			}
			if err := s.check(w); err != nil {
				t.Fatalf("seed %d, step %d, %s with %d to %d kept: %v", seed, step, did, lo, hi, err)
			}
		}
	}
}
