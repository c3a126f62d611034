// SPDX-License-Identifier: Apache-2.0

package bridge_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"sluice/bridge"
	"sluice/bridge/catalog"
	"sluice/internal/bubble"
)

// hesitate sends a request of 100 bytes of which only the first few come, and
// returns the answer.
func hesitate(t *testing.T, conn net.Conn, line string, headers ...string) (status int, body string) {
	t.Helper()
	request := line + " HTTP/1.1\r\nHost: bridge.test\r\nContent-Length: 100\r\n"
	for _, header := range headers {
		request += header + "\r\n"
	}
	if _, err := io.WriteString(conn, request+"\r\n{\"c"); err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Errorf("%s: there is no answer: %v", line, err)
		return 0, ""
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Errorf("%s: %v", line, err)
	}
	return res.StatusCode, string(text)
}

// Who begins a body and does not go on is answered in time, whether the body is
// read or not.
func TestBodyThatDoesNotCome(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		w := newWorld(t, counting)
		const asJSON = "Content-Type: application/json"
		for _, test := range []struct {
			line    string
			headers []string
			status  int
			says    string
		}{
			{"POST /sse", []string{asJSON}, 408, `"DEADLINE_EXCEEDED"`},
			{"POST /sse", []string{"Content-Type: text/plain"}, 415, "application/json"},
			{"POST /sse", []string{asJSON, "Accept: text/html"}, 406, "text/event-stream"},
			{"PUT /sse", []string{asJSON}, 405, "GET, POST"},
			{"GET /sse", nil, 400, "no body"},
			{"POST /nothing", []string{asJSON}, 404, "/nothing"},
			{"POST /sse", []string{asJSON, "Origin: http://other.test"}, 403, "other.test"},
			{"GET /healthz", nil, 200, "ok"},
			{"GET /readyz", nil, 200, "ready"},
			{"GET /catalog", nil, 200, "NumberService"},
		} {
			conn, err := w.client.Transport.(*http.Transport).DialContext(t.Context(), "", "")
			if err != nil {
				t.Fatal(err)
			}
			start := time.Now()
			// However long it takes, the test ends.
			conn.SetDeadline(start.Add(time.Hour))
			status, body := hesitate(t, conn, test.line, test.headers...)
			if took := time.Since(start); status != test.status || took != 30*time.Second || !strings.Contains(body, test.says) {
				t.Errorf("%s with %q is answered %d after %v, want %d after 30s: %s", test.line, test.headers, status, took, test.status, body)
			}
			conn.Close()
		}
	})
}

// The same on connections of the system's.
func TestBodyThatDoesNotComeByTCP(t *testing.T) {
	t.Parallel()
	conn, err := grpc.NewClient("localhost:1", grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	b, err := bridge.New(conn, bridge.WithCatalog(numbersWith(t, func(*catalog.Policy) {})), bridge.WithBodyTimeout(50*time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	web := httptest.NewServer(b)
	defer web.Close()
	for mediaType, want := range map[string]int{"application/json": 408, "text/plain": 415} {
		conn, err := net.Dial("tcp", web.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		conn.SetDeadline(time.Now().Add(20 * time.Second))
		if status, body := hesitate(t, conn, "POST /sse", "Content-Type: "+mediaType); status != want {
			t.Errorf("a body of %s that does not come is answered %d, want %d: %s", mediaType, status, want, body)
		}
		conn.Close()
	}
}

// The time for the body is over with the body: a stream that it began goes on
// for longer, over either version of HTTP.
func TestStreamOutlivesTheTimeOfItsBody(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		w := newWorld(t, counting)
		for _, each := range []*world{w, w.overHTTP2()} {
			checkNumbers(t, each.do(http.MethodPost, "/sse", `{"count": 3, "minPause": "40s"}`).all(), 1, 3)
		}
	})
}
