// SPDX-License-Identifier: Apache-2.0

package bridge_test

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"google.golang.org/grpc"

	"sluice/bridge"
	"sluice/bridge/catalog"
	"sluice/bridge/run"
	numbersv1 "sluice/proto/gen/sluice/numbers/v1"
)

// sipped is a connection that is read a little at a time, or not at all.
type sipped struct {
	net.Conn
	stopped *atomic.Bool
	done    chan struct{}
	once    sync.Once
}

const (
	sip      = 2 << 10
	sipEvery = 400 * time.Millisecond
)

func (c *sipped) Read(p []byte) (int, error) {
	if c.stopped.Load() {
		<-c.done
		return 0, net.ErrClosed
	}
	select {
	case <-time.After(sipEvery):
	case <-c.done:
	}
	return c.Conn.Read(p[:min(len(p), sip)])
}

func (c *sipped) Close() error {
	c.once.Do(func() { close(c.done) })
	return c.Conn.Close()
}

// tcp is how a browser is connected to a bridge over a real network.
type tcp struct {
	protocol string // "http", "tls" or "h2"
	// sendBuffer and deadAfter are of the bridge's side, receiveBuffer and
	// segment of the browser's, in bytes; a segment of 0 is the system's.
	sendBuffer, receiveBuffer, segment int
	deadAfter                          time.Duration
	// reads changes how the browser reads.
	reads func(net.Conn) net.Conn
}

// world returns a browser, a bridge and a backend that are so connected.
func (c tcp) world(t *testing.T, generate func(*numbersv1.GenerateRequest, numberStream) error, opts ...bridge.Option) *world {
	t.Helper()
	srv := grpc.NewServer()
	numbersv1.RegisterNumberServiceServer(srv, &stub{generate: generate})
	w := worldOf(t, srv, append(opts, bridge.WithCatalog(numbersWith(t, func(*catalog.Policy) {})))...)
	web := httptest.NewUnstartedServer(w.bridge)
	web.Listener = bridge.ViewerListener(web.Listener, c.sendBuffer, c.deadAfter)
	web.Config.ConnContext = bridge.ConnContext
	dialer := &net.Dialer{Control: func(_, _ string, raw syscall.RawConn) error {
		var set error
		err := raw.Control(func(fd uintptr) {
			set = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, c.receiveBuffer)
			if c.segment > 0 {
				set = errors.Join(set, syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, syscall.TCP_MAXSEG, c.segment))
			}
		})
		return errors.Join(err, set)
	}}
	transport := &http.Transport{ForceAttemptHTTP2: c.protocol == "h2", TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	transport.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
		conn, err := dialer.DialContext(ctx, "tcp", web.Listener.Addr().String())
		if err != nil {
			return nil, err
		}
		return c.reads(conn), nil
	}
	scheme := "https"
	web.EnableHTTP2 = c.protocol == "h2"
	if c.protocol == "http" {
		web.Start()
		scheme = "http"
	} else {
		web.StartTLS()
	}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		web.CloseClientConnections()
		web.Close()
	})
	return &world{t: t, bridge: w.bridge, client: &http.Client{Transport: viaScheme{transport, scheme}}}
}

// viaScheme sends requests by a scheme, whatever they have.
type viaScheme struct {
	http.RoundTripper
	scheme string
}

func (v viaScheme) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.URL.Scheme = v.scheme
	return v.RoundTripper.RoundTrip(r)
}

