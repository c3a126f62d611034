// SPDX-License-Identifier: Apache-2.0

package dist

import (
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

// testSite has a file of each kind: one that is always asked for again, one
// kept for good, and one that is not worth compressing.
func testSite() fstest.MapFS {
	return fstest.MapFS{
		"index.html":                   {Data: []byte("<!doctype html><title>x</title>")},
		"index.html.br":                {Data: []byte("br-page")},
		"index.html.gz":                {Data: []byte("gz-page")},
		"app.0123456789abcdef.wasm":    {Data: []byte("\x00asm plain")},
		"app.0123456789abcdef.wasm.br": {Data: []byte("\x00asm br")},
		"app.0123456789abcdef.wasm.gz": {Data: []byte("\x00asm gz")},
		"manifest.webmanifest":         {Data: []byte("{}")},
		"icons/icon.png":               {Data: []byte("png")},
		"placeholder.txt":              {Data: []byte("placeholder")},
		".build.json":                  {Data: []byte("{}")},
		"notes.gz":                     {Data: []byte("a file of its own")},
	}
}

func request(t *testing.T, h http.Handler, method, path string, header ...string) *http.Response {
	t.Helper()
	req := httptest.NewRequest(method, path, nil)
	for i := 0; i < len(header); i += 2 {
		req.Header.Add(header[i], header[i+1])
	}
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, req)
	return rec.Result()
}

func body(t *testing.T, res *http.Response) string {
	t.Helper()
	var b strings.Builder
	if _, err := io.Copy(&b, res.Body); err != nil {
		t.Fatalf("reading the body: %v", err)
	}
	return b.String()
}

func TestServesFiles(t *testing.T) {
	t.Parallel()
	h := newHandler(testSite())
	tests := []struct {
		path, accept                         string
		contentType, coding, cache, wantBody string
	}{
		{"/", "", "text/html; charset=utf-8", "", "no-cache", "<!doctype html><title>x</title>"},
		{"/", "gzip, br", "text/html; charset=utf-8", "br", "no-cache", "br-page"},
		{"/?count=5", "gzip", "text/html; charset=utf-8", "gzip", "no-cache", "gz-page"},
		{"/app.0123456789abcdef.wasm", "br", "application/wasm", "br", cacheForGood, "\x00asm br"},
		{"/app.0123456789abcdef.wasm", "", "application/wasm", "", cacheForGood, "\x00asm plain"},
		{"/manifest.webmanifest", "br, gzip", "application/manifest+json", "", "no-cache", "{}"},
		{"/icons/icon.png", "br, gzip", "image/png", "", "no-cache", "png"},
		{"/notes.gz", "gzip", "application/octet-stream", "", "no-cache", "a file of its own"},
	}
	for _, tt := range tests {
		t.Run(tt.path+" "+tt.accept, func(t *testing.T) {
			t.Parallel()
			var header []string
			if tt.accept != "" {
				header = []string{"Accept-Encoding", tt.accept}
			}
			res := request(t, h, http.MethodGet, tt.path, header...)
			if res.StatusCode != http.StatusOK {
				t.Fatalf("status %d, want 200", res.StatusCode)
			}
			got := []string{
				res.Header.Get("Content-Type"), res.Header.Get("Content-Encoding"),
				res.Header.Get("Cache-Control"), res.Header.Get("Vary"), body(t, res),
			}
			want := []string{tt.contentType, tt.coding, tt.cache, "Accept-Encoding", tt.wantBody}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("answer (-want +got):\n%s", diff)
			}
			if int(res.ContentLength) != len(tt.wantBody) {
				t.Errorf("Content-Length %d, want %d", res.ContentLength, len(tt.wantBody))
			}
		})
	}
}

func TestHeadHasHeadersAndNoBody(t *testing.T) {
	t.Parallel()
	h := newHandler(testSite())
	get := request(t, h, http.MethodGet, "/", "Accept-Encoding", "br")
	head := request(t, h, http.MethodHead, "/", "Accept-Encoding", "br")
	if diff := cmp.Diff(get.Header, head.Header); diff != "" {
		t.Errorf("headers of GET and HEAD differ (-GET +HEAD):\n%s", diff)
	}
	if b := body(t, head); b != "" {
		t.Errorf("HEAD has a body: %q", b)
	}
}

