// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"fmt"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"sluice/internal/bubble"
	"sluice/wasmui/form"
	"sluice/wasmui/stream"
)

const (
	placeMethod = "shop.v1.Orders/Place"
	watchMethod = "shop.v1.Orders/Watch"
)

// exploring gives a page that answers and has its catalog, and the server that
// it calls. Streams are written with the server's send.
func exploring(t *testing.T, answer func(stream.Request) (int, string)) (*Explore, *server) {
	t.Helper()
	catalog, err := os.ReadFile("../form/testdata/catalog.json")
	if err != nil {
		t.Fatal(err)
	}
	s := &server{answer: func(req stream.Request) (int, string) {
		if req.URL == catalogPath {
			return 200, string(catalog)
		}
		if answer != nil {
			return answer(req)
		}
		return 0, ""
	}}
	x := newExplore(s)
	x.ready = true
	x.painter.after = func(time.Duration, func()) func() { return func() {} }
	x.askCatalog()
	synctest.Wait()
	if x.catalog == nil {
		t.Fatalf("there is no catalog: %s", x.fault)
	}
	return x, s
}

func exploreMarkup(x *Explore) string { return sorted(app.HTMLString(x)) }

// field gives a field of the request.
func (x *Explore) at(path string) *form.Node { return x.form.Find(path) }

// leave ends all runs, as leaving the page does.
func (x *Explore) leave() {
	for _, r := range x.runs {
		r.client.Close()
	}
}

func TestExploreBeforeItIsMounted(t *testing.T) {
	t.Parallel()
	page := exploreMarkup(newExplore(&server{}))
	for _, want := range []string{"Loading", "Asking the bridge what it offers.", `role="log"`, `role="status"`, "<main", "<h1>Sluice</h1>"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page has no %s", want)
		}
	}
}

func TestExploreWithoutACatalog(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		status     int
		body, want string
	}{
		{503, `{"code":"UNAVAILABLE"}`, "The bridge does not say what it offers: it answered 503."},
		{200, `<html>`, "What the bridge says it offers cannot be used: the catalog cannot be read: invalid character"},
	} {
		bubble.Test(t, func(t *testing.T) {
			x := newExplore(&server{answer: func(stream.Request) (int, string) { return test.status, test.body }})
			x.ready = true
			x.askCatalog()
			synctest.Wait()
			if !strings.HasPrefix(x.fault, test.want) || !strings.Contains(exploreMarkup(x), "bridge") {
				t.Errorf("the page says %q, want %q", x.fault, test.want)
			}
		})
	}
}

// A request that waits for a connection says what it waits for.
func TestExploreSaysThatARequestWaits(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		x, _ := exploring(t, nil)
		r := &exploreRun{method: x.catalog.Method(placeMethod, "shop")}
		r.snap = stream.Snapshot{Phase: stream.Connecting, Queued: true, Reason: "Other streams hold the connections.", Requests: 1}
		x.runs, x.current = []*exploreRun{r}, r
		if v := x.lookAtRun(); v.Status.Text != "Waiting for a connection" || v.Status.Detail != r.snap.Reason || !v.Running {
			t.Errorf("%+v", v.Status)
		}
	})
}

// Every state of the page is fit for the policy that it is served under, names
// every id once, and has a label for every input.
func TestExploreIsSound(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		x, s := exploring(t, nil)
		check := func(state string) {
			t.Helper()
			page := exploreMarkup(x)
			for _, bad := range []string{` style="`, `<script`, ` onclick="`, "javascript:"} {
				if strings.Contains(page, bad) {
					t.Errorf("%s, the page holds %s", state, bad)
				}
			}
			var ids []string
			for _, m := range regexp.MustCompile(` id="([^"]+)"`).FindAllStringSubmatch(page, -1) {
				if slices.Contains(ids, m[1]) {
					t.Errorf("%s, the id %s stands there twice", state, m[1])
				}
				ids = append(ids, m[1])
			}
			for _, m := range regexp.MustCompile(` (?:for|form|aria-controls|aria-labelledby|aria-describedby)="([^"]+)"`).FindAllStringSubmatch(page, -1) {
				if !slices.Contains(ids, m[1]) {
					t.Errorf("%s, something refers to %s, which is not there", state, m[1])
				}
			}
			for _, m := range regexp.MustCompile(`<(?:input|select|textarea)[^>]* id="([^"]+)"`).FindAllStringSubmatch(page, -1) {
				if !strings.Contains(page, `for="`+m[1]+`"`) {
					t.Errorf("%s, the input %s has no label", state, m[1])
				}
			}
		}
		check("empty")
		x.choose(x.catalog.Method(placeMethod, "shop"))
		check("with a form")
		err := x.form.SetJSON(`{"lines":[{},{}],"labels":{"a":"b"},"stock":{"1":{}},"card":{},"parent":{"parent":{}},"extra":{},"nothing":{},"tags":["x"]}`)
		if err != nil {
			t.Fatal(err)
		}
		check("with a full form")
		x.at("lines[0].pieces").Type("many")
		x.form.Check()
		check("with a fault")
		x.at("card.number").Type("1")
		x.at("lines[0].pieces").Type("2")
		x.run()
		synctest.Wait()
		s.send("id: %s-1\ndata: {}\n\n", testRun)
		synctest.Wait()
		check("running")
		x.showJSON(true)
		check("as JSON")
		x.leave()
		synctest.Wait()
	})
}

