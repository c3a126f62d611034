// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
)

// A machine is what this program can see of the computer, and do to it.
type machine struct {
	getenv func(string) string
	// lookPath finds a program, as exec.LookPath does.
	lookPath func(name string) (path string, err error)
	// works reports whether a program runs. A distribution may have a stub
	// in a program's place that only says where to get the real one.
	works func(path string) bool
	// run runs a command and shows its output.
	run func(command ...string) error
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
		works:    func(path string) bool { return exec.Command(path, "--version").Run() == nil },
		run:      runShown,
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
	if path, ok := m.find(t); ok {
		return path, nil
	}
	err = m.install(t)
	if err == nil {
		if path, ok := m.find(t); ok {
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
	if !m.works(path) {
		return "", fmt.Errorf("%s is %q, which does not run: `%s --version` fails", t.variable, value, path)
	}
	return path, nil
}

// find returns the first of a tool's programs that runs.
func (m *machine) find(t tool) (path string, ok bool) {
	for _, name := range t.names {
		if path, err := m.lookPath(name); err == nil && m.works(path) {
			return path, true
		}
	}
	return "", false
}

// install installs a tool's packages.
func (m *machine) install(t tool) error {
	if _, err := m.lookPath("apt-get"); err != nil {
		return errors.New("without apt-get it cannot be installed from here")
	}
	apt := []string{"env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-y", "-o", "DPkg::Lock::Timeout=300"}
	if !m.root {
		sudo, err := m.lookPath("sudo")
		if err != nil || m.run(sudo, "-n", "true") != nil {
			return errors.New("without root, or a sudo that asks for no password, it cannot be installed from here")
		}
		apt = append([]string{sudo, "-n"}, apt...)
	}
	fmt.Fprintf(m.log, "need: installing %s\n", strings.Join(t.packages, ", "))
	if !m.updated {
		// A source that cannot be reached is no reason to give up: the
		// package may be in another, or in the lists already there.
		_ = m.run(slices.Concat(apt, []string{"update"})...)
		m.updated = true
	}
	if err := m.run(slices.Concat(apt, []string{"install"}, t.packages)...); err != nil {
		return fmt.Errorf("apt-get install %s failed: %w", strings.Join(t.packages, " "), err)
	}
	return nil
}

// known are the names of all tools.
func known() []string {
	return slices.Sorted(maps.Keys(tools))
}
