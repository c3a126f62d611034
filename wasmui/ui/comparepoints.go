// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"strconv"
	"time"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"sluice/wasmui/store"
)

// point is one of the seven in which the ways differ: what is known of it, and
// what this page has just measured.
type point struct {
	title, known string
	measured     func(raceValues, string) string
}

// points are the seven. The second argument of measured is the protocol that
// the page itself came over, "" where the browser does not say.
var points = []point{
	{
		"Protocol",
		"Server-sent events and polling are plain HTTP, which every server and proxy on the way understands. WebSocket is a protocol of its own: it begins as HTTP and leaves it, so everything on the way has to let it through.",
		func(v raceValues, protocol string) string {
			text := "fetch, EventSource and polling were answered by HTTP"
			if protocol != "" {
				text = "fetch, EventSource and polling came over " + protocol
			}
			if v.Lanes[waySocket].Count == 0 {
				return text + "; the WebSocket has brought nothing: something on the way may not let it through."
			}
			return text + "; the WebSocket was let through."
		},
	},
	{
		"Weight",
		"Server-sent events are light: lines of text in one long answer. A WebSocket packs each message into a frame of a few bytes, and brings its own handshake, pings and closing. A poll is simple, and sends a head with every answer.",
		func(v raceValues, _ string) string {
			return each4(v, func(l laneValues) string {
				return l.about() + store.FormatCount((l.Body+l.Heads)/max(l.Count, 1)) + " B"
			}) + ": bytes for each number, heads included where they can be seen."
		},
	},
	{
		"Reconnecting",
		"EventSource comes back by itself and names the last id it saw. With fetch, WebSocket and polling a program has to do so; here all four share the same few lines for it.",
		func(v raceValues, _ string) string {
			if v.Cuts == 0 {
				return "Nothing was cut. Cut the connections, and see."
			}
			return "After the cut, and a second’s pause on purpose, the next number took " + each4(v, func(l laneValues) string { return span(l.cutCost()) }) +
				"; lost: " + store.FormatCount(v.sum(func(l laneValues) uint64 { return l.Lost })) + "."
		},
	},
	{
		"Binary data",
		"Server-sent events are text: bytes are written as Base64, which takes a third more. A WebSocket also carries bytes as they are; so does the body of a poll.",
		func(v raceValues, _ string) string {
			n := uint64(v.Lanes[wayFetch].TokenBytes)
			if n == 0 {
				return "Nothing in these numbers was binary."
			}
			return "Each number carries a token of " + store.FormatCount(n*3/4) + " bytes, which travel as " + store.FormatCount(n) + " letters of Base64."
		},
	},
	{
		"Types of events",
		"Server-sent events have a type each. EventSource gives a page only the types that it has asked for by name; the other ways give all. WebSocket and polling have no types of their own: here they are a field of each message.",
		func(v raceValues, _ string) string {
			types := v.Lanes[wayFetch].Types
			end := "."
			if v.Lanes[wayFetch].Over {
				end = ", and “end”, by which all four knew that it was over."
			}
			return strconv.FormatUint(types, 10) + " type for the numbers" + end
		},
	},
	{
		"Direction",
		"A WebSocket speaks both ways; the others listen, and what a page has to say goes out as a request. For numbers, news or the words of an assistant that is all there is to say.",
		func(v raceValues, _ string) string {
			return store.FormatCount(v.Lanes[waySocket].Messages) + " messages came over the WebSocket, and none had to go the other way. Stop is a request."
		},
	},
	{
		"Cost of polling",
		"Asking again and again costs a request each time, and asking seldom makes numbers late. A long poll waits at the server for the next number: it is nearly as quick, and still pays for a request and its head each time.",
		func(v raceValues, _ string) string {
			poll, fetch := v.Lanes[wayPoll], v.Lanes[wayFetch]
			return store.FormatCount(poll.Requests) + " requests for " + numbers(poll.Count) + ", where fetch made " + store.FormatCount(fetch.Requests) +
				"; " + store.FormatBytes(poll.Heads) + " of heads, against " + store.FormatBytes(fetch.Heads) + "; the median delay " + span(poll.Median) + ", against " + span(fetch.Median) + "."
		},
	},
}

// each4 lists a value of every way.
func each4(v raceValues, of func(laneValues) string) string {
	text := ""
	for i, l := range v.Lanes {
		if i > 0 {
			text += ", "
		}
		text += l.Way.name() + " " + of(l)
	}
	return text
}

func (v raceValues) sum(of func(laneValues) uint64) (total uint64) {
	for _, l := range v.Lanes {
		total += of(l)
	}
	return total
}

// verdict is the race in a sentence or two, "" before there is anything to say.
func (v raceValues) verdict() string {
	if !v.started() || v.sum(func(l laneValues) uint64 { return l.Count }) == 0 {
		return ""
	}
	poll, fetch := v.Lanes[wayPoll], v.Lanes[wayFetch]
	text := "To bring " + numbers(fetch.Count) + ", fetch has made " + requestsText(fetch.Requests) + " and long polling " + requestsText(poll.Requests) + ". "
	var worst laneValues
	for _, l := range v.Lanes {
		if l.CutPending && v.Running {
			return "The connections are cut, and the service goes on making numbers. In a moment each way asks for what it has missed; watch it come in one piece."
		}
		if l.CutAfter > worst.CutAfter {
			worst = l
		}
	}
	if worst.CutAfter > 0 {
		return text + "After the cut all went on where they had stopped, the last of them (" + worst.Way.name() + ") after " + span(worst.CutAfter.Round(100*time.Millisecond)) + "."
	}
	if !v.Running {
		return text + "Start again, and cut the connections meanwhile: every way goes on where it stopped."
	}
	return text + "Now cut the connections: every way goes on where it stopped."
}

func requestsText(n uint64) string {
	if n == 1 {
		return "1 request"
	}
	return store.FormatCount(n) + " requests"
}

// differences is the seven points.
type differences struct {
	app.Compo

	Race     raceValues
	Protocol string
}

// Render implements app.Composer.
func (d *differences) Render() app.UI {
	return node("ol", "points", each(len(points), func(i int) app.UI {
		p := points[i]
		measured := "after the start."
		if d.Race.started() && d.Race.Lanes[wayFetch].Count > 0 {
			measured = p.measured(d.Race, d.Protocol)
		}
		return node("li", "point",
			text("h3", "", p.title),
			text("p", "point-known", p.known),
			node("p", "point-measured", text("span", "point-label", "Measured "), text("span", "", measured)),
		)
	})...)
}
