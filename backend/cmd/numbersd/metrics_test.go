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

	"sluice/internal/bubble"
)

// onePipe is a listener of one connection in memory.
type onePipe struct {
	there chan net.Conn // has room for it
	done  chan struct{}
}

func (p onePipe) Accept() (net.Conn, error) {
	select {
	case conn := <-p.there:
		return conn, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p onePipe) Close() error {
	close(p.done)
	return nil
}

func (p onePipe) Addr() net.Addr { return &net.UnixAddr{Name: "pipe", Net: "pipe"} }

// A scrape that announces a body and does not send it is answered in time.
func TestScrapeWhoseBodyDoesNotCome(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		here, there := net.Pipe()
		listener := onePipe{there: make(chan net.Conn, 1), done: make(chan struct{})}
		listener.there <- there
		server := newMetricsServer(http.NotFoundHandler(), slog.New(slog.DiscardHandler))
		served := make(chan error, 1)
		go func() { served <- server.Serve(listener) }()
		begun := time.Now()
		if _, err := io.WriteString(here, "GET /metrics HTTP/1.1\r\nHost: numbersd.test\r\nContent-Length: 100\r\n\r\n..."); err != nil {
			t.Fatal(err)
		}
		response, err := http.ReadResponse(bufio.NewReader(here), nil)
		if err != nil {
			t.Fatalf("no answer after %v: %v", time.Since(begun), err)
		}
		_ = response.Body.Close()
		if took := time.Since(begun); took != metricsTimeout {
			t.Errorf("answered after %v", took)
		}
		_ = server.Close()
		<-served
		_ = here.Close()
	})
}
