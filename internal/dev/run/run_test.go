// SPDX-License-Identifier: Apache-2.0

//go:build unix

package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// testSay writes as the program does.
func testSay(l *lines) func(string, ...any) {
	return func(format string, args ...any) { l.print(fmt.Sprintf(format, args...)) }
}

// startRun starts the whole program with stand-ins for the backend and the
// bridge, and returns their process ids.
func startRun(t *testing.T) (cmd *exec.Cmd, out *transcript, children []int) {
	t.Helper()
	dir := cast(t, "run", "numbersd", "sluice")
	out = newTranscript()
	cmd = exec.Command(filepath.Join(dir, "run"),
		"-numbersd", filepath.Join(dir, "numbersd"), "-sluice", filepath.Join(dir, "sluice"))
	cmd.Env = append(os.Environ(),
		"NUMBERSD_LISTEN=127.0.0.1:0", "SLUICE_LISTEN=127.0.0.1:0", "SLUICE_BACKEND=", "SLUICE_DRAIN=", "SLUICE_WORD=a-word")
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	for _, line := range []string{out.await(t, "numbersd | called with"), out.await(t, "sluice   | called with")} {
		fields := strings.Fields(line)
		pid, err := strconv.Atoi(fields[len(fields)-1])
		if err != nil {
			t.Fatal(err)
		}
		children = append(children, pid)
	}
	return cmd, out, children
}

func TestRunSaysWhereToGoAndStops(t *testing.T) {
	t.Parallel()
	cmd, out, children := startRun(t)
	backend := strings.Fields(out.await(t, "numbersd | called with --listen"))[0]
	bridge := strings.Fields(out.await(t, "sluice   | called with --listen"))[0]
	if got, want := out.await(t, "Sluice is ready: open "), "http://"+bridge; got != want {
		t.Errorf("ready at %q, want %q", got, want)
	}
	if want := "--listen " + bridge + " --backend " + backend + " and a-word 1s"; !strings.Contains(out.String(), want) {
		t.Errorf("the bridge was not called with %q:\n%s", want, out)
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("run ended with %v:\n%s", err, out)
	}
	for _, pid := range children {
		awaitGone(t, pid)
	}
}

func TestRunEndsItsProgramsWhenItIsKilled(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("only Linux ties a process to its parent")
	}
	cmd, _, children := startRun(t)
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // It was killed.
	for _, pid := range children {
		awaitGone(t, pid)
	}
}

// TestRunEndsWithMake sends a signal to make alone, which does not pass it on.
func TestRunEndsWithMake(t *testing.T) {
	t.Parallel()
	makePath, err := exec.LookPath("make")
	if err != nil {
		t.Skip("there is no make here")
	}
	// What is caught here is not ignored there, as it would be where the tests
	// were started to ignore it, in the background of a script.
	caught := make(chan os.Signal, 1)
	signal.Notify(caught, os.Interrupt)
	t.Cleanup(func() { signal.Stop(caught) })

	for _, sig := range []syscall.Signal{syscall.SIGKILL, syscall.SIGINT} {
		t.Run(sig.String(), func(t *testing.T) {
			t.Parallel()
			if runtime.GOOS != "linux" && sig == syscall.SIGINT {
				t.Skip("only Linux tells that make waits to end")
			}
			dir := cast(t, "run", "numbersd", "sluice")
			recipe := "start:\n\t@exec ./run -numbersd ./numbersd -sluice ./sluice\n"
			if err := os.WriteFile(filepath.Join(dir, "Makefile"), []byte(recipe), 0o600); err != nil {
				t.Fatal(err)
			}
			out := newTranscript()
			cmd := exec.Command(makePath, "-C", dir, "start")
			cmd.Env = append(os.Environ(), "NUMBERSD_LISTEN=127.0.0.1:0", "SLUICE_LISTEN=127.0.0.1:0")
			cmd.Stdout, cmd.Stderr = out, out
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			out.await(t, "Sluice is ready")
			if err := cmd.Process.Signal(sig); err != nil {
				t.Fatal(err)
			}
			// Wait returns when the last process that holds the output has ended.
			_ = cmd.Wait() // How make ended is no matter.
			if !strings.Contains(out.String(), "run: stopping with the process that started it") {
				t.Errorf("it did not stop in order:\n%s", out)
			}
		})
	}
}

func TestRunNamesWhatIsNotBuilt(t *testing.T) {
	t.Parallel()
	errs := newTranscript()
	code := run(filepath.Join(t.TempDir(), "numbersd"), "sluice", func(string) string { return "" }, nil, nil, errs, errs)
	if code != 1 || !strings.Contains(errs.String(), "make build") {
		t.Errorf("exit code %d, said %q", code, errs)
	}
}

func TestRunNamesAPortThatIsTaken(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	errs := newTranscript()
	code := run(self, self, environment{
		"NUMBERSD_LISTEN": "127.0.0.1:0",
		"SLUICE_LISTEN":   l.Addr().String(),
	}.get, nil, nil, errs, errs)
	for _, want := range []string{l.Addr().String() + " is taken", "make run SLUICE_LISTEN=127.0.0.1:"} {
		if code != 1 || !strings.Contains(errs.String(), want) {
			t.Errorf("exit code %d, wanted %q in %q", code, want, errs)
		}
	}
}

func TestProcessSignalsAreForTheGroup(t *testing.T) {
	t.Parallel()
	// A process that has ended is left alone: nothing to hear, nothing to fail.
	dir := cast(t, "quits")
	out := newLines(newTranscript())
	p, err := start(program{
		name: "quits", path: filepath.Join(dir, "quits"),
		stdout: out.prefixed(""), stderr: out.prefixed(""),
	})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := syscall.Getpgid(p.cmd.Process.Pid); err == nil && got == syscall.Getpgrp() {
		t.Error("it runs in the supervisor's process group: a Ctrl-C would reach both")
	}
	if code, how := p.wait(); code != 0 {
		t.Errorf("it ended with %d (%s)", code, how)
	}
	p.signal(syscall.SIGINT)
}
