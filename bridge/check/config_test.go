// SPDX-License-Identifier: Apache-2.0

package check

import (
	"context"
	"errors"
	"io"
	"log"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"sluice/internal/bubble"
)

var silent = log.New(io.Discard, "", 0)

func TestConfig(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		config Config
		says   string
	}{
		{Config{}, "must begin with http://"},
		{Config{URL: "stream.test/events"}, "must begin with http://"},
		{Config{URL: "ftp://stream.test"}, "must begin with http://"},
		{Config{URL: "http://stream.test/%zz"}, "cannot be read"},
		{Config{URL: "http://stream.test", Time: -1}, "negative"},
		{Config{URL: "http://stream.test", Silence: -1}, "negative"},
		{Config{URL: "http://stream.test", Header: http.Header{"A B": nil}}, "no name of a header"},
		{Config{URL: "http://stream.test", Header: http.Header{"A": {"x\ny"}}}, "cannot have the value"},
		{Config{URL: "http://stream.test", Origin: "example.com"}, "the origin"},
		{Config{URL: "http://stream.test", Origin: "https://example.com/page"}, "the origin"},
	} {
		if _, err := Run(t.Context(), test.config); err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%+v gives %v, want %q", test.config, err, test.says)
		}
	}
}

// What is asked for is asked for each time, and cutting short leaves nothing
// behind, which synctest and goleak see to.
func TestHeaderAndCancel(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var bad []string
		s := newSite()
		network := newPipes()
		srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") != "Bearer x" || r.Host != "other.test" || r.Header.Get("Origin") != "https://page.test" {
				mu.Lock()
				bad = append(bad, r.Method+" "+r.Host)
				mu.Unlock()
			}
			s.ServeHTTP(w, r)
		})}
		var serving sync.WaitGroup
		serving.Go(func() { srv.Serve(network) })
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(2250*time.Millisecond, cancel)
		began := time.Now()
		_, err := Run(ctx, Config{
			URL: "http://stream.test", Origin: "https://page.test/", DialContext: network.dial,
			Header: http.Header{"authorization": {"Bearer x"}, "Host": {"other.test"}},
		})
		if took := time.Since(began); !errors.Is(err, context.Canceled) || took != 2250*time.Millisecond {
			t.Errorf("it ended after %v with %v", took, err)
		}
		if len(bad) > 0 {
			t.Errorf("these went without what was asked for: %v", bad)
		}
		srv.Close()
		serving.Wait()
	})
}

func TestCORS(t *testing.T) {
	t.Parallel()
	const origin = "https://page.test"
	for _, test := range []struct {
		name      string
		header    map[string]string // of the stream
		preflight map[string]string
		want      map[string]Outcome
		says      string
	}{
		{
			"allowed",
			map[string]string{"Access-Control-Allow-Origin": origin, "Vary": "Accept, Origin"},
			map[string]string{"Access-Control-Allow-Origin": origin, "Access-Control-Allow-Headers": "last-event-id"},
			map[string]Outcome{"cors": Pass, "preflight": Pass},
			"no Access-Control-Expose-Headers",
		},
		{
			"allowed to all",
			map[string]string{"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "X-Run"},
			map[string]string{"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Headers": "*"},
			map[string]Outcome{"cors": Pass, "preflight": Pass},
			`"X-Run"`,
		},
		{"not allowed", nil, nil, map[string]Outcome{"cors": Fail, "preflight": Warn}, "no Access-Control-Allow-Origin"},
		{
			"to another",
			map[string]string{"Access-Control-Allow-Origin": "https://other.test"},
			map[string]string{"Access-Control-Allow-Origin": origin, "Access-Control-Allow-Headers": "authorization"},
			map[string]Outcome{"cors": Fail, "preflight": Warn},
			"without Last-Event-ID",
		},
		{
			"to all with credentials",
			map[string]string{"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Credentials": "true"},
			map[string]string{"Access-Control-Allow-Origin": origin, "Access-Control-Allow-Credentials": "true", "Access-Control-Allow-Headers": "*"},
			map[string]Outcome{"cors": Fail, "preflight": Warn},
			"which browsers refuse",
		},
		{
			"without vary",
			map[string]string{"Access-Control-Allow-Origin": origin},
			map[string]string{"Access-Control-Allow-Origin": origin, "Access-Control-Allow-Headers": "Last-Event-ID"},
			map[string]Outcome{"cors": Warn, "preflight": Pass},
			"Vary: Origin",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := newSite()
			s.header = func(h http.Header) {
				for name, value := range test.header {
					h.Set(name, value)
				}
			}
			s.guard = func(w http.ResponseWriter, r *http.Request) bool {
				if r.Header.Get("Access-Control-Request-Headers") == "last-event-id" && r.Header.Get("Origin") == origin {
					for name, value := range test.preflight {
						w.Header().Set(name, value)
					}
				}
				return guard(w, r)
			}
			r := checked(t, s, Config{Origin: origin})
			expect(t, r, test.want)
			if !strings.Contains(resultOf(r, "cors").Text+resultOf(r, "preflight").Text, test.says) {
				t.Errorf("nothing says %q", test.says)
			}
		})
	}
	t.Run("its own", func(t *testing.T) {
		t.Parallel()
		expect(t, checked(t, newSite(), Config{Origin: "http://stream.test"}), map[string]Outcome{"cors": Pass, "preflight": Skipped})
	})
	t.Run("twice", func(t *testing.T) {
		t.Parallel()
		s := newSite()
		s.header = func(h http.Header) { h["Access-Control-Allow-Origin"] = []string{origin, origin} }
		expect(t, checked(t, s, Config{Origin: origin}), map[string]Outcome{"cors": Fail, "preflight": Warn})
	})
	t.Run("preflight refused", func(t *testing.T) {
		t.Parallel()
		s := newSite()
		s.header = func(h http.Header) { h.Set("Access-Control-Allow-Origin", "*") }
		s.guard = func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method == http.MethodOptions {
				w.WriteHeader(http.StatusMethodNotAllowed)
				return true
			}
			return guard(w, r)
		}
		expect(t, checked(t, s, Config{Origin: origin}), map[string]Outcome{"cors": Pass, "preflight": Warn})
	})
}
