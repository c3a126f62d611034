// SPDX-License-Identifier: Apache-2.0

package store

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestDelays(t *testing.T) {
	t.Parallel()
	h := New(0)
	for i := range 3000 {
		// The least delay comes early and leaves the sample.
		delay := int64(i%100) + 10
		if i == 5 {
			delay = -40
		}
		h.Append(Number{Position: uint32(i + 1), Created: 5000, Received: 5000 + delay})
	}
	h.Append(Number{Position: 3001, Received: 5000}) // says nothing of when it was made
	const ms = time.Millisecond
	got := h.Delays()
	want := Delays{Count: DelaySample - 1, Last: 109 * ms, Least: -40 * ms, Median: 60 * ms, P95: 105 * ms, Worst: 109 * ms}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("delays (-want +got):\n%s", diff)
	}
	if !got.Skewed() {
		t.Error("a negative delay is not called skewed")
	}
	above := got.Above()
	if above.Skewed() || above.Least != 0 || above.Median != 100*ms || above.Worst != 149*ms || above.Last != 149*ms || above.P95 != 145*ms {
		t.Errorf("above the least: %+v", above)
	}
}
