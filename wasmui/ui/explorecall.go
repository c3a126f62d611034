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
		when(code != "", func() app.UI {
			return with(text("pre", "explore-code", code), "tabindex", "0", "role", "group", "aria-label", "The call as "+x.call.String())
		}),
		when(note != "", func() app.UI { return text("p", "knob-note", note) }),
		when(code != "", func() app.UI {
			return with(button("button quiet small", "Copy", x.onCopyCall), "aria-label", "Copy the call")
		}),
	)
}

func (x *Explore) onCopyCall(app.Context, app.Event) {
	code, _ := x.callText()
	x.copy(code, "The call is on the clipboard.")
}

// callText gives the call, and what is to be said of it: where there is no such
// call, why.
func (x *Explore) callText() (code, note string) {
	m, request := x.method, x.requestJSON()
	if x.asJSON {
		if err := form.Syntax(x.json); err != nil {
			return "", "The request is not JSON yet: " + sentence(err.Error())
		}
	}
	switch x.call {
	case callGrpcurl:
		return exploreGrpcurl(m, request, x.catalog.Reflects(m)), grpcurlNote(m, x.catalog.Reflects(m))
	case callFetch:
		return fetchSource(x.origin+m.Post(), request), ""
	case callEventSource:
		return x.eventSourceText()
	}
	return exploreCurl(x.origin+m.Post(), request), ""
}

// eventSourceText is callText for EventSource, which has nothing but an address to
// put a request into.
func (x *Explore) eventSourceText() (code, note string) {
	const only = "EventSource makes GET requests, "
	path := x.method.Get()
	if path == "" {
		return "", only + "for which this method has no address."
	}
	f, err := x.asForm()
	if err != nil {
		return "", only + "and this request cannot be written as an address: " + sentence(err.Error())
	}
	query, ok := f.Query()
	switch {
	case !ok:
		return "", only + "and a " + f.Root.TypeName() + " has no fields to name in an address."
	case len(path)+len(query) >= maxGetBytes:
		return "", only + "and this request is too long for an address."
	}
	return eventSourceSource(x.origin+withQuery(path, query), x.method.Policy.Event), ""
}

// grpcurlNote says what there is to put in, which the bridge does not tell a page.
func grpcurlNote(m *form.Method, reflects bool) string {
	note := "Put in the address of " + backendName(m) + "; without -plaintext where it has TLS."
	if !reflects {
		note += " FILE is a descriptor set of its protos, as buf build -o FILE writes it: the bridge was given one, and did not ask the backend by reflection."
	}
	return note
}

func backendName(m *form.Method) string {
	if m.Backend == "" {
		return "the backend"
	}
	return m.Backend
}

// exploreCurl reads the method from the bridge.
func exploreCurl(address, request string) string {
	return "curl -N " + shellQuote(address) + " \\\n  -H 'Content-Type: application/json' \\\n  -d " + shellQuote(request)
}

// exploreGrpcurl calls the method at its backend. One that may not describe itself
// is called by a descriptor set.
func exploreGrpcurl(m *form.Method, request string, reflects bool) string {
	options, data := "-plaintext ", ""
	if !reflects {
		options += "-protoset FILE "
	}
	if request != "{}" {
		data = "-d " + shellQuote(request) + " \\\n  "
	}
	return "grpcurl " + options + data + backendAddress + " " + m.Name
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
