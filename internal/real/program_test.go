// SPDX-License-Identifier: Apache-2.0

package real_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// patience is how long a test waits for what should come at once.
const patience = 30 * time.Second

// programs are those that were built, once for all tests.
var programs struct {
	mu    sync.Mutex
	dir   string
	paths map[string]string
}

// build returns the program that a main package is, by its import path.
func build(t *testing.T, pkg string) string {
	t.Helper()
	programs.mu.Lock()
	defer programs.mu.Unlock()
	if p := programs.paths[pkg]; p != "" {
		return p
	}
	if programs.dir == "" {
		dir, err := os.MkdirTemp("", "real-programs-")
		if err != nil {
			t.Fatal(err)
		}
		programs.dir, programs.paths = dir, make(map[string]string)
	}
	p := filepath.Join(programs.dir, strconv.Itoa(len(programs.paths))+"-"+path.Base(pkg))
	// The version control's word on this repository is of no interest here, and
	// git may refuse to give it.
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-o", p, pkg).CombinedOutput(); err != nil {
		t.Fatalf("building %s: %v\n%s", pkg, err, out)
	}
	programs.paths[pkg] = p
	return p
}

// removePrograms removes what was built.
func removePrograms() {
	programs.mu.Lock()
	defer programs.mu.Unlock()
	if programs.dir != "" {
		os.RemoveAll(programs.dir)
	}
}

// process is a program that runs.
type process struct {
	cmd  *exec.Cmd
	done chan struct{} // closed when it has ended
	err  error         // of Wait, once it has

	mu     sync.Mutex
	stderr bytes.Buffer
}

// Write takes what the program says.
func (p *process) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.stderr.Write(b)
}

// log returns what the program has said.
func (p *process) log() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.stderr.String()
}

// start starts a program, which is killed when the test ends if it still runs.
func start(t *testing.T, program string, args ...string) *process {
	t.Helper()
	p := &process{cmd: exec.Command(program, args...), done: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = p, p
	// Nothing that the machine's own environment says of the bridge.
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "SLUICE_") {
			p.cmd.Env = append(p.cmd.Env, v)
		}
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.done)
		p.err = p.cmd.Wait()
	}()
	t.Cleanup(p.kill)
	return p
}

// kill ends the process as `kill -9` does, and waits for that.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.done
}

// startOnPort starts a program that is told its port and does not say when it
// listens, on one that is free, and returns where it is, as host:port. The
// program is given the port in place of {port} in args.
func startOnPort(t *testing.T, program string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for {
		l, err := net.Listen("tcp", "localhost:0")
		if err != nil {
			t.Fatal(err)
		}
		addr := l.Addr().String()
		_, port, _ := net.SplitHostPort(addr)
		l.Close()
		var own []string
		for _, a := range args {
			own = append(own, strings.ReplaceAll(a, "{port}", port))
		}
		p := start(t, program, own...)
		err = p.reach(ctx, addr)
		if err == nil {
			return addr
		}
		// Somebody else may have taken the port in between.
		if ctx.Err() != nil || !strings.Contains(p.log(), "address already in use") {
			t.Fatalf("%s is not reached: %v\n%s", filepath.Base(program), err, p.log())
		}
	}
}

// reach waits until somebody listens at addr.
func (p *process) reach(ctx context.Context, addr string) error {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr)
		if err == nil {
			return conn.Close()
		}
		select {
		case <-tick.C:
		case <-p.done:
			return fmt.Errorf("it ended: %w", p.err)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// listening finds the address in the line that sluice logs once it listens.
var listening = regexp.MustCompile(`msg=listening address=(\S+)`)

// startSluice starts the bridge's program as it is shipped, and returns it with
// its URL once it is ready.
func startSluice(t *testing.T, listen string, args ...string) (*process, string) {
	t.Helper()
	p := start(t, build(t, "sluice/bridge/cmd/sluice"), append([]string{"--listen=" + listen}, args...)...)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var url string
	err := p.await(ctx, func() bool {
		if m := listening.FindStringSubmatch(p.log()); m != nil {
			url = "http://" + m[1]
		}
		return url != "" && ready(ctx, url)
	})
	if err != nil {
		t.Fatalf("the bridge is not ready: %v\n%s", err, p.log())
	}
	return p, url
}

// await waits until something is so, or the process has ended.
func (p *process) await(ctx context.Context, so func() bool) error {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !so() {
		select {
		case <-tick.C:
		case <-p.done:
			return errors.Join(errors.New("it ended"), p.err)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// ready is whether the bridge at url can serve.
func ready(ctx context.Context, url string) bool {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/readyz", nil)
	if err != nil {
		return false
	}
	res, err := client.Do(r)
	if err != nil {
		return false
	}
	res.Body.Close()
	return res.StatusCode == http.StatusOK
}
