// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"time"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"sluice/wasmui/stream"
)

// updateEvery is how often a page that comes back into view asks for a newer
// version.
const updateEvery = 10 * time.Minute

// OnMount implements app.Mounter: the page comes to life, and takes up the run
// that its address names.
func (p *Page) OnMount(ctx app.Context) {
	p.ctx = ctx
	p.painter.frame = newFrames().request
	p.ready = true
	p.offline = isOffline()
	p.installable = ctx.IsAppInstallable()
	u := app.Window().URL()
	p.origin = u.Scheme + "://" + u.Host
	p.knobs = ParseKnobs(u.Query())
	p.url = u.RequestURI()

	checked := time.Now()
	window := app.Window()
	p.listeners = []*listener{
		listen(window, func(name string, _ app.Value) { p.network(name == "online") }, "online", "offline"),
		listen(window, func(_ string, e app.Value) {
			if p.reading != nil && e.Get("persisted").Truthy() {
				p.reading.Hide()
			}
		}, "pagehide"),
		// A page that was put aside, or to sleep, looks at its stream at once.
		listen(window, func(name string, _ app.Value) {
			if name == "pageshow" {
				p.reading.disturbed()
			}
			p.session.wake()
		}, "pageshow", "focus"),
		listen(window.Get("document"), func(name string, _ app.Value) {
			p.reading.disturbed()
			if isHidden() || name == "freeze" {
				return
			}
			p.session.wake()
			p.painter.rest()
			if now := time.Now(); now.Sub(checked) > updateEvery {
				checked = now
				app.TryUpdate()
			}
		}, "visibilitychange", "resume", "freeze"),
		listen(window, func(_ string, e app.Value) { p.key(e) }, "keydown"),
	}
	if run := parseRun(u.Query()); run != "" {
		p.join(run)
	}
}

// OnDismount implements app.Dismounter: the page is left, and with it the
// stream. What becomes of the run is its policy.
func (p *Page) OnDismount() {
	for _, l := range p.listeners {
		l.close()
	}
	p.painter.close()
	p.session.leave()
}

// OnAppUpdate implements app.AppUpdater. The page itself comes from the network
// first, so the version that was made ready is often the one that runs.
func (p *Page) OnAppUpdate(app.Context) {
	isCurrent := app.Window().Get("sluiceIsCurrent")
	if !isCurrent.Truthy() {
		return
	}
	settle(isCurrent.Invoke(), func(ok bool, current app.Value) {
		if ok && current.Truthy() {
			return
		}
		p.ctx.Dispatch(func(app.Context) { p.update = true })
	})
}

// OnAppInstallChange implements app.AppInstaller.
func (p *Page) OnAppInstallChange(ctx app.Context) { p.installable = ctx.IsAppInstallable() }

func (p *Page) network(online bool) {
	p.ctx.Dispatch(func(app.Context) { p.offline = !online })
	p.reading.disturbed()
	if online {
		p.session.with((*stream.Client).Online)
	}
}

// key answers Escape: it closes what is open, and else stops what runs.
func (p *Page) key(e app.Value) {
	if e.Get("key").String() != "Escape" || e.Get("isComposing").Truthy() || e.Get("defaultPrevented").Truthy() {
		return
	}
	p.ctx.Dispatch(func(app.Context) {
		if p.panelOpen {
			p.panelOpen = false
			focus(panelToggle)
			return
		}
		if p.isRunning() {
			p.stop()
		}
	})
}

// onSkip moves the focus too, which following the link would not: go-app takes
// clicks on links over.
func (p *Page) onSkip(_ app.Context, e app.Event) {
	e.PreventDefault()
	e.StopImmediatePropagation()
	focus(numbersID)
}
