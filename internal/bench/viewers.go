// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"
)

const (
	// dialers is how many connections are made at once.
	dialers = 32
	// viewerPatience is how long a viewer waits for its first event.
	viewerPatience = 30 * time.Second
)

// viewers are connections that have each read the first event of a stream and
// wait for the next. They are no more than connections, so that this process
// has little to do with them.
type viewers struct {
	mu    sync.Mutex
	conns []net.Conn
}

// openViewers opens so many streams. Each is a connection of its own.
func openViewers(ctx context.Context, addr string, count int) (*viewers, error) {
	var v viewers
	if err := raiseFileLimit(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	tickets := make(chan struct{})
	var wg sync.WaitGroup
	for range dialers {
		wg.Go(func() {
			for range tickets {
				conn, err := openViewer(ctx, addr)
				if err != nil {
					cancel(err)
					return
				}
				v.mu.Lock()
				v.conns = append(v.conns, conn)
				v.mu.Unlock()
			}
		})
	}
feed:
	for range count {
		select {
		case tickets <- struct{}{}:
		case <-ctx.Done():
			break feed
		}
	}
	close(tickets)
	wg.Wait()
	if len(v.conns) < count {
		v.close()
		return nil, fmt.Errorf("%d of %d viewers have their streams: %w", len(v.conns), count, context.Cause(ctx))
	}
	return &v, nil
}

// openViewer opens one stream and reads until its first number is there.
func openViewer(ctx context.Context, addr string) (net.Conn, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	// Closed by a reset, so that its port is free again at once.
	if err := conn.(*net.TCPConn).SetLinger(0); err != nil {
		conn.Close()
		return nil, err
	}
	if err := awaitNumber(conn, addr); err != nil {
		conn.Close()
		return nil, err
	}
	return conn, nil
}

func awaitNumber(conn net.Conn, addr string) error {
	if err := conn.SetDeadline(time.Now().Add(viewerPatience)); err != nil {
		return err
	}
	if _, err := fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\nAccept: text/event-stream\r\n\r\n", streamPath, addr); err != nil {
		return err
	}
	var got []byte
	buf := make([]byte, 4<<10)
	for {
		n, err := conn.Read(buf)
		if err != nil {
			return fmt.Errorf("before the first event: %w", err)
		}
		got = append(got, buf[:n]...)
		if i := bytes.Index(got, []byte(`data: {"position":1`)); i >= 0 && bytes.Contains(got[i:], []byte("\n\n")) {
			return nil
		}
		if len(got) > 64<<10 {
			return errors.New("the answer holds no number")
		}
	}
}

// close closes the connections that there are.
func (v *viewers) close() {
	for _, c := range v.conns {
		c.Close()
	}
	v.conns = nil
}
