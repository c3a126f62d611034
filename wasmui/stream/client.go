// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"context"
	"sync"
)

// Client reads one stream, once: after a phase that is Over a new Client is
// made. All methods are safe for concurrent use and none of them blocks.
type Client struct {
	cfg    Config
	signal chan struct{} // holds one while wishes has something new
	done   chan struct{}

	mu      sync.Mutex
	started bool
	wishes  wishes
	held    bool // see Hold
	shared  Snapshot
}

// wishes is what the methods of a client have asked its goroutine to do.
type wishes struct{ stop, leave, cut, wake, online bool }

// New makes a client that has not been started. It panics where the Transport or
// the Sink is missing, as that is a fault of the program.
func New(cfg Config) *Client {
	if cfg.Transport == nil || cfg.Sink == nil {
		panic("stream: Config needs a Transport and a Sink")
	}
	return &Client{
		cfg:    cfg.withDefaults(),
		signal: make(chan struct{}, 1),
		done:   make(chan struct{}),
	}
}

// Start asks for the stream. The end of the context is the same as Close. Only
// the first call of Start or Join has an effect. It panics where the Config has
// neither a URL nor a Run.
func (c *Client) Start(ctx context.Context) {
	if c.cfg.URL == "" && c.cfg.Run == "" {
		panic("stream: Config needs a URL or a Run")
	}
	c.start(ctx, c.cfg)
}

// Join reads the run with this id from its start, whoever opened it. It is
// Start for a client whose Config.Run is run and whose Config.LastEventID is "".
func (c *Client) Join(ctx context.Context, run string) {
	cfg := c.cfg
	cfg.Run, cfg.LastEventID = run, ""
	c.start(ctx, cfg)
}

func (c *Client) start(ctx context.Context, cfg Config) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.started {
		return
	}
	c.started = true
	go newMachine(c, cfg).run(ctx)
}

// Stop ends the stream and asks the server to cancel its run, for whoever else
// reads it too. No event is delivered afterwards, but for a call of Sink.Events
// that has begun. The phase is Stopped at once; Snapshot.Cancel says what becomes
// of the wish.
func (c *Client) Stop() { c.wish(wishes{stop: true}) }

// Cut breaks an open connection as a fault of the network would: the client then
// waits, at least CutPause, and goes on after the last event. It does nothing
// in any other phase.
func (c *Client) Cut() { c.wish(wishes{cut: true}) }

// Close leaves the stream. The server is not asked for anything: what becomes of
// the run is the policy of the method. No event is delivered afterwards, but for
// a call of Sink.Events that has begun.
func (c *Client) Close() { c.wish(wishes{leave: true}) }

// Wake says that the world may have changed: the page is visible, or was
// restored. A pause ends at once, but for one that the server demanded
// (Snapshot.RetryHeld). A GET that has had no answer for StaleRequest is sent
// again, as it may have gone into a network that is no longer there. An open stream
// that has been silent for too long, by the clock on the wall, is asked for again;
// one that has not is left alone.
func (c *Client) Wake() { c.wish(wishes{wake: true}) }

// Online is Wake for a network that is back. It may be another one, over which a
// connection of before gives nothing any more and does not break either: so an
// open stream that stays silent is given up after a good half of Config.Silence,
// until something comes.
func (c *Client) Online() { c.wish(wishes{wake: true, online: true}) }

func (c *Client) wish(w wishes) {
	c.mu.Lock()
	c.wishes.stop = c.wishes.stop || w.stop
	c.wishes.leave = c.wishes.leave || w.leave
	c.wishes.cut = c.wishes.cut || w.cut
	c.wishes.wake = c.wishes.wake || w.wake
	c.wishes.online = c.wishes.online || w.online
	c.mu.Unlock()
	select {
	case c.signal <- struct{}{}:
	default: // the goroutine has not looked yet, and will see this one too
	}
}

// take gives the wishes and forgets those that are for the moment.
func (c *Client) take() wishes {
	c.mu.Lock()
	defer c.mu.Unlock()
	w := c.wishes
	c.wishes.cut, c.wishes.wake, c.wishes.online = false, false, false
	return w
}

// leaving says that nothing more is to be delivered.
func (c *Client) leaving() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.wishes.stop || c.wishes.leave
}

// Snapshot gives the client's state.
func (c *Client) Snapshot() Snapshot {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.shared
}

// Done is closed once a client that was started is Over and holds nothing any
// more: no request, no goroutine.
func (c *Client) Done() <-chan struct{} { return c.done }
