// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"strings"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"sluice/wasmui/form"
)

// callKind is a way to make the same call elsewhere.
type callKind uint8

const (
	callCurl callKind = iota
	callGrpcurl
	callFetch
	callEventSource
	callKinds
)

func (k callKind) String() string {
	return [...]string{"curl", "grpcurl", "fetch", "EventSource"}[k]
}

// sameCall shows the call as it is made elsewhere.
func (x *Explore) sameCall() app.UI {
	code, note := x.callText()
	return node("details", "explore-fold",
		text("summary", "", "The same call elsewhere"),
		with(node("div", "explore-switch", each(int(callKinds), func(i int) app.UI {
			k := callKind(i)
			return with(button("explore-view", k.String(), func(app.Context, app.Event) { x.call = k }, i), "aria-pressed", yes(x.call == k))
		})...), "role", "group", "aria-label", "Show the call as"),
		with(text("pre", "explore-code", code), "tabindex", "0", "role", "group", "aria-label", "The call as "+x.call.String()),
		when(note != "", func() app.UI { return text("p", "knob-note", note) }),
		with(button("button quiet small", "Copy", x.onCopyCall), "aria-label", "Copy the call"),
	)
}

func (x *Explore) onCopyCall(app.Context, app.Event) {
	code, _ := x.callText()
	x.copy(code, "The call is on the clipboard.")
}

// callText gives the call, and what is to be said of it.
func (x *Explore) callText() (code, note string) {
	m, request := x.method, x.requestJSON()
	switch x.call {
	case callGrpcurl:
		return exploreGrpcurl(m, request), "Put in the address of " + backendName(m) + "; without -plaintext where it has TLS."
	case callFetch:
		return fetchSource(x.origin+m.Post(), request), ""
	case callEventSource:
		path, query := m.Get(), x.asQuery()
		switch {
		case path == "":
			return "", "EventSource makes GET requests, for which this method has no address."
		case len(path)+len(query) >= maxGetBytes:
			return "", "EventSource makes GET requests, and this request is too long for an address."
		}
		return eventSourceSource(x.origin+withQuery(path, query), m.Policy.Event), ""
	}
	return exploreCurl(x.origin+m.Post(), request), ""
}

func backendName(m *form.Method) string {
	if m.Backend == "" {
		return "the backend"
	}
	return m.Backend
}

// asQuery is the request as a query, as far as the form can show it.
func (x *Explore) asQuery() string {
	f := x.form
	if x.asJSON {
		f = form.New(x.catalog, x.method.Request)
		if f.SetJSON(x.json) != nil {
			return ""
		}
	}
	return f.Query()
}

// exploreCurl reads the method from the bridge.
func exploreCurl(address, request string) string {
	return "curl -N " + shellQuote(address) + " \\\n  -H 'Content-Type: application/json' \\\n  -d " + shellQuote(request)
}

// exploreGrpcurl calls the method at its backend.
func exploreGrpcurl(m *form.Method, request string) string {
	data := ""
	if request != "{}" {
		data = "-d " + shellQuote(request) + " \\\n  "
	}
	return "grpcurl -plaintext " + data + backendAddress + " " + m.Name
}

// fetchSource reads the method with fetch, and prints each event as it comes.
func fetchSource(address, request string) string {
	return `const response = await fetch(` + form.Quote(address) + `, {
  method: "POST",
  headers: { "Accept": "application/x-ndjson", "Content-Type": "application/json" },
  body: JSON.stringify(` + strings.ReplaceAll(form.Indent(request), "\n", "\n  ") + `),
});
if (!response.ok) throw new Error(await response.text());
let rest = "";
for await (const text of response.body.pipeThrough(new TextDecoderStream())) {
  const lines = (rest + text).split("\n");
  rest = lines.pop();
  for (const line of lines) console.log(JSON.parse(line));
}`
}

// eventSourceSource reads the method with EventSource, which takes a stream up
// again by itself and has to be told that it is over.
func eventSourceSource(address, event string) string {
	if event == "" {
		event = "message"
	}
	return `const source = new EventSource(` + form.Quote(address) + `);
source.addEventListener(` + form.Quote(event) + `, (e) => console.log(e.lastEventId, JSON.parse(e.data)));
source.addEventListener("end", (e) => {
  source.close();
  console.log(JSON.parse(e.data));
});`
}