func TestExploreRunsAMethod(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		var bodies []string
		x, s := exploring(t, func(req stream.Request) (int, string) {
			bodies = append(bodies, string(req.Body))
			return 0, ""
		})
		x.choose(x.catalog.Method(placeMethod, "shop"))
		x.at("id").Type("a")
		x.at("total_cents").Type("12")
		x.run()
		synctest.Wait()
		if got := s.seen(); !strings.HasSuffix(got, "\nPOST /shop.v1.Orders/Place") || bodies[0] != `{"id":"a","totalCents":"12"}` {
			t.Fatalf("it asked for %s with %s", got, bodies)
		}
		s.send("id: %s-1\nevent: order\ndata: {\"id\":\"<b>\"}\n\nid: %s-2-end\nevent: end\ndata: {\"code\":\"OK\",\"trailers\":{\"x-node\":[\"a\"]}}\n\n", testRun, testRun)
		synctest.Wait()
		rows := string(x.list.source.markup(nil, 0, 1, false))
		for _, want := range []string{`>1</span>`, `>order</span>`, `>12 B</span>`, `{&quot;id&quot;:&quot;&lt;b&gt;&quot;}`} {
			if !strings.Contains(plainSpaces.Replace(rows), want) {
				t.Errorf("the event has no %s: %s", want, rows)
			}
		}
		page := exploreMarkup(x)
		for _, want := range []string{"Finished", "1 event, 12", "The end in full", "x-node"} {
			if !strings.Contains(plainSpaces.Replace(page), want) {
				t.Errorf("the page has no %s", want)
			}
		}
		if len(x.past) != 1 || x.past[0].Request != `{"id":"a","totalCents":"12"}` {
			t.Errorf("the history is %+v", x.past)
		}
	})
}

// A stream that any bridge can take up again is asked for by GET, which may be
// repeated; all else is not.
func TestExploreURL(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		x, _ := exploring(t, nil)
		generate := x.catalog.Method(generateMethod, "")
		for _, test := range []struct {
			m     *form.Method
			query string
			want  string
		}{
			{generate, "count=5", "/sse?count=5"},
			{generate, strings.Repeat("x", maxGetBytes), "/" + generateMethod},
			{x.catalog.Method(watchMethod, ""), "", "/" + watchMethod},
			{x.catalog.Method(placeMethod, ""), "id=1", "/" + placeMethod},
		} {
			if got := exploreURL(test.m, test.query); got != test.want {
				t.Errorf("%s: %s, want %s", test.m.Name, got, test.want)
			}
		}
	})
}

func TestExploreDoesNotSendWhatIsWrong(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		x, s := exploring(t, nil)
		x.choose(x.catalog.Method(placeMethod, "shop"))
		x.at("total_cents").Type("many")
		x.run()
		x.showJSON(true)
		x.json = `{"id":`
		x.run()
		synctest.Wait()
		if got := s.seen(); got != "GET /catalog" || len(x.runs) != 0 {
			t.Errorf("it asked for %s", got)
		}
		if page := exploreMarkup(x); !strings.Contains(page, "Line 1, column 6") && !strings.Contains(page, "line 1, column 6") {
			t.Error("the page does not say where the JSON is wrong")
		}
	})
}

