// SPDX-License-Identifier: Apache-2.0

package check

import (
	"context"
	"net"
	"net/http"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"sluice/internal/bubble"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// pipes is a network in memory, so that time can be made up.
type pipes struct {
	conns chan net.Conn
	once  sync.Once
	done  chan struct{}
}

func newPipes() *pipes { return &pipes{conns: make(chan net.Conn), done: make(chan struct{})} }

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.done) })
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "memory", Net: "pipe"} }

func (p *pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	here, there := net.Pipe()
	select {
	case p.conns <- there:
		return here, nil
	case <-p.done:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// checked runs a check of what h serves, in time that is made up.
func checked(t *testing.T, h http.Handler, config Config) (r *Report) {
	t.Helper()
	bubble.Test(t, func(t *testing.T) {
		network := newPipes()
		srv := &http.Server{Handler: h}
		var serving sync.WaitGroup
		serving.Go(func() { srv.Serve(network) })
		if config.URL == "" {
			config.URL = "http://stream.test/events"
		}
		config.DialContext = network.dial
		var err error
		r, err = Run(context.Background(), config)
		srv.Close()
		serving.Wait()
		if err != nil {
			t.Fatal(err)
		}
	})
	return r
}
