// SPDX-License-Identifier: Apache-2.0

package clients

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
)

// node is a script that reads streams.
type node struct {
	t     testing.TB
	lines chan heard
}

// script starts a script, which is killed when the test ends.
func script(t testing.TB, args ...string) *node {
	t.Helper()
	if _, err := os.Stat("node_modules"); err != nil {
		t.Fatal("the packages of package.json are not installed: `make test-clients` installs them")
	}
	ctx, stop := context.WithTimeout(context.Background(), patience)
	cmd := exec.CommandContext(ctx, program(t, "", "node"), args...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	n := &node{t: t, lines: make(chan heard)}
	var wg sync.WaitGroup
	wg.Go(func() {
		defer close(n.lines)
		for in := bufio.NewScanner(out); in.Scan(); {
			var h heard
			if err := json.Unmarshal(in.Bytes(), &h); err != nil {
				t.Errorf("%s said %s", args[0], in.Bytes())
				continue
			}
			select {
			case n.lines <- h:
			case <-ctx.Done():
			}
		}
		_ = cmd.Wait() // It may have been killed.
	})
	t.Cleanup(func() {
		stop()
		wg.Wait()
		if stderr.Len() > 0 {
			t.Errorf("%s complained: %s", args[0], stderr.String())
		}
	})
	return n
}

// until returns what the script says of n streams, until it has said of each
// what is meant, which is not among it.
func (n *node) until(streams int, meant string) [][]heard {
	n.t.Helper()
	all := make([][]heard, streams)
	for h := range n.lines {
		if h.Type != meant {
			all[h.Stream] = append(all[h.Stream], h)
			continue
		}
		if streams--; streams == 0 {
			return all
		}
	}
	n.t.Fatalf("the script ended, or took too long, %d streams before it was through: %+v", streams, all)
	return nil
}

// The standard's own way: it comes back by itself, and when it is through it is
// told so by 204.
func TestEventSource(t *testing.T) {
	t.Parallel()
	for _, tr := range troubles {
		t.Run(tr.name, func(t *testing.T) {
			t.Parallel()
			s := newStack(t, tr)
			check(t, script(t, "eventsource.mjs", s.url+path).until(1, "closed")[0], count)
			s.checkRuns(t, tr, 1)
		})
	}
}

func TestEventSourceParser(t *testing.T) {
	t.Parallel()
	for _, tr := range troubles {
		t.Run(tr.name, func(t *testing.T) {
			t.Parallel()
			s := newStack(t, tr)
			check(t, script(t, "eventsource-parser.mjs", s.url+path).until(1, "closed")[0], count)
			s.checkRuns(t, tr, 1)
		})
	}
}

// It calls onmessage for blocks without data, such as the one that a stream
// begins with, and takes every end of a connection for the stream's own. Who
// goes by the event "end", and calls it again with the last id where there was
// none, loses nothing.
func TestFetchEventSource(t *testing.T) {
	t.Parallel()
	for _, tr := range troubles {
		t.Run(tr.name, func(t *testing.T) {
			t.Parallel()
			s := newStack(t, tr)
			all := script(t, "fetch-event-source.mjs", s.url+path).until(1, "closed")[0]
			resolved := 0
			var events []heard
			for _, h := range all {
				if h.Type == "resolved" {
					resolved++
					continue
				}
				events = append(events, h)
			}
			full, empty := data(events)
			check(t, full, count)
			s.checkRuns(t, tr, 1)
			if empty == 0 {
				t.Error("it no longer calls onmessage without data; say so where it is said that it does")
			}
			if closed := tr.name == "closed"; closed != (resolved > 0) {
				t.Errorf("it took %d ends of connections for the stream's own", resolved)
			}
		})
	}
}

// Where a script does not stop it at the end, and its connection breaks before it
// has seen the answer's own end, as when its page is hidden just then, it comes
// back; and it does not take 204 for what it is, but for a failure, and comes back
// again, for ever. That begins nothing anew, and brings nothing again: each time it
// is told the same, without a body, after the pause that the stream asked for.
func TestFetchEventSourceStays(t *testing.T) {
	t.Parallel()
	s := newStack(t, trouble{})
	var events, refused []heard
	for _, h := range script(t, "fetch-event-source.mjs", "STAY", s.url+path).until(1, "closed")[0] {
		if h.Type == "refused" {
			refused = append(refused, h)
			continue
		}
		events = append(events, h)
	}
	full, _ := data(events)
	check(t, full, count)
	if len(refused) < 3 || !strings.Contains(refused[0].Data, "content-type") {
		t.Errorf("after the end it no longer comes back again and again; say so where it is said that it does: %+v", refused)
	}
	if runs, streams := s.runs.Load(), s.streams.Load(); runs != 1 || streams != 1 {
		t.Errorf("there were %d calls of the backend and %d streams, want 1 and 1", runs, streams)
	}
}

// When its page is hidden it drops the request, and makes it again when the page
// is shown, POST or not. The run goes on where it was, and is not begun again.
func TestFetchEventSourceHidden(t *testing.T) {
	t.Parallel()
	for _, method := range []string{"GET", "POST"} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			s := newStack(t, trouble{})
			args := []string{"fetch-event-source.mjs", "HIDE", s.url + path}
			if method == "POST" {
				body := fmt.Sprintf(`{"count": %d, "minPause": "0.01s", "maxPause": "0.01s"}`, count)
				args = []string{"fetch-event-source.mjs", "HIDE", "POST", body, s.url + "/sluice.numbers.v1.NumberService/Generate"}
			}
			full, _ := data(script(t, args...).until(1, "closed")[0])
			check(t, full, count)
			if runs, streams := s.runs.Load(), s.streams.Load(); runs != 1 || streams != 2 {
				t.Errorf("there were %d calls of the backend for %d requests, want 1 for 2", runs, streams)
			}
		})
	}
}