// What the form cannot show is the server's to judge: it is sent as it was typed,
// though the method has an address for GET, and never as an empty request.
func TestExploreSendsRefusedJSONAsItWasTyped(t *testing.T) {
	t.Parallel()
	var many strings.Builder
	for i := range 4000 {
		fmt.Fprintf(&many, ",%d", i)
	}
	for _, typed := range []string{
		`{"cuont":4,"count":5}`,
		`{"[shop.v1.extra]":1}`,
		`{"count":{}}`,
		`{"count":[0` + many.String() + `]}`,
		`[]`,
	} {
		bubble.Test(t, func(t *testing.T) {
			var bodies []string
			x, s := exploring(t, func(req stream.Request) (int, string) {
				bodies = append(bodies, string(req.Body))
				return 400, `{"code":"INVALID_ARGUMENT","message":"no","details":[{"@type":"type.googleapis.com/google.rpc.BadRequest",` +
					`"fieldViolations":[{"field":"cuont","description":"is no field"}]}]}`
			})
			x.choose(x.catalog.Method(generateMethod, ""))
			x.showJSON(true)
			x.json = typed
			x.run()
			synctest.Wait()
			if got := s.seen(); got != "GET /catalog\nPOST /"+generateMethod || len(bodies) != 1 || bodies[0] != typed {
				t.Fatalf("%.40s: it asked for %s with %.80s", typed, got, bodies)
			}
			if r := x.current; r.request != typed || x.past[0].Request != typed {
				t.Errorf("%.40s: the tab has %.40s, the history %.40s", typed, r.request, x.past[0].Request)
			}
			if page := exploreMarkup(x); !strings.Contains(page, "The request was refused") || !strings.Contains(page, "is no field.") {
				t.Errorf("%.40s: the page does not show what the server says", typed)
			}
		})
	}
}

// A request that has no fields cannot be a query.
func TestExploreSendsValuesWithoutFieldsAsTheyAre(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		var bodies []string
		x, s := exploring(t, func(req stream.Request) (int, string) {
			bodies = append(bodies, string(req.Body))
			return 0, ""
		})
		m := *x.catalog.Method(generateMethod, "")
		m.Request = "google.protobuf.StringValue"
		x.method, x.form = &m, form.New(x.catalog, m.Request)
		x.form.Root.Type("a")
		x.run()
		synctest.Wait()
		if got := s.seen(); got != "GET /catalog\nPOST /"+generateMethod || len(bodies) != 1 || bodies[0] != `"a"` {
			t.Errorf("it asked for %s with %s", got, bodies)
		}
		x.call = callEventSource
		if code, note := x.callText(); code != "" || !strings.Contains(note, "a StringValue has no fields") {
			t.Errorf("with EventSource it is %q, %q", code, note)
		}
		x.leave()
		synctest.Wait()
	})
}

func TestExploreShowsWhatTheServerFindsWrong(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		x, _ := exploring(t, func(stream.Request) (int, string) {
			return 400, `{"code":"INVALID_ARGUMENT","message":"no","details":[{"@type":"type.googleapis.com/google.rpc.BadRequest",` +
				`"fieldViolations":[{"field":"lines[0].pieces","description":"must be <few>"},{"field":"what.else","description":"is missing"}]},` +
				`{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"NOPE"}]}`
		})
		x.choose(x.catalog.Method(placeMethod, "shop"))
		x.at("lines").Add()
		x.run()
		synctest.Wait()
		x.follow()
		if got := x.at("lines[0].pieces").Wrong; got != "must be <few>." {
			t.Errorf("beside the field stands %q", got)
		}
		page := exploreMarkup(x)
		for _, want := range []string{"The request was refused", "INVALID_ARGUMENT", "must be &lt;few&gt;.", "is missing.", "NOPE", ` aria-invalid`} {
			if !strings.Contains(page, want) {
				t.Errorf("the page has no %s", want)
			}
		}
		// What is typed takes the fault back, and looking again does not bring it back.
		x.at("lines[0].pieces").Type("1")
		x.follow()
		if x.at("lines[0].pieces").Wrong != "" {
			t.Error("a field that was changed since still counts as wrong")
		}
		x.showField("lines[0].pieces")
		if x.pane != paneRequest {
			t.Error("the field is not shown")
		}
	})
}

