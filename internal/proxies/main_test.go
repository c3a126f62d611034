// SPDX-License-Identifier: Apache-2.0

// Package proxies tests Sluice behind the servers that people put in front of
// it: nginx, Caddy, HAProxy and Apache, each as it runs elsewhere, with the
// configurations in deploy. It has tests and nothing else.
//
// The servers are found by the environment (NGINX, CADDY, HAPROXY, APACHE) or
// on the PATH; `make test-proxies` gets those that are missing. A test whose
// server is not there fails: what was asked for is not skipped. Only where it
// could not be had, which make has then complained of and says by "none", its
// tests are.
package proxies

import (
	"flag"
	"os"
	"os/exec"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// soak is whether tests run in their long forms, as `make soak` has them.
var soak = flag.Bool("soak", false, "run the long forms of the tests")

// patience is how long anything may take that is sure to come: far longer than
// it does, for machines that have other things to do.
const patience = 30 * time.Second

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// program returns where a server's program is: what the environment says, else
// the first of the names that is there.
func program(t testing.TB, variable string, names ...string) string {
	t.Helper()
	switch path := os.Getenv(variable); path {
	case "":
	case "none":
		t.Skipf("%s could not be had here, so that nothing was tested behind it", names[0])
	default:
		return path
	}
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Fatalf("%s was not found: `make test-proxies` gets it where it can; or set %s to its program", names[0], variable)
	return ""
}

// attempts is how often something is tried that has to do with time alone: a
// machine that has other things to do may stop for long enough to spoil it, but
// hardly so often, and a server that holds things back does so every time.
const attempts = 3

// timed tries f until it gives no error, and returns its last one.
func timed(f func() error) (err error) {
	for range attempts {
		if err = f(); err == nil {
			return nil
		}
	}
	return err
}
