// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"sluice/internal/bubble"
)

// canvas counts what a painter draws, and holds the frames it asked for.
type canvas struct {
	painter         *painter
	frames          []func()
	numbers, rest   atomic.Int64
	running, hidden atomic.Bool
	leap            bool
}

func newCanvas() *canvas {
	c := &canvas{}
	c.painter = &painter{
		frame:       func(f func()) { c.frames = append(c.frames, f) },
		after:       afterFunc,
		drawNumbers: func() bool { c.numbers.Add(1); return c.leap },
		drawRest:    func() bool { c.rest.Add(1); return c.running.Load() },
		hidden:      func() bool { return c.hidden.Load() },
	}
	return c
}

// frame is the next animation frame.
func (c *canvas) frame() {
	due := c.frames
	c.frames = nil
	for _, f := range due {
		f()
	}
}

func TestNumbersAreDrawnOnceAFrame(t *testing.T) {
	t.Parallel()
	c := newCanvas()
	for range 3 {
		for range 1000 {
			c.painter.numbers()
		}
		if len(c.frames) != 1 {
			t.Fatalf("%d frames were asked for, want 1", len(c.frames))
		}
		c.frame()
	}
	if c.numbers.Load() != 3 || c.rest.Load() != 0 {
		t.Errorf("numbers drawn %d times and the rest %d times, want 3 and 0", c.numbers.Load(), c.rest.Load())
	}
}

func TestAFloodIsDrawnAtEverySecondFrame(t *testing.T) {
	t.Parallel()
	c := newCanvas()
	c.leap = true
	for range 10 {
		c.painter.numbers()
		if len(c.frames) != 1 {
			t.Fatalf("%d frames were asked for, want 1", len(c.frames))
		}
		c.frame()
	}
	if n := c.numbers.Load(); n != 5 {
		t.Errorf("drawn %d times in 10 frames, want 5", n)
	}
	// What came last is not left undrawn for want of anything that follows it.
	c.leap = false
	c.painter.numbers()
	c.frame()
	c.painter.numbers()
	for len(c.frames) > 0 {
		c.frame()
	}
	if n := c.numbers.Load(); n != 7 {
		t.Errorf("drawn %d times when the flood was over, want 7", n)
	}
}

func TestTheRestIsDrawnAtOnceAndThenAtTicks(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		c := newCanvas()
		c.running.Store(true)
		c.painter.rest()
		c.painter.rest()
		synctest.Wait()
		if c.rest.Load() != 1 {
			t.Fatalf("drawn %d times at once, want 1", c.rest.Load())
		}
		time.Sleep(10*tickEvery + tickEvery/2)
		synctest.Wait()
		if c.rest.Load() != 11 {
			t.Errorf("drawn %d times after 10 ticks, want 11", c.rest.Load())
		}
		if c.numbers.Load() != 0 {
			t.Errorf("a page in view draws numbers at frames only, and drew them at %d ticks", c.numbers.Load())
		}
		c.running.Store(false)
		time.Sleep(10 * tickEvery)
		synctest.Wait()
		if c.rest.Load() != 12 {
			t.Errorf("drawn %d times, want once more after the end and then never", c.rest.Load())
		}
	})
}

// Asking in between moves the next tick, and does not add another row of them.
func TestTicksDoNotMultiply(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		c := newCanvas()
		c.running.Store(true)
		for range 5 {
			c.painter.rest()
			time.Sleep(tickEvery / 5)
		}
		synctest.Wait()
		before := c.rest.Load()
		time.Sleep(4 * tickEvery)
		synctest.Wait()
		if got := c.rest.Load() - before; got != 4 {
			t.Errorf("drawn %d times in 4 ticks", got)
		}
		c.painter.close()
	})
}

func TestAHiddenPageDrawsNumbersAtTicks(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		c := newCanvas()
		c.running.Store(true)
		c.hidden.Store(true)
		c.painter.rest()
		c.painter.numbers()
		time.Sleep(2*tickEvery + tickEvery/2)
		synctest.Wait()
		if c.numbers.Load() != 3 {
			t.Errorf("numbers drawn %d times, want 3", c.numbers.Load())
		}
		c.painter.close()
	})
}

func TestAClosedPainterDrawsNothing(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		c := newCanvas()
		c.running.Store(true)
		c.painter.rest()
		c.painter.numbers()
		c.painter.close()
		c.frame()
		c.painter.numbers()
		c.painter.rest()
		time.Sleep(10 * tickEvery)
		synctest.Wait()
		if c.numbers.Load() != 0 || c.rest.Load() != 0 || len(c.frames) != 0 {
			t.Errorf("after close: numbers %d, rest %d, frames %d", c.numbers.Load(), c.rest.Load(), len(c.frames))
		}
	})
}
