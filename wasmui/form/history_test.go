// SPDX-License-Identifier: Apache-2.0

package form

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestHistory(t *testing.T) {
	t.Parallel()
	var h History
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for i := range MaxHistory + 5 {
		h = h.With(Past{Method: "s/M", Request: fmt.Sprintf(`{"n":%d}`, i), At: now})
	}
	if len(h) != MaxHistory || h[0].Request != `{"n":54}` {
		t.Fatalf("%d are kept, the first is %s", len(h), h[0].Request)
	}
	h = h.With(Past{Method: "s/M", Request: `{"n":20}`, At: now.Add(time.Hour)})
	if len(h) != MaxHistory || h[0].Request != `{"n":20}` || !h[0].At.Equal(now.Add(time.Hour)) || h[1].Request != `{"n":54}` {
		t.Errorf("the same request is not moved to the front: %d, %+v", len(h), h[:2])
	}
	back := ParseHistory(h.JSON())
	if len(back) != len(h) || back[7] != h[7] {
		t.Errorf("the history comes back as %d, %+v", len(back), back)
	}
}

// The history is never larger than a browser keeps, and what somebody else has
// written there is no reason to fall over.
func TestHistoryIsBounded(t *testing.T) {
	t.Parallel()
	var h History
	for i := range 10 {
		h = h.With(Past{Method: "s/M", Request: fmt.Sprint(i) + strings.Repeat("x", MaxHistoryBytes/3)})
	}
	if len(h) != 2 || len(h.JSON()) > MaxHistoryBytes+1000 {
		t.Errorf("%d are kept, of %d bytes", len(h), len(h.JSON()))
	}
	if h = h.With(Past{Method: "s/M", Request: strings.Repeat("y", MaxHistoryBytes+1)}); len(h) != 0 {
		t.Errorf("one that is too large is kept: %d", len(h))
	}
	for _, data := range []string{"", "null", "{}", "[1]", `[{"method":"a"},{}]`, strings.Repeat(" ", 3*MaxHistoryBytes)} {
		if h := ParseHistory(data); len(h) != 0 {
			t.Errorf("%.20s gives %+v", data, h)
		}
	}
}
