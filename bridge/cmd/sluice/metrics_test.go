// SPDX-License-Identifier: Apache-2.0

package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
)

// What runs end with is counted under the names that events and answers have.
func TestCodesAreNamedAsEverywhere(t *testing.T) {
	t.Parallel()
	m := newMetrics(nil)
	names := []string{
		"OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED",
		"FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
	}
	for code := range names {
		m.RunOpened("pkg.Service/Method").Ended(codes.Code(code))
	}
	m.RunOpened("pkg.Service/Method").Ended(99) // a backend's own
	rec := httptest.NewRecorder()
	m.handler().ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	body := rec.Body.String()
	for _, name := range names {
		times := "1"
		if name == "UNKNOWN" {
			times = "2"
		}
		if want := `sluice_runs_ended_total{code="` + name + `",method="pkg.Service/Method"} ` + times + "\n"; !strings.Contains(body, want) {
			t.Errorf("there is no %s", want)
		}
	}
	if n := strings.Count(body, "sluice_runs_ended_total{"); n != len(names) {
		t.Errorf("there are %d codes, want %d:\n%s", n, len(names), body)
	}
}

// The program counts what it refuses, cancels and gives up.
func TestEndsAreCounted(t *testing.T) {
	at, _ := start(t, "--backend="+numbers(t))
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	url := "http://" + at.HTTP
	get(t, client, url+"/sse?count=1&min_pause=0s&max_pause=0s")
	get(t, client, url+"/sse?min_pause=3601s")
	request := func(method, path string, header ...string) *http.Response {
		r, err := http.NewRequestWithContext(t.Context(), method, url+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		res, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { res.Body.Close() })
		return res
	}
	request(http.MethodGet, "/sse?endless=true", "Sluice-Timeout", "0.01s", "Accept", "application/x-ndjson")
	run := request(http.MethodGet, "/sse?endless=true").Header.Get("Sluice-Run")
	request(http.MethodDelete, "/runs/"+run)
	for _, code := range []string{"OK", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "CANCELLED"} {
		want := `sluice_runs_ended_total{code="` + code + `",method="sluice.numbers.v1.NumberService/Generate"} 1`
		waitFor(t, client, url+"/metrics", func(body string) bool { return strings.Contains(body, want) })
	}
}
