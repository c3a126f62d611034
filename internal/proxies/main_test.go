// SPDX-License-Identifier: Apache-2.0

// Package proxies tests Sluice behind the servers that people put in front of
// it: nginx, Caddy, HAProxy and Apache, each as it runs elsewhere, with the
// configurations in deploy. It has tests and nothing else.
//
// The servers are found by the environment (NGINX, CADDY, HAPROXY, APACHE) or
// on the PATH; `make test-proxies` gets those that are missing. A test whose
// server is not there fails: what was asked for is not skipped. Only where it
// could not be had, which make has then complained of and says by "none", its
// tests are, and not where the environment says CI.
package proxies

import (
	"errors"
	"flag"
	"fmt"
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

// program returns where a server's program is.
func program(t testing.TB, variable string, names ...string) string {
	t.Helper()
	path, err := find(variable, names...)
	switch {
	case errors.Is(err, errNotHad):
		t.Skip(err)
	case err != nil:
		t.Fatal(err)
	}
	return path
}

// errNotHad says that a server could not be had, so that what is behind it
// cannot be tested.
var errNotHad = errors.New("could not be had here, so that nothing was tested behind it")

// find returns where a program is: what the environment says, else the first of
// the names that is there. In CI, which is the last to look, it has to be.
func find(variable string, names ...string) (string, error) {
	switch path := os.Getenv(variable); path {
	case "":
	case "none":
		if os.Getenv("CI") != "" {
			return "", fmt.Errorf("%s could not be had here, and in CI nothing is left out", names[0])
		}
		return "", fmt.Errorf("%s %w", names[0], errNotHad)
	default:
		return path, nil
	}
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("%s was not found: `make test-proxies` gets it where it can; or set %s to its program", names[0], variable)
}

// What could not be had is skipped, but in CI it is missed.
func TestMissingProgram(t *testing.T) {
	for _, test := range []struct {
		says, ci       string
		found, skipped bool
	}{
		{"", "", false, false},
		{"", "true", false, false},
		{"none", "", false, true},
		{"none", "true", false, false},
		{"/opt/server", "true", true, false},
	} {
		t.Setenv("SERVER", test.says)
		t.Setenv("CI", test.ci)
		path, err := find("SERVER", "a server that nobody has")
		if (err == nil) != test.found || errors.Is(err, errNotHad) != test.skipped || test.found && path != test.says {
			t.Errorf("%+v: %q, %v", test, path, err)
		}
	}
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
