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

// An nginx that is told to pay no attention to "X-Accel-Buffering: no" holds
// streams back, where it speaks HTTP/1.0 to the bridge as it does by itself. A
// check of the stream sees it and says which line to change; and with that line
// changed all is well.
func TestCheckFindsBuffering(t *testing.T) {
	t.Parallel()
	const deaf = "proxy_ignore_headers X-Accel-Buffering;"
	// What nginx has to be told for anything more than streams.
	bare := []change{
		{"proxy_http_version 1.1;", ""},
		{"proxy_set_header Host $http_host;", ""},
		{"proxy_set_header Upgrade $http_upgrade;", ""},
		{"proxy_set_header Connection $sluice_connection;", ""},
	}
	r := rig.Start(t, rig.Config{})
	for _, tt := range []struct {
		name, lines string
		changes     []change
		want        check.Outcome
	}{
		{"as it is", "", nil, check.Pass},
		{"nothing but proxy_pass", "", bare, check.Pass},
		{"deaf", deaf, bare, check.Fail},
		{"deaf, with the line that is to help", deaf + buffersOff, bare, check.Pass},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := nginx(t, strings.TrimPrefix(r.URL, "http://"), 0, site{file: "nginx.conf", speaks: []protocol{http1}, lines: tt.lines, changes: tt.changes})
			if err := timed(func() error {
				result, err := checkedBuffering(t, f)
				switch {
				case err != nil:
					return err
				case result.Outcome != tt.want:
					return fmt.Errorf("%v, want %v: %s", result.Outcome, tt.want, result.Text)
				case tt.want == check.Fail && !strings.Contains(result.Text, buffersOff):
					return fmt.Errorf("it does not say %q: %s", buffersOff, result.Text)
				}
				return nil
			}); err != nil {
				t.Error(err)
			}
		})
	}
}

// checkedBuffering checks a stream whose events are made one by one, and
// returns what is said of how they arrive.
func checkedBuffering(t testing.TB, f *front) (check.Result, error) {
	report, err := check.Run(t.Context(), check.Config{
		URL: f.urls[http1] + "/sse?count=30&seed=1&min_pause=0.1s&max_pause=0.1s", Time: 10 * time.Second,
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

// A check finds no fault with a stream through any server.
func TestCheckThroughServers(t *testing.T) {
	t.Parallel()
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