func TestETagIsOfTheVariantAndSaves(t *testing.T) {
	t.Parallel()
	h := newHandler(testSite())
	plain := request(t, h, http.MethodGet, "/").Header.Get("ETag")
	packed := request(t, h, http.MethodGet, "/", "Accept-Encoding", "br").Header.Get("ETag")
	if plain == packed || plain == "" || strings.HasPrefix(plain, "W/") {
		t.Fatalf("ETags %s (plain) and %s (br): want two strong ones that differ", plain, packed)
	}
	tests := []struct {
		ifNoneMatch string
		want        int
	}{
		{packed, http.StatusNotModified},
		{`"x", W/` + packed, http.StatusNotModified},
		{"*", http.StatusNotModified},
		{plain, http.StatusOK},
		{`"x"`, http.StatusOK},
		{strings.Trim(packed, `"`), http.StatusOK},
	}
	for _, tt := range tests {
		res := request(t, h, http.MethodGet, "/", "Accept-Encoding", "br", "If-None-Match", tt.ifNoneMatch)
		if res.StatusCode != tt.want {
			t.Errorf("If-None-Match %s: status %d, want %d", tt.ifNoneMatch, res.StatusCode, tt.want)
		}
		if res.StatusCode != http.StatusNotModified {
			continue
		}
		if b := body(t, res); b != "" {
			t.Errorf("304 has a body: %q", b)
		}
		if res.Header.Get("ETag") != packed || res.Header.Get("Vary") == "" || res.Header.Get("Cache-Control") == "" {
			t.Errorf("304 lacks what RFC 9110, section 15.4.5, asks for: %v", res.Header)
		}
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	h := newHandler(testSite())
	tests := []struct {
		method, path string
		want         int
	}{
		{http.MethodGet, "/index.html", http.StatusNotFound},
		{http.MethodGet, "/index.html.br", http.StatusNotFound},
		{http.MethodGet, "/placeholder.txt", http.StatusNotFound},
		{http.MethodGet, "/.build.json", http.StatusNotFound},
		{http.MethodGet, "/icons", http.StatusNotFound},
		{http.MethodGet, "/icons/", http.StatusNotFound},
		{http.MethodGet, "/../dist.go", http.StatusNotFound},
		{http.MethodGet, "/elsewhere", http.StatusNotFound},
		{http.MethodPost, "/", http.StatusMethodNotAllowed},
		{http.MethodOptions, "/elsewhere", http.StatusMethodNotAllowed},
	}
	for _, tt := range tests {
		res := request(t, h, tt.method, tt.path)
		if res.StatusCode != tt.want {
			t.Errorf("%s %s: status %d, want %d", tt.method, tt.path, res.StatusCode, tt.want)
		}
		if tt.want == http.StatusMethodNotAllowed && res.Header.Get("Allow") != "GET, HEAD" {
			t.Errorf("%s %s: Allow %q, want %q", tt.method, tt.path, res.Header.Get("Allow"), "GET, HEAD")
		}
		if strings.Contains(res.Header.Get("Cache-Control"), "immutable") {
			t.Errorf("%s %s: an error may be kept for good", tt.method, tt.path)
		}
	}
}

func TestNothingAcceptable(t *testing.T) {
	t.Parallel()
	res := request(t, newHandler(testSite()), http.MethodGet, "/icons/icon.png", "Accept-Encoding", "br, identity;q=0")
	if res.StatusCode != http.StatusNotAcceptable || res.Header.Get("Vary") != "Accept-Encoding" {
		t.Errorf("status %d, Vary %q; want 406 that varies by Accept-Encoding", res.StatusCode, res.Header.Get("Vary"))
	}
}

func TestEveryAnswerIsSecured(t *testing.T) {
	t.Parallel()
	for name, h := range map[string]http.Handler{"built": newHandler(testSite()), "unbuilt": newHandler(fstest.MapFS{})} {
		for _, path := range []string{"/", "/elsewhere", "/icons/icon.png"} {
			for _, method := range []string{http.MethodGet, http.MethodDelete} {
				header := request(t, h, method, path).Header
				want := map[string]string{
					"Content-Security-Policy":      ContentSecurityPolicy,
					"X-Content-Type-Options":       "nosniff",
					"Referrer-Policy":              "no-referrer",
					"Permissions-Policy":           permissionsPolicy,
					"Cross-Origin-Opener-Policy":   "same-origin",
					"Cross-Origin-Resource-Policy": "same-origin",
				}
				for k, v := range want {
					if header.Get(k) != v {
						t.Errorf("%s: %s %s: %s is %q, want %q", name, method, path, k, header.Get(k), v)
					}
				}
			}
		}
	}
}

func TestUnbuiltSaysWhatToRun(t *testing.T) {
	t.Parallel()
	h := newHandler(fstest.MapFS{"placeholder.txt": {Data: []byte("x")}})
	res := request(t, h, http.MethodGet, "/")
	if res.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("status %d, want 503", res.StatusCode)
	}
	if b := body(t, res); !strings.Contains(b, "make build-wasm") {
		t.Errorf("the page does not say what to run: %s", b)
	}
	if b := body(t, request(t, h, http.MethodHead, "/")); b != "" {
		t.Errorf("HEAD has a body: %q", b)
	}
	if res := request(t, h, http.MethodGet, "/sse"); res.StatusCode != http.StatusNotFound {
		t.Errorf("GET /sse: status %d, want 404", res.StatusCode)
	}
}

// brokenFS has an index page and a file that cannot be opened.
type brokenFS struct{ fstest.MapFS }

func (b brokenFS) Open(name string) (fs.File, error) {
	if name == "app.js" {
		return nil, errors.New("a <bad> disk")
	}
	return b.MapFS.Open(name)
}

func TestUnreadableSiteSaysWhy(t *testing.T) {
	t.Parallel()
	fsys := brokenFS{fstest.MapFS{"index.html": {Data: []byte("x")}, "app.js": {Data: []byte("x")}}}
	res := request(t, newHandler(fsys), http.MethodGet, "/")
	if res.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("status %d, want 503", res.StatusCode)
	}
	if b := body(t, res); !strings.Contains(b, "a &lt;bad&gt; disk") {
		t.Errorf("the page does not say why: %s", b)
	}
}
