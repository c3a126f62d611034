// SPDX-License-Identifier: Apache-2.0

package bridge_test

import (
	"net/http"
	"testing"
	"time"

	"sluice/bridge"
	"sluice/bridge/catalog"
	"sluice/internal/bubble"
)

func TestTimeoutOfARequest(t *testing.T) {
	t.Parallel()
	const bad = -1
	for _, test := range []struct {
		header, value string
		want          time.Duration
	}{
		{"Sluice-Timeout", "90s", 90 * time.Second},
		{"Sluice-Timeout", " 1m30s ", 90 * time.Second},
		{"Sluice-Timeout", "1.5s", 1500 * time.Millisecond},
		{"Sluice-Timeout", "1ns", 1},
		{"Sluice-Timeout", "", bad},
		{"Sluice-Timeout", "0s", bad},
		{"Sluice-Timeout", "-1s", bad},
		{"Sluice-Timeout", "90", bad},
		{"Sluice-Timeout", "90S", bad},
		{"Grpc-Timeout", "2H", 2 * time.Hour},
		{"Grpc-Timeout", "2M", 2 * time.Minute},
		{"Grpc-Timeout", "2S", 2 * time.Second},
		{"Grpc-Timeout", "2m", 2 * time.Millisecond},
		{"Grpc-Timeout", "2u", 2 * time.Microsecond},
		{"Grpc-Timeout", "2n", 2},
		{"Grpc-Timeout", "00000002S", 2 * time.Second},
		{"Grpc-Timeout", "99999999H", 1<<63 - 1},
		{"Grpc-Timeout", "123456789S", bad},
		{"Grpc-Timeout", "0S", bad},
		{"Grpc-Timeout", "S", bad},
		{"Grpc-Timeout", "", bad},
		{"Grpc-Timeout", "-1S", bad},
		{"Grpc-Timeout", "+1S", bad},
		{"Grpc-Timeout", "1s", bad},
		{"Grpc-Timeout", "1.5S", bad},
		{"Grpc-Timeout", "1 S", bad},
	} {
		got, err := bridge.RequestedTimeout(http.Header{test.header: {test.value}})
		if test.want == bad && err == nil || test.want != bad && (err != nil || got != test.want) {
			t.Errorf("%s: %q is %v, %v; want %v", test.header, test.value, got, err, test.want)
		}
	}
	if got, err := bridge.RequestedTimeout(http.Header{}); got != 0 || err != nil {
		t.Errorf("no header is %v, %v", got, err)
	}
}

// Which of those that may say something about the time has its way.
func TestTimeoutThatHolds(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name                 string
		asked                string
		method, methodMost   time.Duration
		standard, bridgeMost time.Duration
		want                 string
	}{
		{name: "nobody says anything", want: ""},
		{name: "the request", asked: "20s", method: time.Second, standard: 2 * time.Second, want: "20s"},
		{name: "the method", method: time.Second, standard: 2 * time.Second, want: "1s"},
		{name: "the bridge", standard: 2 * time.Second, want: "2s"},
		{name: "less than the most", asked: "9s", bridgeMost: 10 * time.Second, want: "9s"},
		{name: "more than the most", asked: "2h", bridgeMost: 10 * time.Second, want: "10s"},
		{name: "nothing where there is a most", bridgeMost: 10 * time.Second, want: "10s"},
		{name: "the method's most is shorter", asked: "2h", methodMost: 5 * time.Second, bridgeMost: 10 * time.Second, want: "5s"},
		{name: "the method's most is longer", asked: "2h", methodMost: 20 * time.Second, bridgeMost: 10 * time.Second, want: "20s"},
		{name: "the method's own is too long", method: time.Hour, bridgeMost: 10 * time.Second, want: "10s"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			bubble.Test(t, func(t *testing.T) {
				w := newWorld(t, counting, bridge.WithTimeout(test.standard), bridge.WithMaxTimeout(test.bridgeMost),
					bridge.WithCatalog(numbersWith(t, func(p *catalog.Policy) { p.Timeout, p.MaxTimeout = test.method, test.methodMost })))
				var headers []string
				if test.asked != "" {
					headers = []string{"Sluice-Timeout", test.asked}
				}
				start := time.Now()
				r := w.get("/sse?endless=true&min_pause=0.7s", headers...)
				if got := r.Header.Get(bridge.TimeoutHeader); got != test.want {
					t.Errorf("%s is %q, want %q", bridge.TimeoutHeader, got, test.want)
				}
				if test.want == "" {
					return
				}
				events := r.all()
				end := events[len(events)-1]
				want, _ := time.ParseDuration(test.want)
				if took := time.Since(start); took != want || end.Type != "end" || string(end.Data[:27]) != `{"code":"DEADLINE_EXCEEDED"` {
					t.Errorf("after %v the stream ended with %s %s", took, end.Type, end.Data)
				}
			})
		})
	}
}

// The time is the run's: it goes on while the viewer is away, whatever he asks
// for when he comes back.
func TestTimeoutSurvivesTheViewer(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		w := newWorld(t, counting)
		start := time.Now()
		r := w.get("/sse?endless=true&min_pause=1s", "Grpc-Timeout", "10S")
		last := r.next().ID
		r.close()
		time.Sleep(5 * time.Second)
		r = w.get("/sse?endless=true&min_pause=1s", "Last-Event-ID", last, "Sluice-Timeout", "1h")
		if got := r.Header.Get(bridge.TimeoutHeader); got != "10s" {
			t.Errorf("%s is %q", bridge.TimeoutHeader, got)
		}
		events := r.all()
		end := events[len(events)-1]
		if took := time.Since(start); took != 10*time.Second || len(events) != 9 {
			t.Errorf("after %v and %d more events the stream ended with %s", took, len(events), end.Data)
		}
		// It has ended, and is not called again for who comes once more.
		if r := w.get("/sse?endless=true&min_pause=1s", "Last-Event-ID", end.ID, "Sluice-Timeout", "1h"); r.StatusCode != http.StatusNoContent {
			t.Errorf("after the end the answer is %s", r.Status)
		}
		if r := w.get("/runs/" + events[0].ID[:26]); r.Header.Get(bridge.TimeoutHeader) != "10s" {
			t.Errorf("the finished run is %s with %v", r.Status, r.Header)
		}
	})
}

// A deadline that passes before the first message is an answer of its own.
func TestTimeoutBeforeTheFirstWord(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		w := newWorld(t, counting)
		r := w.get("/sse?count=1&min_pause=1s", "Sluice-Timeout", "100ms", "Accept", "text/event-stream, application/json;q=0.9")
		if f := r.failure(); r.StatusCode != http.StatusGatewayTimeout || f.Code != "DEADLINE_EXCEEDED" {
			t.Errorf("the answer is %s: %+v", r.Status, f)
		}
	})
}
