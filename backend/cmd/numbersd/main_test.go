// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"errors"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// asProgram makes this test binary be numbersd: the real program, signals and
// exit codes included, with nothing to build.
const asProgram = "NUMBERSD_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
	}
	goleak.VerifyTestMain(m)
}

// process is numbersd in a process of its own.
type process struct {
	*exec.Cmd
	log *bufio.Scanner
}

func startProcess(t *testing.T, args ...string) *process {
	t.Helper()
	p := &process{Cmd: exec.Command(os.Args[0], args...)}
	p.Env = append(os.Environ(), asProgram+"=1")
	stderr, err := p.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.log = bufio.NewScanner(stderr)
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	// A process that a test leaves behind, or that hangs, does not outlive it.
	timeout := time.AfterFunc(time.Minute, func() { _ = p.Process.Kill() })
	t.Cleanup(func() {
		timeout.Stop()
		_ = p.Process.Kill()
		_ = p.Wait()
	})
	return p
}

// await returns the first line of the log from here on with the text in it.
func (p *process) await(t *testing.T, text string) string {
	t.Helper()
	for p.log.Scan() {
		if strings.Contains(p.log.Text(), text) {
			return p.log.Text()
		}
	}
	t.Fatalf("the log ended without %q", text)
	return ""
}

// exit reads the log to its end and returns it with how the process ended.
func (p *process) exit(t *testing.T) (log string, state syscall.WaitStatus) {
	t.Helper()
	var lines []string
	for p.log.Scan() {
		lines = append(lines, p.log.Text())
	}
	var failed *exec.ExitError
	if err := p.Wait(); err != nil && !errors.As(err, &failed) {
		t.Fatal(err)
	}
	return strings.Join(lines, "\n"), p.ProcessState.Sys().(syscall.WaitStatus)
}

// address reads the address out of the log line that says where the program
// listens.
func (p *process) address(t *testing.T) string {
	t.Helper()
	_, rest, ok := strings.Cut(p.await(t, "msg=listening "), "address=")
	if !ok {
		t.Fatal("the log line has no address")
	}
	address, _, _ := strings.Cut(rest, " ")
	return address
}

func TestSignals(t *testing.T) {
	t.Parallel()
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		t.Run(signal.String(), func(t *testing.T) {
			t.Parallel()
			p := startProcess(t, "--listen", "localhost:0")
			p.address(t)
			if err := p.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			if log, state := p.exit(t); state.ExitStatus() != 0 || !strings.Contains(log, "every stream had ended") {
				t.Errorf("ended with %v: %s", state.ExitStatus(), log)
			}
		})
	}
}

func TestSecondSignalEndsAtOnce(t *testing.T) {
	t.Parallel()
	p := startProcess(t, "--listen", "localhost:0", "--drain-time", "1h")
	client := dial(t, p.address(t))
	stream := openHourly(t, client)
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	p.await(t, "stopping")
	// The log line comes after the signals have their default meaning again,
	// or just before: then this one is lost, and the next is not.
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		_, _ = stream.Recv() // ends with the process
	}()
	for ended := false; !ended; {
		_ = p.Process.Signal(syscall.SIGTERM)
		select {
		case <-gone:
			ended = true
		case <-time.After(10 * time.Millisecond):
		}
	}
	if log, state := p.exit(t); !state.Signaled() || state.Signal() != syscall.SIGTERM {
		t.Errorf("ended with %v: %s", state, log)
	}
}

func TestExitCodes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		args []string
		code int
		want string
	}{
		{[]string{"--nonsense"}, exitUsage, "numbersd: unknown flag --nonsense\nSee numbersd --help."},
		{[]string{"--listen", "nonsense"}, exitFailure, "numbersd: --listen nonsense: "},
		{[]string{"--version"}, 0, ""},
	}
	for _, tt := range tests {
		t.Run(strings.Join(tt.args, " "), func(t *testing.T) {
			t.Parallel()
			if log, state := startProcess(t, tt.args...).exit(t); state.ExitStatus() != tt.code || !strings.HasPrefix(log, tt.want) {
				t.Errorf("ended with %d: %s", state.ExitStatus(), log)
			}
		})
	}
}
