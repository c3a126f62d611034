// SPDX-License-Identifier: Apache-2.0

// Package e2e tests the whole of Sluice in a real Chromium.
package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/chromedp"

	"sluice/internal/rig"
	"sluice/wasmui/dist"
)

// patience is how long anything may take that is sure to come: far longer than
// it does, for machines that have other things to do.
const patience = 90 * time.Second

// browsers bounds how many run at a time.
var browsers = make(chan struct{}, 2)

func TestMain(m *testing.M) {
	if !dist.Built() {
		fmt.Fprintln(os.Stderr, "The app is not built, so there is nothing to test: run `make e2e`.")
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// chromium returns where the browser is, and fails the test where there is
// none: what was asked for is not skipped.
func chromium(t *testing.T) string {
	t.Helper()
	if path := os.Getenv("CHROME_PATH"); path != "" {
		return path
	}
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Fatal("no Chromium was found: `make e2e` installs it where it can; or set CHROME_PATH")
	return ""
}

// browser is a Chromium with a profile of its own.
type browser struct {
	t   *testing.T
	ctx context.Context
}

func newBrowser(t *testing.T, more ...chromedp.ExecAllocatorOption) *browser {
	t.Helper()
	path := chromium(t)
	browsers <- struct{}{}
	opts := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.UserDataDir(t.TempDir()), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
		chromedp.WindowSize(1280, 800),
	)
	alloc, stopAlloc := chromedp.NewExecAllocator(context.Background(), append(opts, more...)...)
	ctx, stop := chromedp.NewContext(alloc)
	t.Cleanup(func() {
		stop()
		stopAlloc()
		<-browsers
	})
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("the browser does not start: %v", err)
	}
	return &browser{t: t, ctx: ctx}
}

// page is a tab.
type page struct {
	t   *testing.T
	ctx context.Context

	mu sync.Mutex
	// errors are what the page's console complains of.
	errors []string
}

// newPage opens a tab. Unless the test forgives it, everything that its
// console complains of fails the test.
func (b *browser) newPage() *page {
	b.t.Helper()
	ctx, stop := chromedp.NewContext(b.ctx)
	p := &page{t: b.t, ctx: ctx}
	if err := chromedp.Do(ctx); err != nil {
		b.t.Fatal(err)
	}
	messages := chromedp.Console(ctx)
	var reading sync.WaitGroup
	reading.Go(func() {
		for m, err := range messages {
			if err != nil {
				return
			}
			if m.IsException() || m.Type == "error" || m.Type == "assert" {
				p.mu.Lock()
				p.errors = append(p.errors, m.String())
				p.mu.Unlock()
			}
			b.t.Logf("console: %s", m)
		}
	})
	b.t.Cleanup(func() {
		stop()
		reading.Wait()
		for _, e := range p.errors {
			b.t.Errorf("the console complains: %s", e)
		}
	})
	return p
}

// forgive takes complaints back that hold text: a connection that the test
// broke is one.
func (p *page) forgive(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	kept := p.errors[:0]
	for _, e := range p.errors {
		if !strings.Contains(e, text) {
			kept = append(kept, e)
		}
	}
	p.errors = kept
}

// close closes the tab, as a person does.
func (p *page) close() {
	p.t.Helper()
	if err := chromedp.Cancel(p.ctx); err != nil {
		p.t.Fatal(err)
	}
}

// call sends the page a command of the DevTools protocol.
func call[P, R any](p *page, command cdp.Command[P, R], params P) R {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	result, err := chromedp.Call(ctx, command, params)
	if err != nil {
		p.t.Fatalf("%s: %v", command.Method, err)
	}
	return result
}

// do runs steps in the page.
func (p *page) do(steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		p.t.Fatalf("%v\n%s", err, p.situation())
	}
}

// evaluate returns what a JavaScript expression gives.
func evaluate[T any](p *page, expression string) T {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		p.t.Fatalf("%s: %v", expression, err)
	}
	return v
}

