// SPDX-License-Identifier: Apache-2.0

package bridge_test

import (
	"net/http"
	"strings"
	"testing"

	"sluice/bridge"
	"sluice/internal/bubble"
)

const checkHealth = "/grpc.health.v1.Health/Check"

// A call that has one answer is answered with it, for who wants JSON.
func TestUnaryAsJSON(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		w := newWorld(t, counting)
		for _, body := range []string{"", `{}`} {
			method := http.MethodGet
			if body != "" {
				method = http.MethodPost
			}
			r := w.do(method, checkHealth, body, "Accept", "application/json")
			if got := r.text(); r.StatusCode != 200 || got != `{"status":"SERVING"}`+"\n" || r.Header.Get("Content-Type") != "application/json" || r.Header.Get(bridge.RunHeader) == "" {
				t.Errorf("%s is %s %v %s", method, r.Status, r.Header, got)
			}
		}
		// An error has its own status.
		r := w.get(checkHealth+"?service=nobody", "Accept", "application/json")
		if f := r.failure(); r.StatusCode != 404 || f.Code != "NOT_FOUND" {
			t.Errorf("an error is %s %+v", r.Status, f)
		}
		// Who polls gets the same in the form of a poll.
		if _, a := ask(w, checkHealth, "", "Accept", "application/json", "Prefer", "wait=5"); len(a.Events) == 0 || !strings.Contains(string(a.Events[0]), `"data":{"status":"SERVING"}`) {
			t.Errorf("a poll is answered with %+v", a)
		}
	})
}

// By every transport it is a stream of one message.
func TestUnaryByEachTransport(t *testing.T) {
	onEachWay(t, func(t *testing.T, y way) {
		w := newWorld(t, counting)
		v := y.mustOpen(w, checkHealth, "")
		if e := mustNext(t, v); e.kind != "" || e.data != `{"status":"SERVING"}` {
			t.Errorf("the answer is %+v", e)
		}
		checkEnd(t, v, `{"code":"OK"}`)
	})
}
