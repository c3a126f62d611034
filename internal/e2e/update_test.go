// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/chromedp/chromedp"

	"sluice/internal/rig"
	"sluice/wasmui/dist"
)

// builds serves the app as it was built and, told to, as later builds would be in
// which a line of its loader has changed: the loader then bears another name, and
// the service worker another version. Nothing has the name of the one before.
type builds struct {
	site            http.Handler
	loader, version string // as they were built
	later           atomic.Int32
}

func newBuilds(t *testing.T, site http.Handler) *builds {
	t.Helper()
	b := &builds{site: site}
	find := func(path, pattern string) string {
		m := regexp.MustCompile(pattern).FindStringSubmatch(b.read(path).Body.String())
		if m == nil {
			t.Fatalf("%s names nothing like %s", path, pattern)
		}
		return m[1]
	}
	b.loader = find("/", `src="/app\.([0-9a-f]{16})\.js"`)
	b.version = find("/app-worker.js", `cacheName = prefix \+ "([0-9a-f]{16})"`)
	return b
}

func (b *builds) read(path string) *httptest.ResponseRecorder {
	rec := httptest.NewRecorder()
	b.site.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, path, nil))
	return rec
}

// now gives the loader's hash and the worker's version of the build that is served.
func (b *builds) now() (loader, version string) {
	n := b.later.Load()
	if n == 0 {
		return b.loader, b.version
	}
	return fmt.Sprintf("%016x", n), fmt.Sprintf("%016x", 1000+n)
}

func (b *builds) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	loader, version := b.now()
	path := r.URL.Path
	switch path {
	case "/", "/compare", "/explore", "/app-worker.js":
	case "/app." + loader + ".js":
		path = "/app." + b.loader + ".js"
	case "/app." + b.loader + ".js":
		http.NotFound(w, r)
		return
	default:
		b.site.ServeHTTP(w, r)
		return
	}
	built := b.read(path)
	for name, values := range built.Header() {
		if name != "Etag" && name != "Content-Length" {
			w.Header()[name] = values
		}
	}
	w.WriteHeader(built.Code)
	_, _ = strings.NewReplacer("/app."+b.loader+".js", "/app."+loader+".js", b.version, version).WriteString(w, built.Body.String())
}

// The page says when a new version is there, and only then: not while the app is
// kept for the first time, and not where the new version is the one that runs.
func TestNewVersion(t *testing.T) {
	t.Parallel()
	r := rig.Start(t, rig.Config{})
	site := newBuilds(t, dist.Handler(r.Bridge()))
	front := rig.Serve(t, site)
	t.Cleanup(front.Close)
	p := newBrowser(t).newPage()

	kept := func() {
		t.Helper()
		_, version := site.now()
		if names := evaluate[[]string](p, `(async () => {
			const reg = await navigator.serviceWorker.ready;
			while (!(await caches.keys()).includes('sluice-`+version+`') || reg.installing || reg.waiting || reg.active.state !== 'activated') {
				await new Promise(r => setTimeout(r, 20));
			}
			return caches.keys();
		})()`); len(names) != 1 {
			t.Errorf("the browser keeps %v", names)
		}
	}
	// silent reads a few numbers first, for which the page is drawn several times.
	silent := func(when string) {
		t.Helper()
		p.click("Start")
		p.waitState("Finished")
		if evaluate[bool](p, `document.body.innerText.includes('new version')`) {
			t.Errorf("%s, the page says that a new version is there", when)
		}
	}
	const query = "/?count=5&min_pause=0.05s&max_pause=0.05s"

	p.open(front.URL + query)
	kept()
	silent("on the first visit")
	p.open(front.URL + query)
	p.wait("the page is the worker's", `navigator.serviceWorker.controller !== null`)
	silent("on the second visit")

	site.later.Add(1)
	evaluate[bool](p, `navigator.serviceWorker.ready.then(reg => reg.update()).then(() => true)`)
	p.wait("the page says that a new version is there", `document.body.innerText.includes('A new version is here')`)
	kept()
	p.click("Reload")
	loader, _ := site.now()
	// While the page is left nothing can be asked of it.
	eventually(t, "the new version runs", func() bool {
		runs, err := chromedp.Run(p.ctx, chromedp.Evaluate[bool](`[...document.scripts].some(s => s.src.endsWith('/app.`+loader+`.js'))`))
		return err == nil && runs
	})
	p.ready()
	silent("after the reload")

	// A page that is opened anew is of the new version before the worker is.
	site.later.Add(1)
	p.open(front.URL + query)
	kept()
	silent("where the new version runs")
}
