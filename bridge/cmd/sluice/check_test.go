// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

// runCheck runs the check command and returns its exit code and what it wrote.
func runCheck(t *testing.T, args ...string) (code exitCode, stdout, stderr string) {
	t.Helper()
	out, errs := new(syncBuffer), new(syncBuffer)
	err := program(t.Context(), append([]string{"check"}, args...), out, errs, nil)
	if err != nil {
		var ok bool
		if code, ok = err.(exitCode); !ok {
			t.Fatalf("sluice check %q: %v", args, err)
		}
	}
	return code, out.String(), errs.String()
}

// Sluice passes its own check.
func TestCheck(t *testing.T) {
	at, _ := start(t, "--backend="+numbers(t))
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	get(t, client, "http://"+at.HTTP+"/readyz")
	const path = "/sse?count=12&min_pause=0.05s&max_pause=0.05s"
	code, out, _ := runCheck(t, "http://"+at.HTTP+path, "--last-event-id-param=last_event_id", "-H", "X-A: b, c", "--json")
	var report struct {
		Results []struct{ Name, Outcome, Text string }
		Summary map[string]int
	}
	if err := json.Unmarshal([]byte(out), &report); err != nil {
		t.Fatalf("the report cannot be read: %v\n%s", err, out)
	}
	if code != 0 || report.Summary["fail"] > 0 {
		t.Errorf("the exit code is %d:\n%s", code, out)
	}
	passed := map[string]bool{}
	for _, r := range report.Results {
		passed[r.Name] = r.Outcome == "pass"
		// A machine that is busy enough holds events back too.
		if r.Outcome == "warn" && r.Name != "buffering" && r.Name != "first bytes" {
			t.Errorf("there is a warning:\n%s", out)
		}
	}
	for _, name := range []string{"resume early", "resume later", "resume halfway", "resume by query", "second reader", "unknown id", "end", "after the end"} {
		if !passed[name] {
			t.Errorf("%q does not pass:\n%s", name, out)
		}
	}

	if code, out, _ := runCheck(t, "http://"+at.HTTP+"/nothing"); code != exitFailed || !strings.Contains(out, "404 Not Found") {
		t.Errorf("where no stream is, the exit code is %d:\n%s", code, out)
	}
	if code, _, errs := runCheck(t, "stream.test"); code != exitNotConnected || !strings.Contains(errs, "http://") {
		t.Errorf("for a URL that is none, the exit code is %d:\n%s", code, errs)
	}
	if code, _, errs := runCheck(t, "http://stream.test", "--header=nonsense"); code != exitNotConnected || !strings.Contains(errs, "--header") {
		t.Errorf("for a header that is none, the exit code is %d:\n%s", code, errs)
	}
	if code, out, _ := runCheck(t, "http://127.0.0.1:1/"); code != exitNotConnected || !strings.Contains(out, "refused") {
		t.Errorf("where nobody listens, the exit code is %d:\n%s", code, out)
	}
}