// wait waits until a JavaScript expression is true.
func (p *page) wait(what, expression string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	if _, err := chromedp.Run(ctx, chromedp.Poll[bool](expression, chromedp.WithPollingInterval(20*time.Millisecond), chromedp.WithPollingTimeout(patience))); err != nil {
		p.t.Fatalf("waiting until %s: %v\n%s", what, err, p.situation())
	}
}

// eventually waits until something outside of the page is so.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !is(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("it never came to be that %s", what)
		}
	}
}

// situation describes the page for a message.
func (p *page) situation() string {
	ctx, cancel := context.WithTimeout(p.ctx, 2*time.Second)
	defer cancel()
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string](`location.href + '\n' + document.body.innerText.slice(0, 1500)`))
	if err != nil {
		return err.Error()
	}
	return text
}

// The page's elements, found as people and screen readers find them.
const helpers = `
window.sluice = {
	log: () => document.querySelector('[role=log][aria-label=Numbers]'),
	numbers: () => [...sluice.log().querySelectorAll('[data-position]')],
	positions: () => sluice.numbers().map(e => Number(e.dataset.position)),
	last: () => sluice.positions().at(-1) || 0,
	state: () => document.querySelector('[role=status]').innerText,
	button: name => [...document.querySelectorAll('button')].find(b => (b.getAttribute('aria-label') || b.textContent).trim() === name && !b.disabled),
};
true`

// open navigates to the app and waits until it can be used.
func (p *page) open(url string) {
	p.t.Helper()
	p.do(chromedp.Navigate(url))
	p.ready()
}

// ready waits until the app has taken over the page.
func (p *page) ready() {
	p.t.Helper()
	p.wait("there is a page", `document.querySelector('[role=log]') !== null && document.querySelector('[role=status]') !== null`)
	evaluate[bool](p, helpers)
	p.wait("the app is ready", `!!(sluice.button('Start') || sluice.button('Stop'))`)
}

func (p *page) click(name string) {
	p.t.Helper()
	p.wait("there is a button "+name, fmt.Sprintf(`!!sluice.button(%q)`, name))
	if !evaluate[bool](p, fmt.Sprintf(`(() => { const b = sluice.button(%q); if (!b || b.getAttribute('aria-disabled') === 'true') return false; b.click(); return true })()`, name)) {
		p.t.Fatalf("the button %s cannot be pressed\n%s", name, p.situation())
	}
}

func (p *page) waitNumber(n int) {
	p.t.Helper()
	p.wait(fmt.Sprintf("number %d is there", n), fmt.Sprintf(`sluice.last() >= %d`, n))
}

func (p *page) waitState(text string) {
	p.t.Helper()
	p.wait("the state is "+text, fmt.Sprintf(`sluice.state().includes(%q)`, text))
}

// checkPositions holds that the numbers on the page are 1 up to last, each once
// and in order.
func (p *page) checkPositions(last int) {
	p.t.Helper()
	got := evaluate[[]int](p, `sluice.positions()`)
	if len(got) != last {
		p.t.Fatalf("the page shows %d numbers, want %d: %v", len(got), last, got)
	}
	for i, n := range got {
		if n != i+1 {
			p.t.Fatalf("number %d on the page is %d: %v", i+1, n, got)
		}
	}
}

func (p *page) screenshot(path string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	png, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err == nil {
		err = os.WriteFile(path, png, 0o644)
	}
	if err != nil {
		p.t.Fatal(err)
	}
}

// start starts a rig and opens its app in a new browser.
func start(t *testing.T, c rig.Config, query string) (*rig.Rig, *browser, *page) {
	t.Helper()
	r := rig.Start(t, c)
	b := newBrowser(t)
	p := b.newPage()
	p.open(r.URL + "/" + query)
	return r, b, p
}

func toJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(b)
}
