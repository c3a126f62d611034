// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bytes"
	"flag"
	"mime"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
	devtools "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"sluice/internal/rig"
)

var startups = flag.Int("startups", 0, "open the app and a bare go-app page this many times each, and measure it")

// whenUsable has the page note when its button can first be pressed, in milliseconds
// from the beginning of the navigation.
const whenUsable = `
(() => {
	const look = () => {
		const start = [...document.querySelectorAll('button')].find(b => b.textContent.trim() === 'Start');
		if (start && !start.disabled && start.getAttribute('aria-disabled') !== 'true') window.usable = performance.now();
		else requestAnimationFrame(look);
	};
	look();
})()`

// TestStartup measures how soon the app can be used, beside a bare go-app page in
// the same browsers, as `make startup` does: cold, which is in a browser that has
// never seen it, and warm, when its service worker and the browser have kept what
// they keep.
func TestStartup(t *testing.T) {
	if *startups == 0 {
		t.Skip("it was not said how often with -startups")
	}
	r := rig.Start(t, rig.Config{})
	bare := rig.Serve(t, precompressed(t, barePage(t)))
	t.Cleanup(bare.Close)
	pages := []struct {
		name, url  string
		cold, warm []float64
	}{{name: "Sluice", url: r.URL + "/"}, {name: "a bare go-app page", url: bare.URL + "/"}}
	for range *startups {
		for i := range pages {
			t.Run(pages[i].name, func(t *testing.T) {
				p := newBrowser(t).newPage()
				call(p, devtools.AddScriptToEvaluateOnNewDocument, devtools.AddScriptToEvaluateOnNewDocumentParams{Source: whenUsable})
				open := func() float64 {
					p.do(chromedp.Navigate(pages[i].url))
					p.wait("the page can be used", `window.usable > 0`)
					return evaluate[float64](p, `usable`)
				}
				pages[i].cold = append(pages[i].cold, open())
				evaluate[bool](p, `navigator.serviceWorker.ready.then(() => true)`)
				open() // which is when the browser keeps the code that it has compiled
				pages[i].warm = append(pages[i].warm, open())
			})
		}
	}
	for _, page := range pages {
		if len(page.warm) != *startups {
			t.Fatalf("%s was usable %d times", page.name, len(page.warm))
		}
		slices.Sort(page.cold)
		slices.Sort(page.warm)
		t.Logf("%s can be used after %.0f ms cold (%.0f), %.0f ms warm (%.0f)",
			page.name, page.cold[len(page.cold)/2], page.cold, page.warm[len(page.warm)/2], page.warm)
	}
}

// barePage builds the program in testdata/bare with the flags of the app's own, and
// gives its files as go-app makes them.
func barePage(t *testing.T) map[string][]byte {
	t.Helper()
	wasm := filepath.Join(t.TempDir(), "bare.wasm")
	build := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-tags=nethttpomithttp2", "-o", wasm, "./testdata/bare")
	build.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building the bare page: %v\n%s", err, out)
	}
	program, err := os.ReadFile(wasm)
	if err != nil {
		t.Fatal(err)
	}
	app.Route("/", func() app.Composer { return &placeholder{} })
	h := &app.Handler{Name: "Bare", Version: "1", Icon: app.Icon{Default: "/icon.png", Large: "/icon.png", SVG: "/icon.svg", Maskable: "/icon.png"}, WasmContentLength: strconv.Itoa(len(program))}
	files := map[string][]byte{"/web/app.wasm": program}
	for _, name := range []string{"/", "/app.js", "/app.css", "/wasm_exec.js", "/app-worker.js", "/manifest.webmanifest"} {
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, name, nil))
		if rec.Code != http.StatusOK {
			t.Fatalf("go-app answers %d for %s", rec.Code, name)
		}
		files[name] = rec.Body.Bytes()
	}
	return files
}

// placeholder is the page before its program runs.
type placeholder struct{ app.Compo }

// Render implements app.Composer.
func (*placeholder) Render() app.UI {
	return app.Main().Body(app.Button().Type("button").Disabled(true).Text("Start"))
}

// precompressed serves files as the app's own are served: compressed beforehand, and
// asked for again each time, but for the program, which is kept for good.
func precompressed(t *testing.T, files map[string][]byte) http.Handler {
	t.Helper()
	compressed := make(map[string][]byte)
	for name, content := range files {
		var out bytes.Buffer
		w := brotli.NewWriterOptions(&out, brotli.WriterOptions{Quality: brotli.BestCompression, LGWin: 24})
		_, err := w.Write(content)
		if err == nil {
			err = w.Close()
		}
		if err != nil {
			t.Fatal(err)
		}
		compressed[name] = out.Bytes()
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		content, ok := compressed[r.URL.Path]
		if !ok || !strings.Contains(r.Header.Get("Accept-Encoding"), "br") {
			// go-app's own icons lie elsewhere, and the page does without.
			w.WriteHeader(http.StatusNoContent)
			return
		}
		kind, keep := mime.TypeByExtension(path.Ext(r.URL.Path)), "no-cache"
		switch path.Ext(r.URL.Path) {
		case "":
			kind = "text/html; charset=utf-8"
		case ".wasm":
			kind, keep = "application/wasm", "public, max-age=31536000, immutable"
		case ".js":
			kind = "text/javascript; charset=utf-8"
		}
		w.Header().Set("Content-Type", kind)
		w.Header().Set("Content-Encoding", "br")
		w.Header().Set("Cache-Control", keep)
		w.Header().Set("Content-Length", strconv.Itoa(len(content)))
		_, _ = w.Write(content)
	})
}
