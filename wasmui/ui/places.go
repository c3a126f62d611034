// SPDX-License-Identifier: Apache-2.0

package ui

import "github.com/maxence-charriere/go-app/v10/pkg/app"

// The addresses of the pages.
const (
	StreamPath  = "/"
	ComparePath = "/compare"
	ExplorePath = "/explore"
)

// places are the pages as they are offered in the head of each.
var places = []struct{ path, name string }{
	{StreamPath, "Stream"},
	{ComparePath, "Compare"},
	{ExplorePath, "Explore"},
}

// placeLinks leads from the page at this address to the others. They are
// documents of their own, to which a run in progress is left: it goes on by its
// method's policy.
func placeLinks(at string) app.UI {
	return with(node("nav", "places", each(len(places), func(i int) app.UI {
		p := places[i]
		link := with(text("a", "place", p.name), "href", p.path).OnClick(leave)
		if p.path == at {
			link = with(link, "aria-current", "page")
		}
		return link
	})...), "aria-label", "Pages")
}

// leave has the browser follow the link: go-app would look for the page in this
// program.
func leave(_ app.Context, e app.Event) { e.StopImmediatePropagation() }
