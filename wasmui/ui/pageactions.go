// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"context"
	"time"

	"github.com/maxence-charriere/go-app/v10/pkg/app"
)

// What the parts of the page ask of it. All of it runs on go-app's goroutine for
// the page, as every event handler does.

// sayFor is how long a short message stays.
const sayFor = 4 * time.Second

// urlAfter is how long the address waits for more typing. Browsers allow about
// a hundred changes in half a minute.
const urlAfter = 300 * time.Millisecond

func (p *Page) start() {
	if p.isRunning() {
		return
	}
	clear(p.edited)
	p.panelOpen = false
	p.setURL(pageURL(p.knobs, ""))
	p.begin("")
}

// join shows a run that an address named.
func (p *Page) join(run string) { p.begin(run) }

// begin reads a stream as the knobs stand, a new one or that of a run.
func (p *Page) begin(run string) {
	p.begun = p.knobs
	p.session.start(context.Background(), streamURL(p.begun), run)
	p.log.reset()
}

func (p *Page) stop() { p.session.stop() }
func (p *Page) cut()  { p.session.cut() }

func (p *Page) clear() {
	p.session.clear()
	p.log.reset()
	focus(mainButton) // the button that was pressed is gone
}

func (p *Page) isRunning() bool {
	p.session.mu.Lock()
	defer p.session.mu.Unlock()
	return p.session.running()
}

// tryPreset sets the knobs and starts at once.
func (p *Page) tryPreset(t preset) {
	if p.isRunning() {
		return
	}
	p.setKnobs(t.knobs)
	p.start()
}

// turn changes one knob.
func (p *Page) turn(field string, change func(*Knobs)) {
	change(&p.knobs)
	p.edited[field] = true
	if p.urlTimer != nil {
		p.urlTimer.Stop()
	}
	p.urlTimer = time.AfterFunc(urlAfter, p.painter.rest)
}

// setKnobs changes all knobs, and what stands in the inputs.
func (p *Page) setKnobs(k Knobs) {
	p.knobs = k
	for _, f := range []string{fieldSequence, fieldCount, fieldEndless, fieldMinPause, fieldMaxPause, fieldSeed, fieldLower, fieldUpper} {
		p.edited[f] = true
	}
	p.painter.rest()
	p.ctx.Defer(func(app.Context) { syncInputs(k) })
}

func (p *Page) setChart(kind chartKind) { p.chart = kind }

func (p *Page) togglePanel() {
	p.panelOpen = !p.panelOpen
}

// showKnob opens the panel where it is closed and puts the focus on a knob.
func (p *Page) showKnob(id string) {
	p.panelOpen = true
	p.ctx.Defer(func(app.Context) { focus(id) })
}

// say shows a short message, and takes it back after a while.
func (p *Page) say(text string) {
	p.sayings++
	p.said = text
	said := p.sayings
	p.painter.rest()
	time.AfterFunc(sayFor, func() {
		p.ctx.Dispatch(func(app.Context) {
			if p.sayings == said {
				p.said = ""
			}
		})
	})
}

func (p *Page) copy(text, done string) {
	copyText(text, func(ok bool) {
		p.ctx.Dispatch(func(app.Context) {
			if ok {
				p.say(done)
				return
			}
			p.say("The browser does not let this page use the clipboard.")
		})
	})
}

// copyLink copies the address under which the run can be watched from anywhere.
func (p *Page) copyLink(run string) {
	if run == "" {
		p.say("There is no run to link to yet.")
		return
	}
	p.copy(p.origin+p.address(true, run), "The link is on the clipboard: whoever opens it sees the same numbers.")
}

// setURL puts an address into the address bar, where another stands there.
func (p *Page) setURL(url string) {
	if p.url != url {
		p.url = url
		replaceURL(url)
	}
}

func (p *Page) install(ctx app.Context) {
	if ctx.IsAppleBrowser() {
		p.say("In Safari: Share, then Add to Home Screen.")
		return
	}
	ctx.ShowAppInstallPrompt()
}
