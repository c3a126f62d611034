// SPDX-License-Identifier: Apache-2.0

// Package clients tests Sluice with clients that nobody here wrote: Node's
// eventsource, eventsource-parser and @microsoft/fetch-event-source, curl, and
// two in Go. Each gets every event once, over connections that break and
// connections that are closed, and stops at the end. Where one of them is known
// not to do as the standard says, a test says what it does instead, and that
// nothing is lost by it. The backend is called by grpcurl. The package has tests
// and nothing else, and is a module of its own, so that nothing shipped depends
// on any of them.
//
// `make test-clients` installs what they need.
package clients

import (
	"os"
	"os/exec"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// patience is how long anything may take that is sure to come.
const patience = 30 * time.Second

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// program returns where a program is: what the environment says, else what is
// on the PATH. What was asked for is not skipped.
func program(t testing.TB, variable, name string) string {
	t.Helper()
	if path := os.Getenv(variable); variable != "" && path != "" {
		return path
	}
	path, err := exec.LookPath(name)
	if err != nil {
		t.Fatalf("%s was not found: `make test-clients` installs it where it can", name)
	}
	return path
}
