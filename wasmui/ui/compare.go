// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"context"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"sluice/wasmui/stream"
)

// Compare is the Compare page: one run, read in four ways at the same time.
type Compare struct {
	app.Compo

	race    *race
	painter *painter

	ctx       app.Context // of the mounted page
	listeners []*listener

	ready    bool // mounted: the page answers
	offline  bool
	rate     int
	slow     bool
	few      bool   // the browser has few connections
	protocol string // what the page came over
}

var (
	_ app.Mounter    = (*Compare)(nil)
	_ app.Dismounter = (*Compare)(nil)
)

// NewCompare makes the page. It does nothing until it is mounted, so it can be
// rendered outside of a browser.
func NewCompare() *Compare {
	http := stream.NewFetch()
	c := newCompare(openerTransport{Transport: http, beyond: beyondFetch(http, func() {}), few: pageHasFew}, way.transport)
	c.race.reserve = func(ctx context.Context) (release func(), ok bool) {
		if !pageHasFew() {
			return func() {}, true
		}
		return stream.Reserve(ctx, laneConnections)
	}
	return c
}

func newCompare(http stream.Transport, transport func(way, *stream.Network, *stream.Meter) stream.Transport) *Compare {
	c := &Compare{rate: rates[0]}
	c.painter = &painter{
		frame:       func(func()) {}, // until the page is mounted
		after:       afterFunc,
		hidden:      isHidden,
		drawNumbers: c.drawTracks,
		drawRest:    c.drawRest,
	}
	c.race = &race{
		http: http, transport: transport, onChange: c.painter.rest,
		reserve: func(context.Context) (release func(), ok bool) { return func() {}, true },
	}
	return c
}

// The ids of what the page refers to.
const (
	compareMain  = "compare"
	compareTitle = "compare-title"
	pointsTitle  = "points-title"
)

// Render implements app.Composer.
func (c *Compare) Render() app.UI {
	v := c.race.look(c.offline, c.few, time.Now())
	if !c.ready {
		v.Status.Text, v.Status.Tone = "Loading", toneBusy
	}
	verdict := v.verdict()
	if verdict == "" {
		verdict = "Press Start: a service makes a number, waits a little, makes the next. Each stroke below is one of them, at the moment when it came."
	}
	return node("div", "compare-page",
		with(text("a", "skip", "Skip to the comparison"), "href", "#"+compareMain).OnClick(c.onSkip),
		&masthead{At: ComparePath, Status: v.Status},
		with(node("main", "compare",
			with(node("section", "compare-intro",
				with(text("h2", "compare-title", "One run, read in four ways."), "id", compareTitle),
				text("p", "compare-verdict", verdict),
			), "aria-labelledby", compareTitle),
			with(node("section", "compare-race", &tracks{Lanes: v.Lanes}), "aria-label", "The numbers as they come"),
			&compareProblem{Values: v.Problem},
			with(node("section", "compare-measured", &measured{Lanes: v.Lanes}), "aria-label", "Measurements"),
			with(node("section", "compare-points",
				with(text("h2", "", "The seven differences"), "id", pointsTitle),
				&differences{Race: v, Protocol: c.protocol},
			), "aria-labelledby", pointsTitle),
		), "id", compareMain, "tabindex", "-1"),
		&compareBar{
			Ready: c.ready, Running: v.Running, CanCut: v.CanCut, Rate: c.rate, Slow: c.slow, Page: c,
		},
	)
}

// OnMount implements app.Mounter.
func (c *Compare) OnMount(ctx app.Context) {
	c.ctx = ctx
	c.painter.frame = newFrames().request
	c.ready = true
	c.offline = isOffline()
	u := app.Window().URL()
	c.setRate(parseRate(u.Query()))
	c.setSlow(u.Query().Get("slow") == "true")
	c.protocol, c.few = protocolName(pageProtocol()), fewConnections(pageProtocol())
	ctx.Async(func() {
		protocol := knownProtocol()
		ctx.Dispatch(func(app.Context) {
			c.protocol, c.few = protocolName(protocol), fewConnections(protocol)
		})
	})

	window := app.Window()
	c.listeners = []*listener{
		listen(window, func(name string, _ app.Value) { c.network(name == "online") }, "online", "offline"),
		listen(window, func(string, app.Value) { c.race.wake((*stream.Client).Wake) }, "pageshow", "focus"),
		listen(window, func(_ string, e app.Value) {
			// A page that is put aside would keep its connections from other tabs.
			if e.Get("persisted").Truthy() {
				c.race.leave()
			}
		}, "pagehide"),
		listen(window, func(_ string, e app.Value) { c.key(e) }, "keydown"),
	}
}

// OnDismount implements app.Dismounter.
func (c *Compare) OnDismount() {
	for _, l := range c.listeners {
		l.close()
	}
	c.painter.close()
	c.race.leave()
}

func (c *Compare) network(online bool) {
	c.ctx.Dispatch(func(app.Context) { c.offline = !online })
	if online {
		c.race.wake((*stream.Client).Online)
	}
}

// key answers Escape: it stops what runs.
func (c *Compare) key(e app.Value) {
	if e.Get("key").String() == "Escape" && !e.Get("isComposing").Truthy() && !e.Get("defaultPrevented").Truthy() {
		c.ctx.Dispatch(func(app.Context) { c.race.stop() })
	}
}

func (c *Compare) onSkip(_ app.Context, e app.Event) {
	e.PreventDefault()
	e.StopImmediatePropagation()
	focus(compareMain)
}

// drawTracks draws the tracks, and again at the next frame while a run goes on:
// they move with the time. Where motion is unwanted they move at every tick.
func (c *Compare) drawTracks() (leap bool) {
	c.race.drawTracks(time.Now())
	c.race.mu.Lock()
	running := c.race.running()
	c.race.mu.Unlock()
	if running && !isHidden() && !wantsLessMotion() {
		c.painter.numbers()
	}
	return false
}

// drawRest has the tree drawn, and reports whether that is to be repeated.
func (c *Compare) drawRest() (running bool) {
	if !c.ready {
		return false
	}
	c.ctx.Dispatch(func(app.Context) {})
	c.painter.numbers()
	c.race.mu.Lock()
	defer c.race.mu.Unlock()
	return c.race.running()
}

func (c *Compare) setRate(rate int) {
	c.rate = rate
	c.keepURL()
}

func (c *Compare) setSlow(on bool) {
	c.slow = on
	delay := time.Duration(0)
	if on {
		delay = slowTrip
	}
	c.race.network.Set(delay)
	c.keepURL()
}

// keepURL keeps the knobs in the address.
func (c *Compare) keepURL() {
	query := ""
	if c.rate != rates[0] {
		query = "rate=" + strconv.Itoa(c.rate)
	}
	if c.slow {
		if query != "" {
			query += "&"
		}
		query += "slow=true"
	}
	if path := app.Window().URL().Path; path != "" {
		replaceURL(withQuery(path, query))
	}
}

// parseRate gives the rate that an address names, the first where it names none
// of them.
func parseRate(q url.Values) int {
	if rate, err := strconv.Atoi(q.Get("rate")); err == nil && slices.Contains(rates, rate) {
		return rate
	}
	return rates[0]
}
