// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"sluice/internal/bubble"
	"sluice/wasmui/store"
	"sluice/wasmui/stream"
)

// mounted gives a page that answers, as it does once it is in a browser.
func mounted(s *server) *Page {
	p := newPage(s)
	p.ready = true
	return p
}

// markup renders the page as it stands.
func markup(p *Page) string { return app.HTMLString(p) }

// The parts of the page that others count on: tests that run in a browser, and
// people who do not see it.
func TestPageHasItsParts(t *testing.T) {
	t.Parallel()
	page := markup(mounted(&server{}))
	for _, pattern := range []string{
		`<main[ >]`, `<header[ >]`, `<aside[ >]`,
		`<h1>Sluice</h1>`,
		`<div [^>]*role="status"`, `data-phase="idle"`,
		`<div [^>]*role="log"`, `aria-label="Numbers"`, `aria-live="polite"`,
		`<button [^>]*type="submit"[^>]*>Start</button>`,
		`<button [^>]*>Cut the connection</button>`,
		`<div [^>]*role="alert"`,
		`<a [^>]*href="#numbers"`,
		`curl -N `, `grpcurl -plaintext `,
	} {
		if !regexp.MustCompile(pattern).MatchString(page) {
			t.Errorf("the page has nothing like %s", pattern)
		}
	}
	if n := strings.Count(page, `role="status"`); n != 1 {
		t.Errorf("%d elements of the role status, want the connection's alone", n)
	}
}

// The policy that the page is served under allows no style and no script in
// the page itself.
func TestPageIsFitForItsPolicy(t *testing.T) {
	t.Parallel()
	page := markup(mounted(&server{}))
	for _, bad := range []string{` style="`, `<script`, `<style`, ` onclick="`, "javascript:"} {
		if strings.Contains(page, bad) {
			t.Errorf("the page holds %s", bad)
		}
	}
}

func TestPageNamesEveryIDOnce(t *testing.T) {
	t.Parallel()
	page := markup(mounted(&server{}))
	var ids []string
	for _, m := range regexp.MustCompile(` id="([^"]+)"`).FindAllStringSubmatch(page, -1) {
		if slices.Contains(ids, m[1]) {
			t.Errorf("the id %s stands there twice", m[1])
		}
		ids = append(ids, m[1])
	}
	for _, m := range regexp.MustCompile(` (?:for|form|aria-controls|aria-labelledby|aria-describedby)="([^"]+)"`).FindAllStringSubmatch(page, -1) {
		if !slices.Contains(ids, m[1]) {
			t.Errorf("something refers to %s, which is not there", m[1])
		}
	}
}

func TestEveryInputHasALabel(t *testing.T) {
	t.Parallel()
	page := markup(mounted(&server{}))
	for _, id := range []string{knobCount, knobMinPause, knobMaxPause, knobSeed, knobLower, knobUpper} {
		if !strings.Contains(page, `for="`+id+`"`) {
			t.Errorf("the input %s has no label", id)
		}
	}
}

// Before the app has loaded nothing on the page would answer.
func TestPageBeforeItIsMounted(t *testing.T) {
	t.Parallel()
	page := markup(newPage(&server{}))
	if !regexp.MustCompile(`<button [^>]*disabled[^>]*>Start</button>`).MatchString(page) {
		t.Error("Start looks as if it did something")
	}
	if !strings.Contains(page, "Loading") {
		t.Error("the page does not say that it loads")
	}
}

func TestPageWhileAStreamRuns(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		s := &server{}
		p := mounted(s)
		p.session.onState = func() {} // nothing is mounted that could be drawn again
		p.session.start(t.Context(), "/sse", "")
		synctest.Wait()
		s.number(1)
		synctest.Wait()
		page := markup(p)
		for _, want := range []string{">Stop</button>", "Receiving", `data-phase="open"`, `data-caret`} {
			if !strings.Contains(page, want) {
				t.Errorf("the page has no %s", want)
			}
		}
		if strings.Contains(page, ">Start</button>") {
			t.Error("Start is there beside Stop")
		}
		p.session.leave()
	})
}

// What is turned while a run goes on is for the next one: a reload, and whoever
// opens the link, asks for the run as it was begun.
func TestAddressIsThatOfTheRun(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		s := &server{}
		p := mounted(s)
		p.session.onState = func() {}
		p.knobs = Knobs{Count: "60"}
		p.begin("")
		synctest.Wait()
		p.turn(fieldCount, func(k *Knobs) { k.Count = "10" })
		p.urlTimer.Stop()
		if got, want := p.address(true, testRun), "/?count=60&run="+testRun; got != want {
			t.Errorf("while the run goes on the address is %s, want %s", got, want)
		}
		if got, want := p.address(false, testRun), "/?count=10"; got != want {
			t.Errorf("after it the address is %s, want %s", got, want)
		}
		if got := s.seen(); got != "GET /sse?count=60" {
			t.Errorf("these were asked for: %s", got)
		}
		p.session.leave()
	})
}

func TestPageShowsWhatIsWrongBesideItsKnob(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		p := mounted(&server{answer: func(stream.Request) (int, string) {
			return 400, `{"code":"INVALID_ARGUMENT","message":"bad request","details":[{"@type":"type.googleapis.com/google.rpc.BadRequest",` +
				`"fieldViolations":[{"field":"count","description":"must be a number <b>"}]}]}`
		}})
		p.session.onState = func() {}
		p.session.start(t.Context(), "/sse?count=x", "")
		synctest.Wait()
		page := markup(p)
		for _, want := range []string{
			`<p class="knob-wrong" id="wrong-count">must be a number &lt;b&gt;.</p>`,
			`aria-describedby="wrong-count"`, "INVALID_ARGUMENT", "bad request.",
		} {
			if !strings.Contains(sorted(page), want) {
				t.Errorf("the page has no %s", want)
			}
		}
		p.edited[fieldCount] = true
		if page := markup(p); strings.Contains(page, `aria-describedby="wrong-count"`) {
			t.Error("a field that was changed since still counts as wrong")
		}
	})
}

// sorted puts the attributes of every element in order: go-app gives them in
// that of a map.
func sorted(page string) string {
	return regexp.MustCompile(`<[a-z]+( [a-z-]+="[^"]*")+>`).ReplaceAllStringFunc(page, func(tag string) string {
		name, _, _ := strings.Cut(tag, " ")
		attrs := regexp.MustCompile(` [a-z-]+="[^"]*"`).FindAllString(tag, -1)
		slices.Sort(attrs)
		return name + strings.Join(attrs, "") + ">"
	})
}

func TestPageTitle(t *testing.T) {
	t.Parallel()
	tests := []struct {
		running bool
		count   uint64
		want    string
	}{
		{false, 0, "Sluice: numbers, live"},
		{true, 0, "Sluice: numbers, live"},
		{true, 12, "(12) Sluice: numbers, live"},
		{false, 12, "Sluice: numbers, live"},
	}
	for _, tt := range tests {
		if got := pageTitle(tt.running, tt.count); got != tt.want {
			t.Errorf("running %v, %d numbers: %q, want %q", tt.running, tt.count, got, tt.want)
		}
	}
}

// What is taken along says where it is not the whole.
func TestTaken(t *testing.T) {
	t.Parallel()
	h := store.New(2)
	for i, want := range []string{"1 number", "2 numbers", "the last 2 of 3 numbers"} {
		h.Append(store.Number{Position: uint32(i + 1)})
		if got := taken(h); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
