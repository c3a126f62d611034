// SPDX-License-Identifier: Apache-2.0

package rig

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Programs are the real ones, built for a test.
type Programs struct{ dir string }

// Build builds numbersd and sluice as they are shipped.
func Build(tb testing.TB) Programs {
	tb.Helper()
	dir := tb.TempDir()
	cmd := exec.CommandContext(tb.Context(), "go", "build", "-o", dir, "sluice/backend/cmd/numbersd", "sluice/bridge/cmd/sluice")
	if out, err := cmd.CombinedOutput(); err != nil {
		tb.Fatalf("building the programs: %v\n%s", err, out)
	}
	return Programs{dir}
}

// Process is a program that runs.
type Process struct {
	// Addr is where it listens, as host:port.
	Addr string

	tb     testing.TB
	cmd    *exec.Cmd
	done   chan struct{} // closed when it has ended
	err    error         // of Wait, once it has
	mu     sync.Mutex
	stderr bytes.Buffer
}

// listening finds the address in the line that a program logs once it listens.
var listening = regexp.MustCompile(`msg=listening address=(\S+)`)

// Start starts a program and waits until it listens. It is killed when the
// test ends, if it still runs.
func (p Programs) Start(tb testing.TB, name string, args ...string) *Process {
	tb.Helper()
	pr := &Process{tb: tb, done: make(chan struct{}), cmd: exec.Command(filepath.Join(p.dir, name), args...)}
	// Nothing that the machine's own environment says of the programs.
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "SLUICE_") && !strings.HasPrefix(v, "NUMBERSD_") {
			pr.cmd.Env = append(pr.cmd.Env, v)
		}
	}
	out, err := pr.cmd.StderrPipe()
	if err != nil {
		tb.Fatal(err)
	}
	if err := pr.cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(pr.Kill)
	found := make(chan string, 1)
	go func() {
		defer close(pr.done)
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			if m := listening.FindSubmatch(lines.Bytes()); m != nil {
				select {
				case found <- string(m[1]):
				default:
				}
			}
			pr.mu.Lock()
			pr.stderr.Write(append(lines.Bytes(), '\n'))
			pr.mu.Unlock()
		}
		pr.err = pr.cmd.Wait()
	}()
	select {
	case pr.Addr = <-found:
		return pr
	case <-pr.done:
		tb.Fatalf("%s ended at once: %v\n%s", name, pr.err, pr.Log())
	case <-time.After(30 * time.Second):
		tb.Fatalf("%s does not say that it listens:\n%s", name, pr.Log())
	}
	return nil
}

// Log returns what the program has said.
func (p *Process) Log() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.stderr.String()
}

// Kill ends the process as `kill -9` does, and waits for that.
func (p *Process) Kill() {
	p.cmd.Process.Kill()
	<-p.done
}

// Signal sends the process a signal.
func (p *Process) Signal(s syscall.Signal) {
	p.tb.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.tb.Fatal(err)
	}
}

// Wait waits until the process has ended by itself and returns its exit code.
func (p *Process) Wait(ctx context.Context) (int, error) {
	select {
	case <-p.done:
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	var exit *exec.ExitError
	if p.err != nil && !errors.As(p.err, &exit) {
		return 0, p.err
	}
	return p.cmd.ProcessState.ExitCode(), nil
}

// RSS returns the memory that the process has now, in bytes.
func (p *Process) RSS() int {
	p.tb.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", p.cmd.Process.Pid))
	var size, resident int
	if err == nil {
		_, err = fmt.Sscan(string(b), &size, &resident)
	}
	if err != nil {
		p.tb.Fatal(err)
	}
	return resident * os.Getpagesize()
}
