// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"sluice/wasmui/stream"
)

// noticeValues is something that the page has noticed of the way to the bridge,
// and has dealt with. The zero value is nothing.
type noticeValues struct {
	Title, Message string
	// Lines are what to change on the way, each a line of a configuration.
	Lines []noticeLine
}

type noticeLine struct{ Label, Text string }

func (v noticeValues) shown() bool { return v.Title != "" }

// remedies are the lines that let events through the proxies that are met most.
var remedies = []noticeLine{
	{"nginx, in the location of the bridge", "proxy_buffering off;"},
	{"or a header of the answer, which the bridge sends and the proxy must not ignore", "X-Accel-Buffering: no"},
}

// fallenBack says that another way is used, and why.
func fallenBack(way string, cause stream.Cause) noticeValues {
	v := noticeValues{Title: "Reading over " + way + " now"}
	// The line to change stands where it is read without opening anything.
	const held = ": something on the way holds the numbers back. In nginx, proxy_buffering off; lets them through."
	switch cause {
	case stream.HeldBack:
		v.Title += held
		v.Message = "The numbers came in bursts, although they were made one after the other: something between this page and the bridge, a proxy most likely, collects them first. " +
			"So the page reads over " + way + " by itself from now on. If the proxy is yours, this lets them through:"
		v.Lines = remedies
	case stream.NoHead:
		v.Title += held
		v.Message = "Over fetch not even the beginning of the answer came, which the bridge sends within half a second: something between, a proxy most likely, waits for its end, although short answers come through. " +
			"So the page has gone on over " + way + " by itself. If the proxy is yours, this lets it through:"
		v.Lines = remedies
	default:
		v.Message = "Something on the way to the bridge does not let a WebSocket through, so the page has gone on over " + way + " by itself."
	}
	return v
}

// shared says how tabs share what connections there are.
func shared(sharing stream.Sharing, way string) noticeValues {
	// A page out of a cache does not know what its server speaks.
	const few = "over HTTP/1.1, and this page cannot count on more, a browser opens six connections to a host for all its tabs"
	switch sharing {
	case stream.Leading:
		return noticeValues{
			Title:   "Reading for other tabs too",
			Message: "Other tabs show the same run; " + few + ". They hear the numbers from this one; close it, and another takes over.",
		}
	case stream.Following:
		return noticeValues{
			Title:   "Listening to another tab",
			Message: "Another tab reads the same run; " + few + ". So this one hears the numbers from it, and takes over if it is closed.",
		}
	case stream.Beyond:
		return noticeValues{
			Title:   "Reading over " + way,
			Message: "Other tabs hold the connections that there are for streams: " + few + ". What this tab uses is not counted among them.",
		}
	}
	return noticeValues{}
}

// notice shows it.
type notice struct {
	app.Compo

	Values noticeValues
	Page   *Page
}

// Render implements app.Composer. The element of the role note is read where it
// stands; that something has changed is said once, politely.
func (n *notice) Render() app.UI {
	v := n.Values
	return with(node("div", "notice",
		when(v.shown(), func() app.UI {
			return node("details", "notice-body",
				text("summary", "notice-title", v.Title),
				text("p", "notice-message", v.Message),
				node("div", "notice-lines", each(len(v.Lines), func(i int) app.UI {
					return node("div", "notice-line",
						text("p", "notice-label", v.Lines[i].Label),
						&commandLine{Label: v.Lines[i].Label, Command: v.Lines[i].Text, Page: n.Page},
					)
				})...),
			)
		}),
	), "aria-live", "polite")
}
