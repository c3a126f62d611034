// SPDX-License-Identifier: Apache-2.0

package rig_test

import (
	"context"
	"net"
	"net/http"
	"sync/atomic"
	"testing"
)

// countingTransport counts the bytes that come back.
type countingTransport struct{ bytes atomic.Int64 }

func (c *countingTransport) transport(t *testing.T) *http.Transport {
	tr := &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
		var d net.Dialer
		conn, err := d.DialContext(ctx, network, addr)
		return &countingConn{conn, &c.bytes}, err
	}}
	t.Cleanup(tr.CloseIdleConnections)
	return tr
}

type countingConn struct {
	net.Conn
	n *atomic.Int64
}

func (c *countingConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.n.Add(int64(n))
	return n, err
}
