// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// Network is a network that is made slow on purpose, for as long as Delay is not
// 0. The zero value is the network as it is. Safe for concurrent use.
type Network struct{ delay atomic.Int64 }

// Set sets how much longer everything takes one way, from now on.
func (n *Network) Set(oneWay time.Duration) { n.delay.Store(int64(oneWay)) }

func (n *Network) oneWay() time.Duration { return time.Duration(n.delay.Load()) }

// Over gives a transport over this network: a request takes the delay to arrive,
// and so does everything that comes back. What follows does not wait for what
// came before, as on a long line.
func (n *Network) Over(t Transport) Transport { return slow{t, n} }

type slow struct {
	Transport
	network *Network
}

func (t slow) Open(ctx context.Context, req Request) (Response, error) {
	if !sleep(ctx, t.network.oneWay()) {
		return nil, ctx.Err()
	}
	resp, err := t.Transport.Open(ctx, req)
	if err != nil {
		return nil, err
	}
	if !sleep(ctx, t.network.oneWay()) {
		_ = resp.Close()
		return nil, ctx.Err()
	}
	ctx, cancel := context.WithCancel(ctx)
	r := &slowResponse{Response: resp, ctx: ctx, cancel: cancel, line: make(chan delayed, lineLength)}
	r.wg.Go(func() { r.carry(t.network) })
	return r, nil
}

// lineLength is how many pieces may be on their way: enough for what a fast
// stream sends during the longest delay that a person would set.
const lineLength = 256

// delayed is something on its way.
type delayed struct {
	due   time.Time
	bytes []byte
	err   error
}

type slowResponse struct {
	Response
	ctx    context.Context
	cancel context.CancelFunc
	line   chan delayed
	wg     sync.WaitGroup

	arrived delayed // what Read takes from
}

// carry puts on the line what the response gives.
func (r *slowResponse) carry(n *Network) {
	buf := make([]byte, readBytes)
	for {
		size, err := r.Response.Read(buf)
		d := delayed{time.Now().Add(n.oneWay()), append([]byte(nil), buf[:size]...), err}
		select {
		case r.line <- d:
		case <-r.ctx.Done():
			return
		}
		if err != nil {
			return
		}
	}
}

func (r *slowResponse) Read(p []byte) (int, error) {
	for len(r.arrived.bytes) == 0 {
		if r.arrived.err != nil {
			return 0, r.arrived.err
		}
		select {
		case r.arrived = <-r.line:
		case <-r.ctx.Done():
			return 0, r.ctx.Err()
		}
		if !sleep(r.ctx, time.Until(r.arrived.due)) {
			return 0, r.ctx.Err()
		}
	}
	n := copy(p, r.arrived.bytes)
	r.arrived.bytes = r.arrived.bytes[n:]
	return n, nil
}

func (r *slowResponse) Close() error {
	r.cancel()
	err := r.Response.Close()
	r.wg.Wait()
	return err
}
