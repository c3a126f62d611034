// SPDX-License-Identifier: Apache-2.0

//go:build unix

package main

import (
	"errors"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// outputGrace is how long the output of a program that has ended is still
// read, should a process that it left behind hold it open.
const outputGrace = 2 * time.Second

// A program is what to start. It inherits the environment, to which env adds;
// its standard input is empty.
type program struct {
	name           string
	path           string
	args           []string
	env            []string
	stdout, stderr *lineWriter
}

// A process is a program that was started.
type process struct {
	program
	cmd *exec.Cmd
}

// start starts p in a process group of its own, so that a Ctrl-C in the
// terminal reaches the supervisor alone, which then stops it in order.
func start(p program) (*process, error) {
	cmd := exec.Command(p.path, p.args...)
	cmd.Stdout, cmd.Stderr = p.stdout, p.stderr
	cmd.Env = append(os.Environ(), p.env...)
	cmd.WaitDelay = outputGrace
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	dieWithParent(cmd.SysProcAttr)
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return &process{program: p, cmd: cmd}, nil
}

// signal sends sig to the process and to all that it has started. A process
// that has ended is left alone.
func (p *process) signal(sig syscall.Signal) {
	// The only error there can be is that nobody is left to hear it.
	_ = syscall.Kill(-p.cmd.Process.Pid, sig)
}

// wait waits until the process has ended, ends what it left behind, and
// returns its exit code (for a signal its number plus 128, as a shell has it)
// and how it ended in words.
func (p *process) wait() (code int, how string) {
	err := p.cmd.Wait()
	p.signal(syscall.SIGKILL)
	p.stdout.finish()
	p.stderr.finish()
	if err == nil || errors.Is(err, exec.ErrWaitDelay) {
		return 0, "exit status 0"
	}
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return 1, err.Error()
	}
	if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int(status.Signal()), exit.Error()
	}
	return exit.ExitCode(), exit.Error()
}