// Over a real connection, where the kernel says that there is room only when a
// large part of a buffer is free, who reads 5 KiB/s is not taken for dead; who
// reads nothing is.
func TestSlowOverTCP(t *testing.T) {
	t.Parallel()
	const timeout = 4 * time.Second
	for _, test := range []struct {
		protocol string
		y        way
	}{{"http", ways[0]}, {"tls", ways[1]}, {"http", ways[2]}, {"h2", ways[0]}} {
		t.Run(test.protocol+" "+test.y.name, func(t *testing.T) {
			t.Parallel()
			rec := &closings{why: make(chan bridge.CloseReason, 10)}
			var stopped atomic.Bool
			// A receiver acknowledges in steps as large as its buffer, a slow
			// network segment by segment: with little of both it is like the latter.
			w := tcp{test.protocol, bridge.DefaultSendBuffer, 4 << 10, 536, timeout, func(c net.Conn) net.Conn {
				return &sipped{Conn: c, stopped: &stopped, done: make(chan struct{})}
			}}.world(t, counting, bridge.WithWriteTimeout(timeout), bridge.WithObserver(rec))
			v := test.y.mustOpen(w, "/sse?endless=true", "")
			for n, begun := uint32(1), time.Now(); time.Since(begun) < 5*timeout/2; n++ {
				checkNumber(t, mustNext(t, v), n)
				// What was written before would be read for a while.
				select {
				case why := <-rec.why:
					t.Fatalf("who reads slowly is cut off after %v: %s", time.Since(begun), why)
				default:
				}
			}
			stopped.Store(true)
			select {
			case why := <-rec.why:
				// The kernel may be the first to give up, and over HTTP/2 nobody is
				// told why.
				if why != bridge.ClosedSlow && (test.protocol != "h2" || why != bridge.ClosedByViewer) {
					t.Errorf("who reads nothing is cut off as %s", why)
				}
			case <-time.After(20 * timeout):
				t.Error("who reads nothing is not cut off")
			}
			v.leave()
		})
	}
}

// A page that stops reading, and loses its connection then, loses what its own
// machine has of the stream. It comes back by the id of what it has seen, and
// gets the rest: all of it as long as the journal goes back as far, and else
// from where a reset says, and not a gap that nobody speaks of.
func TestPausedOverTCP(t *testing.T) {
	t.Parallel()
	const count, seen = 10_000, 10
	// Without a position the method cannot resume.
	plain := func(_ *numbersv1.GenerateRequest, s numberStream) error {
		for n := range uint32(count) {
			if err := s.Send(&numbersv1.GenerateResponse{Position: n + 1}); err != nil {
				return err
			}
		}
		return nil
	}
	for _, y := range ways[:3] {
		for _, test := range []struct {
			name    string
			buffer  int   // of the receiver
			written int64 // before the connection breaks
			gap     bool
		}{
			{"less than the journal", 32 << 10, 0, false},
			{"more than the journal", 2 << 20, 512 << 10, true},
		} {
			t.Run(y.name+" "+test.name, func(t *testing.T) {
				t.Parallel()
				rec := &closings{enough: test.written, wrote: make(chan struct{})}
				w := tcp{"http", 8 << 10, test.buffer, 0, 0, func(c net.Conn) net.Conn { return c }}.world(t, plain,
					bridge.WithObserver(rec), bridge.WithRuns(run.Config{JournalBytes: 256 << 10}))
				v := y.mustOpen(w, "/sse", "")
				var last event
				for range seen {
					last = mustNext(t, v)
				}
				if test.written > 0 {
					<-rec.wrote // a write that fills the buffers is not through before
				}
				v.leave()
				back := y.mustOpen(w, "/sse", last.id)
				next := uint64(seen + 1)
				for {
					e, err := back.next()
					if err != nil {
						t.Fatalf("after %d events the stream stopped by %v", next-1, err)
					}
					if e.kind == "reset" {
						var data struct{ First uint64 }
						if err := json.Unmarshal([]byte(e.data), &data); err != nil || next != seen+1 || data.First <= next {
							t.Fatalf("before event %d there is %+v", next, e)
						}
						next = data.First
						if !test.gap {
							t.Errorf("the journal goes back to %d", next)
						}
						continue
					}
					id, err := run.ParseEventID(e.id)
					if err != nil || id.Run != v.run() || id.Seq != next {
						t.Fatalf("event %d is %+v: %v", next, e, err)
					}
					if next == seen+1 && test.gap {
						t.Error("the journal has all that was written")
					}
					if next++; e.kind == "end" {
						break
					}
				}
				if next != count+2 {
					t.Errorf("the end is event %d", next-1)
				}
			})
		}
	}
}

// closings is told why streams were closed, and how much was written.
type closings struct {
	bridge.NopObserver
	why chan bridge.CloseReason

	enough  int64
	written atomic.Int64
	wrote   chan struct{} // closed once that is enough
}

// StreamWrote implements [bridge.Observer].
func (c *closings) StreamWrote(_ string, bytes int) {
	if now := c.written.Add(int64(bytes)); c.wrote != nil && now >= c.enough && now-int64(bytes) < c.enough {
		close(c.wrote)
	}
}

// StreamClosed implements [bridge.Observer].
func (c *closings) StreamClosed(_ string, why bridge.CloseReason) {
	if c.why != nil {
		c.why <- why
	}
}
