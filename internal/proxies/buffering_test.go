// SPDX-License-Identifier: Apache-2.0

package proxies

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"sluice/bridge/check"
	"sluice/internal/rig"
)

// buffersOff is the line of nginx that helps against what holds streams back.
const buffersOff = "proxy_buffering off;"

// A check of a stream sees what holds it back, and says which line to change;
// and with that line changed all is well.
//
// An nginx that is told to pay no attention to "X-Accel-Buffering: no" does,
// where it speaks HTTP/1.0 to the bridge as it does by itself. HAProxy waits for
// 0.2 s without its line, which shows as bursts too short to prove anything, and
// where events come more slowly than that only in the last one, for which it
// does not. Caddy and Apache pass on what comes; but Caddy can be told not to.
//
// It does not run beside the other tests: a machine that they keep busy holds
// events back, too.
func TestCheckFindsBuffering(t *testing.T) {
	const deaf = "proxy_ignore_headers X-Accel-Buffering;"
	// What nginx has to be told for anything more than streams.
	bare := []change{
		{"proxy_http_version 1.1;", ""},
		{"proxy_set_header Host $http_host;", ""},
		{"proxy_set_header Upgrade $http_upgrade;", ""},
		{"proxy_set_header Connection $sluice_connection;", ""},
	}
	r := rig.Start(t, rig.Config{})
	to := strings.TrimPrefix(r.URL, "http://")
	nginxWith := func(lines string, changes []change) func(testing.TB) *front {
		return func(t testing.TB) *front {
			return nginx(t, to, 0, site{file: "nginx.conf", speaks: []protocol{http1}, lines: lines, changes: changes})
		}
	}
	haproxyWaits := func(t testing.TB) *front { return haproxy(t, to, 0, change{"option http-no-delay", ""}) }
	for _, tt := range []struct {
		name  string
		start func(testing.TB) *front
		pause string
		want  check.Outcome
		says  string
	}{
		{"nginx", nginxWith("", nil), "0.1", check.Pass, ""},
		{"nginx, nothing but proxy_pass", nginxWith("", bare), "0.1", check.Pass, ""},
		{"nginx, deaf", nginxWith(deaf, bare), "0.1", check.Fail, buffersOff},
		{"nginx, deaf, with the line that is to help", nginxWith(deaf+buffersOff, bare), "0.1", check.Pass, ""},
		{"HAProxy, fast", func(t testing.TB) *front { return haproxy(t, to, 0) }, "0.03", check.Pass, ""},
		{"HAProxy, fast, without its line", haproxyWaits, "0.03", check.Warn, "option http-no-delay"},
		{"HAProxy, slow, without its line", haproxyWaits, "0.31", check.Warn, "option http-no-delay"},
		{"Caddy, buffering", func(t testing.TB) *front { return caddy(t, to, 0, change{"reverse_proxy " + to, caddyBuffers(t, to)}) }, "0.1", check.Fail, "response_buffers"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := tt.start(t)
			if err := timed(func() error {
				result, err := checkedBuffering(t, f, tt.pause)
				switch {
				case err != nil:
					return err
				case result.Outcome != tt.want:
					return fmt.Errorf("%v, want %v: %s", result.Outcome, tt.want, result.Text)
				case !strings.Contains(result.Text, tt.says):
					return fmt.Errorf("it does not say %q: %s", tt.says, result.Text)
				}
				return nil
			}); err != nil {
				t.Error(err)
			}
		})
	}
}

// checkedBuffering checks a stream whose events are made one by one, each after
// a pause in seconds, and returns what is said of how they arrive.
func checkedBuffering(t testing.TB, f *front, pause string) (check.Result, error) {
	report, err := check.Run(t.Context(), check.Config{
		URL: f.urls[http1] + "/sse?count=30&seed=1&min_pause=" + pause + "s&max_pause=" + pause + "s", Time: 12 * time.Second,
	})
	if err != nil {
		return check.Result{}, err
	}
	for _, result := range report.Results {
		if result.Name == "buffering" {
			return result, nil
		}
	}
	return check.Result{}, fmt.Errorf("there is no word about buffering: %+v", report)
}

// A check finds no fault with a stream through any server. It does not run beside
// the other tests either.
func TestCheckThroughServers(t *testing.T) {
	r := rig.Start(t, rig.Config{})
	for _, f := range started(t, r, 0) {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			if err := timed(func() error {
				report, err := check.Run(t.Context(), check.Config{
					URL: f.urls[http1] + "/sse?count=20&seed=1&min_pause=0.1s&max_pause=0.1s", Time: 10 * time.Second,
				})
				if err != nil {
					return err
				}
				var faults []error
				for _, result := range report.Results {
					if result.Outcome == check.Fail || result.Outcome == check.Warn {
						faults = append(faults, fmt.Errorf("%s: %v: %s", result.Name, result.Outcome, result.Text))
					}
				}
				return errors.Join(faults...)
			}); err != nil {
				t.Error(err)
			}
		})
	}
}
