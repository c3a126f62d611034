// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"io"
	"log/slog"
	"net"
	"net/http"
	"testing"
	"time"

	"sluice/wasmui/dist"
)

// What reads no bodies answers all the same where one does not come.
func TestBodyThatDoesNotCome(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/metrics", newMetrics(nil).handler())
	mux.Handle("/", dist.Handler(nil))
	s := &servers{logger: slog.New(slog.DiscardHandler), bodyTimeout: 50 * time.Millisecond}
	s.serve(l, mux, nil)
	defer s.shutdown()
	for _, path := range []string{"/", "/nothing", "/metrics"} {
		conn, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		conn.SetDeadline(time.Now().Add(20 * time.Second))
		if _, err := io.WriteString(conn, "GET "+path+" HTTP/1.1\r\nHost: sluice.test\r\nContent-Length: 100\r\n\r\n..."); err != nil {
			t.Fatal(err)
		}
		if res, err := http.ReadResponse(bufio.NewReader(conn), nil); err != nil {
			t.Errorf("%s: there is no answer: %v", path, err)
		} else {
			res.Body.Close()
		}
		conn.Close()
	}
}
