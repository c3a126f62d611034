// SPDX-License-Identifier: Apache-2.0

package bubble

import (
	"runtime"
	"testing"
	"testing/synctest"
	"time"
)

// Time is made up, and as many threads run afterwards as before.
func TestTest(t *testing.T) {
	before := runtime.GOMAXPROCS(0)
	t.Run("bubbles", func(t *testing.T) {
		for range 3 {
			t.Run("", func(t *testing.T) {
				t.Parallel()
				Test(t, func(t *testing.T) {
					if threads := runtime.GOMAXPROCS(0); raceEnabled && threads != 1 {
						t.Errorf("%d threads run Go beside the race detector", threads)
					}
					began := time.Now()
					time.Sleep(time.Hour)
					synctest.Wait()
					if slept := time.Since(began); slept != time.Hour {
						t.Errorf("an hour takes %v", slept)
					}
				})
			})
		}
	})
	if after := runtime.GOMAXPROCS(0); after != before {
		t.Errorf("%d threads run Go afterwards, %d did before", after, before)
	}
}
