// SPDX-License-Identifier: Apache-2.0

package bridge_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"testing/synctest"

	"sluice/bridge"
	"sluice/internal/bubble"
)

// listing is what GET /catalog says, as far as is looked at here.
type listing struct {
	Backends []string
	Services []struct{ Name, Backend string }
	Methods  []struct{ Name, Backend, Kind string }
}

func (w *world) listing(headers ...string) (*response, listing) {
	w.t.Helper()
	r := w.get("/catalog", headers...)
	var l listing
	if r.StatusCode == http.StatusOK {
		if err := json.NewDecoder(r.Body).Decode(&l); err != nil {
			w.t.Fatal(err)
		}
	}
	return r, l
}

// kinds returns the methods that are listed, with their kinds.
func (l listing) kinds() map[string]string {
	kinds := make(map[string]string)
	for _, m := range l.Methods {
		kinds[m.Name] = m.Kind
	}
	return kinds
}

func TestCatalog(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		w := newWorld(t, counting)
		r, l := w.listing()
		kinds := l.kinds()
		if kinds["sluice.numbers.v1.NumberService/Generate"] != "server_streaming" || kinds["grpc.health.v1.Health/Check"] != "unary" {
			t.Errorf("listed are %v", kinds)
		}
		for name := range kinds {
			if name == "grpc.reflection.v1.ServerReflection/ServerReflectionInfo" {
				t.Errorf("%s is listed", name)
			}
		}
		for name, want := range map[string]string{
			"Content-Type": "application/json", "Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff",
		} {
			if got := r.Header.Get(name); got != want {
				t.Errorf("%s is %q, want %q", name, got, want)
			}
		}
		tag := r.Header.Get("Etag")
		for _, sent := range []string{tag, "W/" + tag, `"other", ` + tag, "*"} {
			if r, _ := w.listing("If-None-Match", sent); r.StatusCode != http.StatusNotModified || r.Header.Get("Etag") != tag || r.text() != "" {
				t.Errorf("with %s the answer is %s", sent, r.Status)
			}
		}
		if r, _ := w.listing("If-None-Match", `"other"`); r.StatusCode != http.StatusOK {
			t.Errorf("with another tag the answer is %s", r.Status)
		}
		if r := w.do(http.MethodHead, "/catalog", ""); r.StatusCode != http.StatusOK || r.Header.Get("Etag") != tag || r.text() != "" {
			t.Errorf("HEAD is %s", r.Status)
		}
		if r := w.get("/catalog", "Origin", "https://elsewhere.test"); r.StatusCode != http.StatusForbidden {
			t.Errorf("for a page of another origin the answer is %s", r.Status)
		}
	})
}

func TestCatalogForOtherOrigins(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		w := newWorld(t, counting, bridge.WithOrigins("https://elsewhere.test"))
		r, _ := w.listing("Origin", "https://elsewhere.test")
		if r.StatusCode != http.StatusOK || r.Header.Get("Access-Control-Allow-Origin") != "https://elsewhere.test" {
			t.Errorf("the answer is %s with %v", r.Status, r.Header)
		}
	})
}

func TestCatalogBeforeThereIsOne(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		w := worldOf(t, newBare(counting))
		synctest.Wait()
		r, _ := w.listing()
		if f := r.failure(); r.StatusCode != http.StatusServiceUnavailable || r.Header.Get("Retry-After") == "" {
			t.Errorf("the answer is %s: %+v", r.Status, f)
		}
	})
}
