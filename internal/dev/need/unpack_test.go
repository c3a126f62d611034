// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// plan is what apt-get says that it would do for HAProxy.
const plan = `NOTE: This is only a simulation!
Reading package lists...
The following NEW packages will be installed:
  haproxy liblua5.3-0
Inst liblua5.3-0 (5.3.6-2 Debian:12.14/oldstable [amd64])
Inst haproxy (2.6.12-1+deb12u4 Debian-Security:12/oldstable-security [amd64])
Conf liblua5.3-0 (5.3.6-2 Debian:12.14/oldstable [amd64])
Conf haproxy (2.6.12-1+deb12u4 Debian-Security:12/oldstable-security [amd64])
`

// A store is a machine with a cache, and package archives to get.
type store struct {
	cache string
	has   []string
	root  bool
	plan  string
	// refuses makes the command fail whose line has it.
	refuses string
	// broken is whether what is unpacked does not run.
	broken bool

	ran []string
}

func (s *store) machine(t *testing.T) *machine {
	s.cache = t.TempDir()
	return &machine{
		getenv: func(string) string { return "" },
		lookPath: func(name string) (string, error) {
			if filepath.IsAbs(name) {
				return exec.LookPath(name)
			}
			if slices.Contains(s.has, name) {
				return "/bin/" + name, nil
			}
			return "", exec.ErrNotFound
		},
		works: func(path, version string) bool {
			out, err := exec.Command(path, version).Output()
			return err == nil && string(out) == "unpacked -v\n"
		},
		run: s.run,
		output: func(command ...string) ([]byte, error) {
			return []byte(s.plan), s.run(command...)
		},
		cache: s.cache,
		root:  s.root,
		log:   io.Discard,
	}
}

// run does what a command would, as far as the test sees it.
func (s *store) run(command ...string) error {
	line := strings.ReplaceAll(strings.Join(command, " "), s.cache, "CACHE")
	s.ran = append(s.ran, line)
	if s.refuses != "" && strings.Contains(line, s.refuses) {
		return errors.New("exit status 100")
	}
	switch {
	case strings.Contains(line, " download "):
		return os.WriteFile(filepath.Join(command[2], "haproxy_2.6.12_amd64.deb"), nil, 0o600)
	case strings.HasPrefix(line, "dpkg-deb "):
		program := "#!/bin/sh\necho unpacked \"$@\"\n"
		if s.broken {
			program = "#!/bin/sh\nexit 1\n"
		}
		dir := filepath.Join(command[3], "usr", "sbin")
		return errors.Join(os.MkdirAll(dir, 0o755), os.WriteFile(filepath.Join(dir, "haproxy"), []byte(program), 0o700))
	}
	return nil
}

const simulate = "env LC_ALL=C apt-get -s --no-install-recommends install haproxy"

func TestUnpack(t *testing.T) {
	t.Parallel()
	tools := []string{"apt-get", "dpkg-deb"}
	got := []string{
		simulate,
		"env -C CACHE/haproxy apt-get -q download liblua5.3-0 haproxy",
		"dpkg-deb -x CACHE/haproxy/haproxy_2.6.12_amd64.deb CACHE/haproxy/root",
	}
	for _, tt := range []struct {
		name string
		on   store
		errs []string // what the error says; none if it is found
		ran  []string
	}{
		{name: "as root", on: store{has: tools, root: true, plan: plan}, ran: append([]string{apt + "update"}, got...)},
		{name: "without root", on: store{has: tools, plan: plan}, ran: got},
		{name: "not Debian", on: store{}, errs: []string{"haproxy is missing", "without apt-get", "set HAPROXY"}},
		{name: "without dpkg", on: store{has: []string{"apt-get"}}, errs: []string{"without dpkg-deb"}},
		{
			name: "unknown to apt-get", on: store{has: tools, refuses: "-s"},
			errs: []string{"does not know how to install haproxy", "exit status 100"}, ran: got[:1],
		},
		{
			name: "installed and broken", on: store{has: tools, plan: "Reading package lists...\n"},
			errs: []string{"haproxy is installed, and what is in it does not run"}, ran: got[:1],
		},
		{
			name: "no network", on: store{has: tools, plan: plan, refuses: " download "},
			errs: []string{"apt-get download liblua5.3-0 haproxy failed"}, ran: got[:2],
		},
		{
			name: "not a package", on: store{has: tools, plan: plan, refuses: "dpkg-deb"},
			errs: []string{"haproxy_2.6.12_amd64.deb cannot be unpacked"}, ran: got,
		},
		{
			name: "unpacked and broken", on: store{has: tools, plan: plan, broken: true},
			errs: []string{"what was installed does not run"}, ran: got,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := tt.on.machine(t)
			path, err := m.need("haproxy")
			if (err != nil) != (tt.errs != nil) {
				t.Errorf("need = %q, %v", path, err)
			}
			for _, want := range tt.errs {
				if err != nil && !strings.Contains(err.Error(), want) {
					t.Errorf("error %q lacks %q", err, want)
				}
			}
			if diff := cmp.Diff(tt.ran, tt.on.ran); diff != "" {
				t.Errorf("commands (-want +got):\n%s", diff)
			}
			if err != nil {
				return
			}
			// It is there the next time.
			before := len(tt.on.ran)
			if again, err := m.need("haproxy"); again != path || err != nil || len(tt.on.ran) != before {
				t.Errorf("the second time it is %q, %v after %v", again, err, tt.on.ran[before:])
			}
		})
	}
}

// The launcher finds its libraries wherever its folder is, and adds to those
// that are asked for, rather than hiding them.
func TestLauncher(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	libraries := filepath.Join(dir, "root", "usr", "lib", "x86_64-linux-gnu")
	program := filepath.Join(dir, "root", "usr", "sbin", "haproxy")
	err := errors.Join(
		os.MkdirAll(libraries, 0o755), os.MkdirAll(filepath.Dir(program), 0o755),
		os.WriteFile(program, []byte("#!/bin/sh\necho \"$LD_LIBRARY_PATH $*\"\n"), 0o700),
		os.WriteFile(filepath.Join(dir, "haproxy"), launcherOf("usr/sbin/haproxy"), 0o700),
	)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(filepath.Join(dir, "haproxy"), "-f", "a file")
	cmd.Env = append(os.Environ(), "LD_LIBRARY_PATH=/mine")
	out, err := cmd.Output()
	if want := libraries + ":/mine -f a file\n"; err != nil || !bytes.Equal(out, []byte(want)) {
		t.Errorf("it says %q, %v; want %q", out, err, want)
	}
}
