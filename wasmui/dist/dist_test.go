// SPDX-License-Identifier: Apache-2.0

package dist

import (
	"io/fs"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

// What is embedded depends on whether the app was built, so this holds either
// way: the embedded folder is readable, and Handler and Built agree on it.
func TestEmbeddedSite(t *testing.T) {
	t.Parallel()
	if _, err := fs.Stat(site(), "placeholder.txt"); err != nil {
		t.Errorf("the placeholder is not embedded: %v", err)
	}
	rec := httptest.NewRecorder()
	Handler(nil).ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/", nil))
	want := http.StatusServiceUnavailable
	if Built() {
		want = http.StatusOK
	}
	if rec.Code != want {
		t.Errorf("GET / with Built() = %v: status %d, want %d", Built(), rec.Code, want)
	}
}

func TestPlaceholderIsNotServed(t *testing.T) {
	t.Parallel()
	rec := httptest.NewRecorder()
	Handler(nil).ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/placeholder.txt", nil))
	if rec.Code != http.StatusNotFound {
		t.Errorf("GET /placeholder.txt: status %d, want 404", rec.Code)
	}
}

// A policy that let inline script in would make the rest of it worth little.
func TestContentSecurityPolicyIsStrict(t *testing.T) {
	t.Parallel()
	for _, loose := range []string{"'unsafe-inline'", "'unsafe-eval'", "*", "data:", "blob:", "http"} {
		if strings.Contains(ContentSecurityPolicy, loose) {
			t.Errorf("the policy allows %s: %s", loose, ContentSecurityPolicy)
		}
	}
	if !strings.HasPrefix(ContentSecurityPolicy, "default-src 'none'; ") {
		t.Errorf("the policy does not begin by allowing nothing: %s", ContentSecurityPolicy)
	}
}

// What the site does not have is another's to answer, whatever the method.
func TestHandlerPassesOn(t *testing.T) {
	t.Parallel()
	next := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	for path, passed := range map[string]bool{"/": false, "/sse": true, "/runs/x": true, "/index.htm": true} {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			rec := httptest.NewRecorder()
			Handler(next).ServeHTTP(rec, httptest.NewRequest(method, path, nil))
			if (rec.Code == http.StatusTeapot) != passed {
				t.Errorf("%s %s is %d", method, path, rec.Code)
			}
		}
	}
}

// What is said to be served is what is not handed on.
func TestPaths(t *testing.T) {
	t.Parallel()
	next := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	for _, path := range Paths() {
		rec := httptest.NewRecorder()
		Handler(next).ServeHTTP(rec, httptest.NewRequest(http.MethodGet, path, nil))
		if rec.Code == http.StatusTeapot {
			t.Errorf("%s is handed on", path)
		}
	}
	if got := newHandler(testSite()).paths(); !slices.Contains(got, "/") || !slices.Contains(got, "/icons/icon.png") || slices.Contains(got, "/index.html") {
		t.Errorf("the paths are %v", got)
	}
}