func TestExploreViewsOfOneRequest(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		x, _ := exploring(t, nil)
		x.choose(x.catalog.Method(placeMethod, "shop"))
		x.at("id").Type("a")
		x.showJSON(true)
		if x.json != "{\n  \"id\": \"a\"\n}" {
			t.Errorf("the JSON is %s", x.json)
		}
		x.json = `{"id": "b", "paid": true}`
		x.showJSON(false)
		if x.at("id").Text != "b" || x.at("paid").Text != "true" {
			t.Errorf("the form holds %s", x.form.JSON())
		}
		x.showJSON(true)
		x.json = `{"idd": "b"}`
		x.showJSON(false)
		if !x.asJSON || x.wrong != `the request has no field "idd".` || x.requestJSON() != `{"idd":"b"}` {
			t.Errorf("JSON that is no form: %v, %q, %s", x.asJSON, x.wrong, x.requestJSON())
		}
	})
}

// Of several backends one is picked; of one alone there is nothing to pick.
func TestExplorePicksABackend(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		x, _ := exploring(t, nil)
		lists := func(want ...string) {
			t.Helper()
			page := exploreMarkup(x)
			for _, m := range []string{"Generate", "Place"} {
				if got := strings.Contains(page, ">"+m+"</span>"); got != slices.Contains(want, m) {
					t.Errorf("with backend %q, %s is listed: %v", x.backend, m, got)
				}
			}
		}
		if page := exploreMarkup(x); !strings.Contains(page, `id="`+exploreBackend+`"`) || !strings.Contains(page, ">all backends</option>") || !strings.Contains(page, ">shop</option>") {
			t.Error("there is no backend to pick")
		}
		lists("Generate", "Place")
		x.backend = "shop"
		lists("Place")
		x.query = "generate"
		lists()
		x.query = ""

		one := *x.catalog
		one.Backends = []string{"numbers"}
		x.setCatalog(&one)
		if x.backend != "" || strings.Contains(exploreMarkup(x), `id="`+exploreBackend+`"`) {
			t.Errorf("of one backend, %q is picked", x.backend)
		}
	})
}

func TestExploreLinks(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		x, s := exploring(t, nil)
		m := x.catalog.Method(placeMethod, "shop")
		link := exploreLinkTo(m, `{"id":"a & b"}`)
		u, err := url.Parse(link)
		if err != nil || u.Path != ExplorePath {
			t.Fatalf("the link is %s", link)
		}
		x.link = parseExploreLink(u.Query())
		x.setCatalog(x.catalog)
		if x.method != m || x.requestJSON() != `{"id":"a & b"}` || s.seen() != "GET /catalog" {
			t.Errorf("the link opens %v with %s, and asked for %s", x.method, x.requestJSON(), s.seen())
		}
		if got := exploreLinkTo(m, strings.Repeat("x", maxLinkBytes+1)); strings.Contains(got, linkRequest+"=") {
			t.Errorf("a request of %d bytes is in the link", maxLinkBytes+1)
		}
		// A link to what is not there, or with a request that is none, says so.
		x.open(form.Past{Method: "gone.Away/Now"})
		if x.said != "The bridge no longer offers gone.Away/Now." {
			t.Errorf("it says %q", x.said)
		}
		x.open(form.Past{Method: placeMethod, Request: `{"no":1}`})
		if !x.asJSON || x.wrong == "" {
			t.Error("a request that the form cannot show is not shown as JSON")
		}
	})
}

// An earlier call that is chosen before the catalog has come is opened when it
// comes.
func TestExploreBeforeTheCatalog(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		x, _ := exploring(t, nil)
		catalog := x.catalog
		x.catalog = nil
		x.openByHand(form.Past{Method: placeMethod, Request: `{"id":"a"}`})
		x.run()
		x.setCatalog(catalog)
		if x.method == nil || x.requestJSON() != `{"id":"a"}` || len(x.runs) != 0 {
			t.Errorf("the page has %v", x.method)
		}
	})
}

// A new catalog leaves the request that is being filled in as it is.
func TestExploreKeepsTheRequest(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		x, _ := exploring(t, nil)
		x.choose(x.catalog.Method(placeMethod, "shop"))
		x.at("id").Type("a")
		x.askCatalog()
		synctest.Wait()
		if x.requestJSON() != `{"id":"a"}` || x.method != x.catalog.Method(placeMethod, "shop") {
			t.Errorf("after that the request is %s", x.requestJSON())
		}
	})
}
