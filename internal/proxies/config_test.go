// SPDX-License-Identifier: Apache-2.0

package proxies

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// deploy is where the configurations are.
const deploy = "../../deploy"

// upstream is where each of them expects the bridge.
const upstream = "127.0.0.1:8080"

// A change puts something in the place of all of what a configuration has.
type change struct{ old, new string }

// deployed returns a configuration as it is in deploy, but for the addresses
// and names that the machine of a test does not have.
func deployed(t testing.TB, name string, changes ...change) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(deploy, name))
	if err != nil {
		t.Fatal(err)
	}
	text := string(b)
	for _, c := range changes {
		if !strings.Contains(text, c.old) {
			t.Fatalf("there is no %q in deploy/%s", c.old, name)
		}
		text = strings.ReplaceAll(text, c.old, c.new)
	}
	return text
}

// What README shows of nginx are lines of the file that is tested, and the one
// that sluice check says.
func TestReadme(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "```nginx\n")
	block, _, _ := strings.Cut(rest, "```")
	if !strings.Contains(block, "proxy_pass ") || !strings.Contains(block, buffersOff) {
		t.Errorf("README shows this of nginx:\n%s", block)
	}
	config := deployed(t, "nginx.conf") + buffersOff
	for line := range strings.Lines(block) {
		if line = strings.TrimSpace(line); !strings.Contains(config, line) {
			t.Errorf("README shows %q, which is not in deploy/nginx.conf", line)
		}
	}
}
