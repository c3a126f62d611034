// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"cmp"
	"context"
	"io"
	"slices"
	"strconv"
	"time"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"sluice/wasmui/form"
	"sluice/wasmui/stream"
)

// catalogPath is where the bridge describes its methods, and catalogTimeout how
// long that may take.
const (
	catalogPath    = "/catalog"
	catalogTimeout = 20 * time.Second
)

// historyKey is where the browser keeps the requests that were made.
const historyKey = "sluice.explore.history"

// OnMount implements app.Mounter: the page comes to life, and prepares the call
// that its address names.
func (x *Explore) OnMount(ctx app.Context) {
	x.dispatch = func(f func()) { ctx.Dispatch(func(app.Context) { f() }) }
	x.later = func(f func()) { ctx.Defer(func(app.Context) { f() }) }
	x.painter.frame = newFrames().request
	x.ready = true
	u := app.Window().URL()
	x.origin = u.Scheme + "://" + u.Host
	x.url = u.RequestURI()
	x.link = parseExploreLink(u.Query())
	x.past = form.ParseHistory(readLocal(historyKey))
	window := app.Window()
	x.listeners = []*listener{
		listen(window, func(string, app.Value) { x.wake((*stream.Client).Online) }, "online"),
		listen(window, func(string, app.Value) { x.wake((*stream.Client).Wake) }, "pageshow", "focus"),
		listen(window, func(_ string, e app.Value) {
			if e.Get("persisted").Truthy() {
				x.hide()
			}
		}, "pagehide"),
		listen(window.Get("document"), func(string, app.Value) {
			if !isHidden() {
				x.wake((*stream.Client).Wake)
				x.painter.rest()
			}
		}, "visibilitychange", "resume"),
		listen(window, func(_ string, e app.Value) { x.key(e) }, "keydown"),
	}
	x.askCatalog()
}

// OnDismount implements app.Dismounter: the page is left, and with it all runs.
// What becomes of them is their policy.
func (x *Explore) OnDismount() {
	for _, l := range x.listeners {
		l.close()
	}
	x.painter.close()
	for _, r := range x.runs {
		r.client.Close()
	}
}

// wake has streams, and a catalog that could not be had, looked after at once.
func (x *Explore) wake(client func(*stream.Client)) {
	for _, r := range x.runs {
		client(r.client)
	}
	if x.catalog == nil {
		x.dispatch(func() { x.askCatalog() })
	}
}

// key answers Control and Enter, or Command and Enter, anywhere on the page.
func (x *Explore) key(e app.Value) {
	if e.Get("key").String() == "Enter" && (e.Get("ctrlKey").Truthy() || e.Get("metaKey").Truthy()) {
		e.Call("preventDefault")
		x.dispatch(func() { x.run() })
	}
}

// askCatalog asks the bridge what it offers.
func (x *Explore) askCatalog() {
	if x.asking {
		return
	}
	x.asking, x.fault = true, ""
	go func() {
		catalog, fault := fetchCatalog(x.transport)
		x.dispatch(func() {
			x.asking, x.fault = false, fault
			if catalog != nil {
				x.setCatalog(catalog)
			}
		})
	}()
}

// fetchCatalog gets and reads the catalog, or says why there is none.
func fetchCatalog(t stream.Transport) (c *form.Catalog, fault string) {
	ctx, cancel := context.WithTimeout(context.Background(), catalogTimeout)
	defer cancel()
	resp, err := t.Open(ctx, stream.Request{Method: "GET", URL: catalogPath, Header: [][2]string{{"Accept", "application/json"}}})
	if err != nil {
		return nil, "The bridge could not be reached."
	}
	defer resp.Close()
	if status := resp.Status(); status != 200 {
		return nil, "The bridge does not say what it offers: it answered " + strconv.Itoa(status) + "."
	}
	data, err := io.ReadAll(io.LimitReader(resp, form.MaxCatalogBytes+1))
	if err != nil {
		return nil, "The bridge broke off while it said what it offers."
	}
	if c, err = form.ParseCatalog(data); err != nil {
		return nil, "What the bridge says it offers cannot be used: " + sentence(err.Error())
	}
	return c, ""
}

// setCatalog takes a catalog, and leaves the request as it is where its method is
// still there.
func (x *Explore) setCatalog(c *form.Catalog) {
	x.catalog = c
	if !slices.Contains(c.Backends, x.backend) || len(c.Backends) < 2 {
		x.backend = ""
	}
	switch {
	case x.method != nil:
		x.open(form.Past{Method: x.method.Name, Backend: x.method.Backend, Request: x.requestJSON()})
	case x.link.Method != "":
		x.open(form.Past(x.link))
	}
	x.link = exploreLink{}
	// Another catalog may have other options, of which the browser keeps its own.
	x.later(func() { setValue(exploreBackend, cmp.Or(x.backend, allBackends)) })
}
