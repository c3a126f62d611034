// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A stand-in is a machine of which a test says what it has.
type standIn struct {
	env    map[string]string
	has    []string // programs that are there and run
	broken []string // programs that are there and do not run
	root   bool
	sudo   bool // sudo asks for no password
	// brings is what an installation brings.
	brings []string
	// refuses makes the installation fail.
	refuses bool

	ran []string
}

func (s *standIn) machine() *machine {
	return &machine{
		getenv: func(name string) string { return s.env[name] },
		lookPath: func(name string) (string, error) {
			if slices.Contains(s.has, name) || slices.Contains(s.broken, name) {
				return "/bin/" + name, nil
			}
			return "", exec.ErrNotFound
		},
		works: func(path, _ string) bool { return slices.Contains(s.has, strings.TrimPrefix(path, "/bin/")) },
		run:   s.run,
		root:  s.root,
		log:   io.Discard,
	}
}

func (s *standIn) run(command ...string) error {
	line := strings.Join(command, " ")
	s.ran = append(s.ran, line)
	switch {
	case line == "/bin/sudo -n true" && !s.sudo:
		return errors.New("a password is required")
	case strings.Contains(line, " update"):
		return errors.New("some source cannot be reached")
	case strings.Contains(line, " install "):
		if s.refuses {
			return errors.New("exit status 100")
		}
		s.has = append(s.has, s.brings...)
	}
	return nil
}

const apt = "env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 "

func TestNeed(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		on   standIn
		tool string
		want string   // the path, else
		errs []string // what the error says
		ran  []string
	}{
		{name: "there", tool: "chromium", on: standIn{has: []string{"google-chrome"}}, want: "/bin/google-chrome"},
		{
			name: "the best first", tool: "chromium",
			on:   standIn{has: []string{"google-chrome", "chromium"}},
			want: "/bin/chromium",
		},
		{
			name: "a stub is passed over", tool: "chromium",
			on:   standIn{broken: []string{"chromium-browser"}, has: []string{"chrome"}},
			want: "/bin/chrome",
		},
		{
			name: "chosen", tool: "chromium",
			on:   standIn{env: map[string]string{"CHROME_PATH": "mine"}, has: []string{"chromium", "mine"}},
			want: "/bin/mine",
		},
		{
			name: "chosen with flags", tool: "cc",
			on:   standIn{env: map[string]string{"CC": "clang -m64"}, has: []string{"clang"}},
			want: "/bin/clang",
		},
		{
			name: "chosen and absent", tool: "chromium",
			on:   standIn{env: map[string]string{"CHROME_PATH": "mine"}, has: []string{"chromium"}},
			errs: []string{`CHROME_PATH is "mine"`, "not found"},
		},
		{
			name: "chosen and broken", tool: "chromium",
			on:   standIn{env: map[string]string{"CHROME_PATH": "mine"}, has: []string{"chromium"}, broken: []string{"mine"}},
			errs: []string{`CHROME_PATH is "mine"`, "does not run"},
		},
		{
			name: "installed as root", tool: "cc",
			on:   standIn{has: []string{"apt-get"}, root: true, brings: []string{"gcc", "clang"}},
			want: "/bin/" + compilers()[0],
			ran:  []string{apt + "update", apt + "install gcc libc6-dev"},
		},
		{
			name: "installed by sudo", tool: "node",
			on:   standIn{has: []string{"apt-get", "sudo"}, sudo: true, brings: []string{"node"}},
			want: "/bin/node",
			ran:  []string{"/bin/sudo -n true", "/bin/sudo -n " + apt + "update", "/bin/sudo -n " + apt + "install nodejs"},
		},
		{
			name: "sudo with a password", tool: "node",
			on:   standIn{has: []string{"apt-get", "sudo"}},
			errs: []string{"node is missing", "a sudo that asks for no password", "Install Node.js"},
			ran:  []string{"/bin/sudo -n true"},
		},
		{
			name: "neither root nor sudo", tool: "npm",
			on:   standIn{has: []string{"apt-get"}},
			errs: []string{"npm is missing", "without root", "Install npm"},
		},
		{
			name: "not Debian", tool: "chromium", on: standIn{root: true},
			errs: []string{"chromium is missing", "without apt-get", "set CHROME_PATH"},
		},
		{
			name: "refused", tool: "npm", on: standIn{has: []string{"apt-get"}, root: true, refuses: true},
			errs: []string{"apt-get install npm failed", "exit status 100"},
			ran:  []string{apt + "update", apt + "install npm"},
		},
		{
			name: "only a stub is installed", tool: "chromium",
			on:   standIn{has: []string{"apt-get"}, root: true, broken: []string{"chromium"}},
			errs: []string{"what was installed does not run", "set CHROME_PATH"},
			ran:  []string{apt + "update", apt + "install chromium"},
		},
		{name: "unknown", tool: "emacs", errs: []string{`"emacs" is not known; there are apache2, caddy, cc, chromium, curl, haproxy, nginx, node, npm`}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := tt.on.machine().need(tt.tool)
			if got != tt.want || (err != nil) != (tt.errs != nil) {
				t.Errorf("need(%q) = %q, %v; want %q", tt.tool, got, err, tt.want)
			}
			for _, want := range tt.errs {
				if err != nil && !strings.Contains(err.Error(), want) {
					t.Errorf("error %q lacks %q", err, want)
				}
			}
			if diff := cmp.Diff(tt.ran, tt.on.ran); diff != "" {
				t.Errorf("commands (-want +got):\n%s", diff)
			}
		})
	}
}

func TestNeedUpdatesTheListsOnce(t *testing.T) {
	t.Parallel()
	on := standIn{has: []string{"apt-get"}, root: true, brings: []string{"node", "npm"}, refuses: true}
	m := on.machine()
	for _, name := range []string{"node", "npm"} {
		if _, err := m.need(name); err == nil {
			t.Errorf("need(%q) did not fail", name)
		}
	}
	want := []string{apt + "update", apt + "install nodejs", apt + "install npm"}
	if diff := cmp.Diff(want, on.ran); diff != "" {
		t.Errorf("commands (-want +got):\n%s", diff)
	}
}
