// SPDX-License-Identifier: Apache-2.0

package clients

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"

	"sluice/internal/rig"
)

// few is a stream of three numbers, and fewCount how many that is.
const (
	few      = "/sse?count=3&seed=1&min_pause=0.01s&max_pause=0.01s"
	fewCount = 3
)

// A framing is what shows a reader where an answer ends.
type framing struct {
	name string
	// step is how far apart the places are.
	step int
	// front returns what a client connects to, as host:port.
	front func(t *testing.T, s *stack) string
}

var framings = []framing{
	{"in chunks", 3, func(_ *testing.T, s *stack) string { return strings.TrimPrefix(s.URL, "http://") }},
	// As by deploy/nginx-unbuffered.conf, and in HTTP/1.0: an answer that broke
	// off looks like one that is through.
	{"until the connection ends", 7, func(t *testing.T, s *stack) string {
		target, err := url.Parse(s.URL)
		if err != nil {
			t.Fatal(err)
		}
		transport := &http.Transport{}
		t.Cleanup(transport.CloseIdleConnections)
		front := rig.Serve(t, &httputil.ReverseProxy{
			Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(target) },
			Transport: transport,
			ModifyResponse: func(res *http.Response) error {
				res.Header.Set("Transfer-Encoding", "identity")
				return nil
			},
			// A reader that goes away is what these tests are about.
			ErrorHandler: func(http.ResponseWriter, *http.Request, error) {},
		})
		t.Cleanup(front.Close)
		return strings.TrimPrefix(front.URL, "http://")
	}},
}

// inside returns places in the bytes of an answer that are as many as those of
// an event, and about where its second one is: what else is in an answer's head
// differs a little from client to client.
func inside(t testing.TB, address string) (from, to int) {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", few); err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(conn)
	if err != nil {
		t.Fatal(err)
	}
	from = bytes.Index(answer, []byte(`{"position":1,`))
	return from, from + bytes.Index(answer[from:], []byte(`{"position":2,`))
}

// A connection may break inside an event as well. A reader that goes by the
// standard takes nothing of what it has by then, and comes back for it.
func TestCutInsideAnEvent(t *testing.T) {
	t.Parallel()
	for _, client := range []struct {
		name string
		read func(t *testing.T, urls []string) [][]heard
		// fault is at how many places inside one event the client loses it by a
		// fault of its own.
		fault int
	}{
		{"eventsource", byScript("eventsource.mjs"), 0},
		{"eventsource-parser", byScript("eventsource-parser.mjs"), 0},
		// It takes an id for that of the last event as soon as it has read the
		// line, and then never asks for the event again. As the id is an event's
		// last line, there is one place where this can be: before the blank line.
		{"fetch-event-source", byScript("fetch-event-source.mjs"), 1},
		{"launchdarkly", byCall(readLaunchDarkly), 0},
		{"go-sse", byCall(readGoSSE), 0},
	} {
		for _, f := range framings {
			t.Run(client.name+"/"+f.name, func(t *testing.T) {
				t.Parallel()
				address := f.front(t, newStack(t, trouble{}))
				from, to := inside(t, address)
				var urls []string
				for i := from; i < to; i += f.step {
					p := rig.NewProxy(t, address)
					p.Break(rig.Fault{Cut: true, CutAfter: i})
					urls = append(urls, "http://"+p.Addr()+few)
				}
				var wrong []error
				for i, got := range client.read(t, urls) {
					full, _ := data(got)
					if err := diff(full, fewCount); err != nil {
						wrong = append(wrong, fmt.Errorf("cut after byte %d: %w", from+i*f.step, err))
					}
				}
				if len(wrong) > client.fault {
					t.Errorf("cut at %d places it got %d streams wrong, first: %v", len(urls), len(wrong), wrong[0])
				}
			})
		}
	}
}

func byScript(name string) func(t *testing.T, urls []string) [][]heard {
	return func(t *testing.T, urls []string) [][]heard {
		t.Helper()
		var events [][]heard
		for _, all := range script(t, append([]string{name}, urls...)...).until(len(urls), "closed") {
			var got []heard
			for _, h := range all {
				if h.Type != "resolved" {
					got = append(got, h)
				}
			}
			events = append(events, got)
		}
		return events
	}
}

func byCall(read func(testing.TB, string) ([]heard, error)) func(t *testing.T, urls []string) [][]heard {
	return func(t *testing.T, urls []string) [][]heard {
		t.Helper()
		all := make([][]heard, len(urls))
		var wg sync.WaitGroup
		for i, url := range urls {
			wg.Go(func() {
				var err error
				if all[i], err = read(t, url); err != nil {
					t.Errorf("place %d: %v", i, err)
				}
			})
		}
		wg.Wait()
		return all
	}
}
