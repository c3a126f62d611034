// SPDX-License-Identifier: Apache-2.0

package rig

import (
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Fault is what a [Proxy] does to one connection, on the way from the server
// to the client. The zero value is nothing.
type Fault struct {
	// CutAfter cuts the connection after that many bytes, if Cut is set.
	CutAfter int
	Cut      bool
	// Reset makes the cut a reset, which also destroys what the client has
	// not read yet, rather than an end that looks orderly.
	Reset bool
	// Split passes on at most that many bytes at a time, if it is not 0.
	Split int
	// Pause is waited after each piece that is passed on.
	Pause time.Duration
	// Stall, if it is not nil, holds everything back after CutAfter bytes,
	// until it is closed; then the connection is cut, if Cut is set, and else
	// goes on.
	Stall <-chan struct{}
}

// Proxy passes TCP connections on to a server, each with a fault of its own.
type Proxy struct {
	tb     testing.TB
	l      net.Listener
	target string
	wg     sync.WaitGroup

	passed atomic.Int64

	mu     sync.Mutex
	faults []Fault
	conns  map[net.Conn]struct{}
	closed bool
}

// NewProxy starts a proxy to target, which is host:port, on a loopback port. It
// is stopped when the test ends.
func NewProxy(tb testing.TB, target string) *Proxy {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	p := &Proxy{tb: tb, l: l, target: target, conns: make(map[net.Conn]struct{})}
	p.wg.Go(p.accept)
	tb.Cleanup(p.Close)
	return p
}

// Addr returns where the proxy listens, as host:port.
func (p *Proxy) Addr() string { return p.l.Addr().String() }

// Break gives the next connections a fault each, in order. Those after them
// have none.
func (p *Proxy) Break(faults ...Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults = append(p.faults, faults...)
}

// Passed returns how many bytes have been passed on from server to clients.
func (p *Proxy) Passed() int { return int(p.passed.Load()) }

// CutAll cuts every connection that there is.
func (p *Proxy) CutAll() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		cut(c, true)
	}
}

// Close stops the proxy and cuts its connections.
func (p *Proxy) Close() {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.l.Close()
	p.CutAll()
	p.wg.Wait()
}

func (p *Proxy) accept() {
	for {
		client, err := p.l.Accept()
		if err != nil {
			return
		}
		p.mu.Lock()
		fault := Fault{}
		if len(p.faults) > 0 {
			fault, p.faults = p.faults[0], p.faults[1:]
		}
		p.mu.Unlock()
		p.wg.Go(func() { p.serve(client, fault) })
	}
}

// serve carries one connection until either side is done with it.
func (p *Proxy) serve(client net.Conn, f Fault) {
	server, err := net.Dial("tcp", p.target)
	if err != nil {
		cut(client, true)
		return
	}
	if !p.enter(client, server) {
		return
	}
	defer p.leave(client, server)
	var wg sync.WaitGroup
	wg.Go(func() {
		io.Copy(server, client)
		// What the client ends, the server learns of at once.
		server.Close()
	})
	p.carry(client, server, f)
	server.Close()
	cut(client, f.Reset)
	wg.Wait()
}

// carry passes on what the server sends, as the fault says.
func (p *Proxy) carry(client, server net.Conn, f Fault) {
	buf := make([]byte, 32<<10)
	if f.Split > 0 && f.Split < len(buf) {
		buf = buf[:f.Split]
	}
	left := f.CutAfter
	limited := f.Cut || f.Stall != nil
	for {
		if limited && left == 0 {
			if f.Stall != nil {
				<-f.Stall
			}
			if f.Cut {
				return
			}
			limited = false
		}
		piece := buf
		if limited && left < len(piece) {
			piece = piece[:left]
		}
		n, err := server.Read(piece)
		if n > 0 {
			left -= n
			p.passed.Add(int64(n))
			if _, err := client.Write(piece[:n]); err != nil {
				return
			}
			if f.Pause > 0 {
				time.Sleep(f.Pause)
			}
		}
		if err != nil {
			return
		}
	}
}

func (p *Proxy) enter(conns ...net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range conns {
		if p.closed {
			cut(c, true)
			continue
		}
		p.conns[c] = struct{}{}
	}
	return !p.closed
}

func (p *Proxy) leave(conns ...net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range conns {
		delete(p.conns, c)
	}
}

// cut ends a connection, with a reset if that is asked for.
func cut(c net.Conn, reset bool) {
	if tcp, ok := c.(*net.TCPConn); ok && reset {
		tcp.SetLinger(0)
	}
	c.Close()
}
