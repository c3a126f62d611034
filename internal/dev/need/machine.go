// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// A machine is what this program can see of the computer, and do to it.
type machine struct {
	getenv func(string) string
	// lookPath finds a program, as exec.LookPath does.
	lookPath func(name string) (path string, err error)
	// works reports whether a program runs, with the argument at which it says
	// its version. A distribution may have a stub in a program's place that
	// only says where to get the real one.
	works func(path, version string) bool
	// run runs a command and shows its output.
	run func(command ...string) error
	// output runs a command and returns its standard output.
	output func(command ...string) ([]byte, error)
	// cache is the folder that packages are unpacked in.
	cache string
	// root reports whether this process may do everything.
	root bool
	log  io.Writer
	// updated tells that the package lists were fetched by this process.
	updated bool
}

func newMachine() *machine {
	return &machine{
		getenv:   os.Getenv,
		lookPath: exec.LookPath,
		works:    func(path, version string) bool { return exec.Command(path, version).Run() == nil },
		run:      runShown,
		output:   func(command ...string) ([]byte, error) { return exec.Command(command[0], command[1:]...).Output() },
		cache:    filepath.Join("bin", "need"),
		root:     os.Geteuid() == 0,
		log:      os.Stderr,
	}
}

// runShown keeps standard output free for the answer.
func runShown(command ...string) error {
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	return cmd.Run()
}

// need returns the path of the tool called name and installs it if need be.
func (m *machine) need(name string) (path string, err error) {
	t, ok := tools[name]
	if !ok {
		return "", fmt.Errorf("%q is not known; there are %s", name, strings.Join(known(), ", "))
	}
	if t.variable != "" && m.getenv(t.variable) != "" {
		return m.chosen(t)
	}
	if path, ok := m.find(name, t); ok {
		return path, nil
	}
	if t.unpacked != "" {
		err = m.unpack(name, t)
	} else {
		err = m.install(t)
	}
	if err == nil {
		if path, ok := m.find(name, t); ok {
			return path, nil
		}
		err = errors.New("what was installed does not run")
	}
	return "", fmt.Errorf("%s is missing, and %s cannot run without it: %w\n      %s", name, t.purpose, err, t.advice)
}

// chosen returns the program that the environment names, which has to work:
// another in its place would be a surprise.
func (m *machine) chosen(t tool) (path string, err error) {
	value := m.getenv(t.variable)
	program, _, _ := strings.Cut(value, " -") // CC may carry flags; a path may have spaces.
	path, err = m.lookPath(program)
	if err != nil {
		return "", fmt.Errorf("%s is %q: %w", t.variable, value, err)
	}
	if !m.works(path, t.versionArgument()) {
		return "", fmt.Errorf("%s is %q, which does not run: `%s %s` fails", t.variable, value, path, t.versionArgument())
	}
	return path, nil
}

// find returns the first of a tool's programs that runs.
func (m *machine) find(name string, t tool) (path string, ok bool) {
	names := t.names
	if t.unpacked != "" {
		if launcher, err := filepath.Abs(m.launcher(name)); err == nil {
			names = append(slices.Clip(names), launcher)
		}
	}
	for _, name := range names {
		if path, err := m.lookPath(name); err == nil && m.works(path, t.versionArgument()) {
			return path, true
		}
	}
	return "", false
}

func (t tool) versionArgument() string { return cmp.Or(t.version, "--version") }

// install installs a tool's packages.
func (m *machine) install(t tool) error {
	apt, err := m.apt()
	if err != nil {
		return err
	}
	fmt.Fprintf(m.log, "need: installing %s\n", strings.Join(t.packages, ", "))
	m.update(apt)
	if err := m.run(slices.Concat(apt, []string{"install"}, t.packages)...); err != nil {
		return fmt.Errorf("apt-get install %s failed: %w", strings.Join(t.packages, " "), err)
	}
	return nil
}

// apt returns the command that installs packages, as it is to begin.
func (m *machine) apt() ([]string, error) {
	if _, err := m.lookPath("apt-get"); err != nil {
		return nil, errors.New("without apt-get it cannot be installed from here")
	}
	apt := []string{"env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-y", "-o", "DPkg::Lock::Timeout=300"}
	if !m.root {
		sudo, err := m.lookPath("sudo")
		if err != nil || m.run(sudo, "-n", "true") != nil {
			return nil, errors.New("without root, or a sudo that asks for no password, it cannot be installed from here")
		}
		apt = append([]string{sudo, "-n"}, apt...)
	}
	return apt, nil
}

// update fetches the package lists, unless that has been done.
func (m *machine) update(apt []string) {
	if m.updated {
		return
	}
	// A source that cannot be reached is no reason to give up: the package may
	// be in another, or in the lists already there.
	_ = m.run(slices.Concat(apt, []string{"update"})...)
	m.updated = true
}

// known are the names of all tools.
func known() []string {
	return slices.Sorted(maps.Keys(tools))
}
