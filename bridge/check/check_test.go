// SPDX-License-Identifier: Apache-2.0

package check

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"testing"
	"time"
)

// expect holds that the report has these outcomes, and that everything else
// passes or is skipped.
func expect(t *testing.T, r *Report, want map[string]Outcome) {
	t.Helper()
	seen := map[string]bool{}
	for _, one := range r.Results {
		if seen[one.Name] {
			t.Errorf("there are two results called %q", one.Name)
		}
		seen[one.Name] = true
		w, ok := want[one.Name]
		switch {
		case ok && one.Outcome != w:
			t.Errorf("%s is %v, want %v: %s", one.Name, one.Outcome, w, one.Text)
		case !ok && (one.Outcome == Warn || one.Outcome == Fail):
			t.Errorf("%s is %v, though nothing is wrong with it: %s", one.Name, one.Outcome, one.Text)
		}
		if one.Text == "" {
			t.Errorf("%s says nothing", one.Name)
		}
	}
	for name := range want {
		if !seen[name] {
			t.Errorf("nothing is said about %q", name)
		}
	}
	if t.Failed() {
		t.Logf("%+v", r.Results)
	}
}

// opaque is an id that shows nothing.
func opaque(run string, n int) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %d", run, n))
	return hex.EncodeToString(sum[:8])
}

func TestGoodServers(t *testing.T) {
	t.Parallel()
	resumes := map[string]Outcome{"resume early": Pass, "resume later": Pass, "resume halfway": Pass, "second reader": Pass}
	for _, test := range []struct {
		name   string
		site   func(*site)
		config Config
		want   map[string]Outcome // beside resumes
	}{
		{"a run for each connection", func(*site) {}, Config{}, map[string]Outcome{
			"connect": Pass, "status": Pass, "content type": Pass, "cache control": Pass, "proxy buffering": Pass,
			"content length": Pass, "content encoding": Pass, "compression": Pass, "vary": Pass,
			"first bytes": Pass, "events": Pass, "retry": Pass, "framing": Pass, "event names": Pass, "ids": Pass,
			"heartbeat": Skipped, "buffering": Pass,
			"malformed id": Pass, "long id": Pass, "unknown id": Pass,
			"end": Pass, "after the end": Pass, "head": Pass, "options": Pass, "accept": Pass,
		}},
		{"one stream for all", func(s *site) { s.shared, s.count = true, 0 }, Config{}, map[string]Outcome{"end": Skipped, "after the end": Skipped}},
		{"ids that show nothing", func(s *site) { s.id = opaque }, Config{}, nil},
		{"ids that show nothing, one stream for all", func(s *site) { s.shared, s.id = true, opaque }, Config{}, nil},
		{"by query too", func(s *site) {}, Config{LastEventIDParam: "last"}, map[string]Outcome{"resume by query": Pass}},
		{"quiet", func(s *site) {
			s.count, s.pause = 6, func(n int) time.Duration {
				if n == 4 {
					return 40 * time.Second
				}
				return time.Second
			}
		}, Config{Time: 2 * time.Minute}, map[string]Outcome{"heartbeat": Pass, "buffering": Pass}},
		{"as fast as it can", func(s *site) { s.count, s.interval = 0, 100*time.Microsecond }, Config{Time: time.Second}, map[string]Outcome{
			"buffering": Pass, "end": Skipped,
		}},
		{"old events first", func(s *site) {
			s.shared, s.replay, s.count, s.age = true, true, 0, time.Hour
			s.pause = func(n int) time.Duration {
				if n == 6 {
					return time.Hour - 5*time.Second
				}
				return time.Second
			}
		}, Config{}, map[string]Outcome{"buffering": Pass}},
		{"one stream for all, from its beginning", func(s *site) { s.shared, s.replay, s.id = true, true, number }, Config{}, nil},
		{"nothing to tell by", func(s *site) {
			s.id = opaque
			s.data = func(run string, n int, _ time.Time) string { return opaque("data"+run, n) }
		}, Config{}, map[string]Outcome{"resume early": Skipped, "resume later": Skipped, "resume halfway": Skipped}},
		{"data that counts by itself", func(s *site) {
			s.id, s.data = opaque, func(_ string, n int, _ time.Time) string { return strconv.Itoa(n) }
		}, Config{}, nil},
		{"data that is the same on each connection", func(s *site) {
			s.id, s.data = opaque, func(_ string, n int, _ time.Time) string { return opaque("same", n) }
		}, Config{}, map[string]Outcome{"resume early": Skipped}},
		{"lines ended by CRLF", func(s *site) {
			s.preface = "retry: 2000\r\n\r\n"
			s.frame = func(dst []byte, id, event, data string) []byte {
				return fmt.Appendf(dst, "id: %s\r\nevent: %s\r\ndata: %s\r\n\r\n", id, event, data)
			}
		}, Config{}, map[string]Outcome{"framing": Pass}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := newSite()
			test.site(s)
			want := map[string]Outcome{}
			for _, m := range []map[string]Outcome{resumes, test.want} {
				for name, o := range m {
					want[name] = o
				}
			}
			expect(t, checked(t, s, test.config), want)
		})
	}
}
