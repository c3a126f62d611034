// SPDX-License-Identifier: Apache-2.0

package ui

import "testing"

// What is not known to allow many connections is taken to allow few.
func TestFewConnections(t *testing.T) {
	t.Parallel()
	for protocol, want := range map[string]bool{"http/1.1": true, "": true, "http/1.0": true, "h2": false, "h3": false, "h3-29": false} {
		if got := fewConnections(protocol); got != want {
			t.Errorf("over %q: %v", protocol, got)
		}
	}
}
