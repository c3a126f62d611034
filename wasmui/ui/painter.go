// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"sync"
	"time"
)

// tickEvery is how often the words and the figures are drawn while a stream
// runs: often enough for a countdown, seldom enough to be read.
const tickEvery = 250 * time.Millisecond

// painter decides when the page is drawn: the numbers at most once an animation
// frame, and every second one where they come faster than anyone can see; all
// else when it is asked for at once, and at every tick while a stream runs. In a
// page that is hidden there are no animation frames, and the ticks draw the
// numbers too. Its methods are safe for concurrent use.
type painter struct {
	frame func(func())                              // calls back at the next animation frame
	after func(time.Duration, func()) (stop func()) // calls back later
	// drawNumbers and drawRest draw. They are called one at a time, drawRest also
	// at every tick for as long as it says that a stream runs. A drawing of the
	// numbers was a leap when some were passed over, as more had come than can be
	// seen going by.
	drawNumbers func() (leap bool)
	drawRest    func() (running bool)
	hidden      func() bool

	mu      sync.Mutex
	pending bool   // a frame is due for numbers
	leapt   bool   // the last drawing of the numbers was a leap
	asked   bool   // a frame is due for the rest
	stop    func() // stops the tick that is due; nil where none is
	closed  bool
}

// numbers says that there are numbers to draw.
func (p *painter) numbers() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.pending || p.closed {
		return
	}
	p.pending = true
	p.frame(p.onFrame)
}

// onFrame draws the numbers, but not in two frames running where each shows
// others than the one before: to lay them out is most of the work of a fast
// stream, and nobody can tell.
func (p *painter) onFrame() {
	p.mu.Lock()
	closed, wait := p.closed, p.leapt
	p.leapt, p.pending = false, wait
	p.mu.Unlock()
	switch {
	case closed:
	case wait:
		p.frame(p.onFrame)
	default:
		p.draw()
	}
}

func (p *painter) draw() {
	leapt := p.drawNumbers()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.leapt = leapt
}

// rest says that the words and figures are worth drawing now.
func (p *painter) rest() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.asked || p.closed {
		return
	}
	p.asked = true
	// Not at a frame: a page that is hidden has none, and its title should tell.
	p.after(0, func() {
		p.mu.Lock()
		p.asked = false
		p.mu.Unlock()
		p.tick()
	})
}

// tick draws the rest, and sees to it that it is drawn again while a stream
// runs.
func (p *painter) tick() {
	p.mu.Lock()
	if p.stop != nil {
		p.stop()
		p.stop = nil
	}
	closed := p.closed
	p.mu.Unlock()
	if closed {
		return
	}
	if p.hidden() {
		p.draw()
	}
	running := p.drawRest()
	p.mu.Lock()
	defer p.mu.Unlock()
	if running && !p.closed && p.stop == nil {
		p.stop = p.after(tickEvery, p.tick)
	}
}

// close ends all drawing.
func (p *painter) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	if p.stop != nil {
		p.stop()
		p.stop = nil
	}
}
