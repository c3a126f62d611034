// SPDX-License-Identifier: Apache-2.0

package clients

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"strings"
	"testing"

	"sluice/bridge/sse"
	"sluice/internal/rig"
)

// The exit codes of curl for an answer that broke off: one that is shorter than
// it was to be, and one whose connection was reset.
const (
	exitPartial = 18
	exitReset   = 56
)

// curl runs curl until it is through, and returns what it wrote and its exit
// code.
func curl(t testing.TB, args ...string) (out []byte, exit int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, program(t, "CURL", "curl"), append([]string{"--no-buffer", "--silent", "--noproxy", "*"}, args...)...)
	out, err := cmd.Output()
	var failed *exec.ExitError
	switch {
	case errors.As(err, &failed) && failed.Exited():
		return out, failed.ExitCode()
	case err != nil:
		t.Fatal(err)
	}
	return out, 0
}

// parse returns the events in what curl wrote.
func parse(t testing.TB, out []byte) (got []heard) {
	t.Helper()
	for events := sse.NewReader(bytes.NewReader(out)); ; {
		e, err := events.Next()
		if err == io.EOF {
			return got
		}
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, heard{ID: e.ID, Type: e.Type, Data: string(e.Data)})
	}
}

// curl does not come back by itself. That a stream broke its exit code says, and
// with the id of the last event it goes on.
func TestCurl(t *testing.T) {
	t.Parallel()
	for _, how := range [][]string{{"--http1.1"}, {"--http1.0"}, {"--http2-prior-knowledge"}, {"--http1.1", "--compressed"}, {"--http2-prior-knowledge", "--compressed"}} {
		t.Run(strings.Join(how, " "), func(t *testing.T) {
			t.Parallel()
			s := newStack(t, trouble{})
			out, exit := curl(t, append(how, s.url+path)...)
			if exit != 0 {
				t.Fatalf("curl gives up with %d after %s", exit, out)
			}
			check(t, parse(t, out), count)
		})
	}
}

func TestCurlGoesOn(t *testing.T) {
	t.Parallel()
	s := newStack(t, trouble{faults: []rig.Fault{{Cut: true, CutAfter: 1700}, {Cut: true, CutAfter: 1500, Reset: true}}})
	var got []heard
	var args []string
	for _, want := range []int{exitPartial, exitReset, 0} {
		out, exit := curl(t, append(args, s.url+path)...)
		if exit != want {
			t.Fatalf("curl gives up with %d, want %d, after %s", exit, want, out)
		}
		got = append(got, parse(t, out)...)
		args = []string{"--header", "Last-Event-ID: " + got[len(got)-1].ID}
	}
	check(t, got, count)
	out, exit := curl(t, append(args, "--write-out", "%{http_code}", s.url+path)...)
	if string(out) != "204" || exit != 0 {
		t.Errorf("after the end comes %s, and curl ends with %d", out, exit)
	}
	if runs := s.runs.Load(); runs != 1 {
		t.Errorf("the backend was called %d times", runs)
	}
}

// The other ways to read a stream that curl can go.
func TestCurlLines(t *testing.T) {
	t.Parallel()
	s := newStack(t, trouble{})
	out, exit := curl(t, "--header", "Accept: application/x-ndjson", s.url+path)
	if exit != 0 {
		t.Fatalf("curl gives up with %d after %s", exit, out)
	}
	var got []heard
	for line := range bytes.Lines(out) {
		var o struct {
			ID, Event string
			Data      json.RawMessage
		}
		if err := json.Unmarshal(line, &o); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		switch o.Event {
		case "open":
			continue
		case "":
			o.Event = "message"
		}
		got = append(got, heard{ID: o.ID, Type: o.Event, Data: string(o.Data)})
	}
	check(t, got, count)
}
