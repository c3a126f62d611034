// SPDX-License-Identifier: Apache-2.0

//go:build unix

package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// deadline bounds every wait of a test; reaching it is a failure.
const deadline = 30 * time.Second

// TestMain lets the test binary act as the programs that the tests start: the
// name it is called by says which one.
func TestMain(m *testing.M) {
	if act, ok := roles[filepath.Base(os.Args[0])]; ok {
		act()
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

var roles map[string]func()

func init() {
	roles = map[string]func(){
		"waits":    func() { wait := notify(os.Interrupt); fmt.Println("waits is up"); <-wait },
		"stubborn": actStubborn,
		"fails":    func() { fmt.Fprint(os.Stderr, "no such luck"); os.Exit(3) },
		"quits":    func() {},
		"dies":     func() { _ = syscall.Kill(os.Getpid(), syscall.SIGKILL); <-notify(syscall.SIGUSR1) },
		"leaves":   actLeaves,
		"numbersd": func() { actServer(http.NotFoundHandler()) },
		"sluice":   func() { actServer(readyAtThird()) },
		"run":      main,
	}
}

func notify(sig os.Signal) <-chan os.Signal {
	c := make(chan os.Signal, 1)
	signal.Notify(c, sig)
	return c
}

func actStubborn() {
	signal.Ignore(os.Interrupt, syscall.SIGTERM)
	fmt.Println("stubborn is up", os.Getpid())
	<-notify(syscall.SIGUSR1)
}

// actLeaves starts a program that it does not wait for.
func actLeaves() {
	wait := notify(os.Interrupt)
	cmd := exec.Command(filepath.Join(filepath.Dir(os.Args[0]), "stubborn"))
	cmd.Stdout = os.Stdout
	if err := cmd.Start(); err != nil {
		panic(err)
	}
	<-wait
}

// actServer serves h on the address after --listen until it is interrupted.
func actServer(h http.Handler) {
	wait := notify(os.Interrupt)
	fmt.Println("called with", strings.Join(os.Args[1:], " "), "and", os.Getenv("SLUICE_WORD"), os.Getenv("SLUICE_DRAIN"), os.Getpid())
	l, err := net.Listen("tcp", os.Args[2])
	if err != nil {
		panic(err)
	}
	go func() { _ = http.Serve(l, h) }()
	<-wait
}

// readyAtThird is not ready when it is asked for the first two times.
func readyAtThird() http.Handler {
	asked := 0
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if asked++; r.URL.Path != "/readyz" || asked < 3 {
			http.Error(w, "the backend is away", http.StatusServiceUnavailable)
		}
	})
}

// cast gives the test binary the names of roles and returns their folder.
func cast(t *testing.T, names ...string) (dir string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir = t.TempDir()
	for _, name := range names {
		if roles[name] == nil {
			t.Fatalf("there is no role %q", name)
		}
		if err := os.Symlink(self, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// A transcript is an output that a test can wait on.
type transcript struct {
	mu   sync.Mutex
	buf  bytes.Buffer
	more chan struct{} // closed and replaced at each write
}

func newTranscript() *transcript { return &transcript{more: make(chan struct{})} }

func (tr *transcript) Write(p []byte) (int, error) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	close(tr.more)
	tr.more = make(chan struct{})
	return tr.buf.Write(p)
}

func (tr *transcript) read() (text string, more <-chan struct{}) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	return tr.buf.String(), tr.more
}

func (tr *transcript) String() string { text, _ := tr.read(); return text }

// await returns what follows want on its line, once the line is complete.
func (tr *transcript) await(t *testing.T, want string) (rest string) {
	t.Helper()
	overdue := time.After(deadline)
	for {
		text, more := tr.read()
		if _, after, ok := strings.Cut(text, want); ok {
			if rest, _, ok := strings.Cut(after, "\n"); ok {
				return rest
			}
		}
		select {
		case <-more:
		case <-overdue:
			t.Fatalf("waited for %q, got:\n%s", want, text)
		}
	}
}

// awaitGone waits until no process has the pid.
func awaitGone(t *testing.T, pid int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for syscall.Kill(pid, 0) == nil && !zombie(pid) {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("process %d still runs", pid)
		}
	}
}

// zombie reports whether the process has ended and only waits to be collected,
// which in a container without an init may be forever.
func zombie(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	_, after, _ := bytes.Cut(stat, []byte(") "))
	return bytes.HasPrefix(after, []byte("Z"))
}
