// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"bytes"
	"context"
	"strings"
	"sync"
	"time"
)

// helloPatience is how long a leader may take to answer: a page that is in the
// background answers as quickly as any, one that is frozen does not.
const helloPatience = 3 * time.Second

// follower hears a run from another tab. What that tab had read before, it reads
// for itself first, by a connection that ends where the other's begins. When the
// other tab goes away, it goes on in its place.
type follower struct {
	tabs   *Tabs
	outer  context.Context // of the request
	ctx    context.Context
	cancel context.CancelFunc
	req    Request
	run    string

	heard   *queue
	post    func(text string)
	close   func()
	giveUp  func()      // of the lock
	at      chan uint64 // where the leader is; takes one
	granted chan func() // takes one

	from    uint64 // what is heard begins after this event
	blocks  blocks // of what was given to the reader
	overlap bool   // what is heard may have been read before
	text    []byte // complete, and not read yet
	done    sync.Once

	mu     sync.Mutex
	own    Response // while it reads what it has not heard
	leader *leader  // once it has taken over
	closed bool
}

// follow finds the leader of a run. It gives nil where there is none that
// answers.
func (t *Tabs) follow(ctx context.Context, req Request, run string) *follower {
	outer := ctx
	ctx, cancel := context.WithCancel(ctx)
	f := &follower{
		tabs: t, outer: outer, ctx: ctx, cancel: cancel, req: req, run: run,
		heard: newQueue(ctx), at: make(chan uint64, 1), granted: make(chan func(), 1),
		overlap: true,
	}
	f.blocks.id = idIn(req)
	post, closeChannel := t.channel(runLock+run, f.hear)
	f.post, f.close = post, sync.OnceFunc(closeChannel)
	f.giveUp = t.locks.wait(runLock+run, func(release func()) { f.granted <- release })
	f.post(helloMessage)
	timer := time.NewTimer(helloPatience)
	defer timer.Stop()
	select {
	case f.from = <-f.at:
		return f
	case <-timer.C:
	case <-ctx.Done():
	}
	_ = f.Close()
	return nil
}

func (f *follower) hear(text string) {
	if n, ok := atNumber(text); ok {
		select {
		case f.at <- n:
		default: // for another tab that asked
		}
		return
	}
	if events, ok := strings.CutPrefix(text, textMessage); ok {
		f.heard.write(func(dst []byte) ([]byte, error) { return append(dst, events...), nil })
	}
}

// begin gives the response: that of what is missing, where something is. Where
// the server has another run in place of the one that the other tab reads, it is
// all that is read: what the other tab still hears does not belong to it.
func (f *follower) begin() (Response, error) {
	if f.blocks.number() < f.from || f.blocks.id == "" {
		own, err := f.tabs.open(f.outer, f.req)
		if err != nil {
			_ = f.Close()
			return nil, err
		}
		if own.Status() != 200 || own.Header(runHeader) != f.run {
			_ = f.Close()
			return f.tabs.offer(f.outer, own, f.req), nil
		}
		f.own = own
	}
	f.tabs.set(Following)
	return f, nil
}

func (f *follower) Status() int { return 200 }

func (f *follower) Header(name string) string {
	if strings.EqualFold(name, runHeader) {
		return f.run
	}
	return f.heard.Header(name)
}

func (f *follower) Read(p []byte) (int, error) {
	for len(f.text) == 0 {
		f.mu.Lock()
		own, leader := f.own, f.leader
		f.mu.Unlock()
		var err error
		switch {
		case leader != nil:
			return leader.Read(p)
		case own != nil:
			err = f.catchUp(own, p)
		default:
			err = f.listen(p)
		}
		if err != nil {
			return 0, err
		}
	}
	n := copy(p, f.text)
	f.text = f.text[n:]
	return n, nil
}

// catchUp reads what the leader had read before it was heard.
func (f *follower) catchUp(own Response, p []byte) error {
	n, err := own.Read(p)
	complete, ok := f.blocks.add(p[:n])
	f.text = complete
	switch {
	case f.blocks.number() >= f.from:
		// What is not complete comes from the leader.
		f.blocks.rest = nil
		f.mu.Lock()
		f.own = nil
		f.mu.Unlock()
		_ = own.Close()
		return nil
	case err != nil:
		return err
	case !ok:
		return errOverrun
	}
	return nil
}

// listen waits for what the leader says, or for its place.
func (f *follower) listen(p []byte) error {
	n := f.heard.take(p)
	if n > 0 {
		read := f.blocks
		complete, ok := f.blocks.add(p[:n])
		f.text = complete
		if f.overlap {
			f.text = f.beyond(complete, read.number())
			if len(f.text) == 0 {
				f.blocks.id = read.id
			}
		}
		if !ok {
			return errOverrun
		}
		return nil
	}
	select {
	case <-f.heard.ready:
		return f.heard.ended()
	case release := <-f.granted:
		return f.takeOver(release)
	case <-f.ctx.Done():
		return f.ctx.Err()
	}
}

// beyond leaves out what was read before the event of this number. An event that
// comes again is dropped later on too, but a reset that came again would make new
// ones of all that follow it.
func (f *follower) beyond(text []byte, number uint64) []byte {
	f.overlap = number > 0
	for f.overlap && len(text) > 0 {
		block, rest, _ := bytes.Cut(text, []byte("\n\n"))
		_, n, ok := parseEventID(lastID(block))
		f.overlap = !ok || n <= number
		if f.overlap {
			text = rest
		}
	}
	return text
}

// takeOver goes on after the last event in the place of a leader that has gone.
// Another run begins with a connection of its own, at whose head the client sees
// which one it is.
func (f *follower) takeOver(release func()) error {
	req := Request{Method: "GET", URL: f.req.URL}
	for _, h := range f.req.Header {
		if !strings.EqualFold(h[0], "Last-Event-ID") {
			req.Header = append(req.Header, h)
		}
	}
	if f.blocks.id != "" {
		req.Header = append(req.Header, [2]string{"Last-Event-ID", f.blocks.id})
	}
	resp, err := f.tabs.open(f.ctx, req)
	if err == nil && (resp.Status() != 200 || resp.Header(runHeader) != f.run) {
		// For the client to ask for again, and to judge.
		_ = resp.Close()
		err = brokenError("The tab that read for this one has gone.")
	}
	if err != nil {
		release()
		return err
	}
	f.close()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.leader = newLeader(f.tabs, resp, f.run, release, f.blocks.id, true)
	if f.closed {
		_ = f.leader.Close()
	}
	return nil
}

func (f *follower) Close() error {
	f.done.Do(func() {
		f.cancel()
		f.giveUp()
		f.mu.Lock()
		f.closed = true
		own, leader := f.own, f.leader
		f.mu.Unlock()
		if own != nil {
			_ = own.Close()
		}
		if leader != nil {
			_ = leader.Close()
		} else {
			f.close()
		}
		_ = f.heard.Close()
		select {
		case release := <-f.granted:
			release()
		default:
		}
	})
	return nil
}
