// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"context"
	"errors"
	"time"

	"sluice/bridge/catalog"
)

// How a backend that cannot be asked for its methods is asked again: the wait
// doubles from the first to the last.
const (
	loadTimeout   = 10 * time.Second
	loadWaitFirst = 100 * time.Millisecond
	loadWaitLast  = 5 * time.Second
)

// load asks the backend for its methods until it answers.
func (b *Bridge) load(ctx context.Context) {
	said := ""
	for wait := loadWaitFirst; ; wait = min(2*wait, loadWaitLast) {
		attempt, cancel := context.WithTimeout(ctx, loadTimeout)
		c, err := catalog.Reflect(attempt, b.conn)
		cancel()
		if err == nil {
			b.setCatalog(c)
			return
		}
		if ctx.Err() != nil {
			return
		}
		b.mu.Lock()
		b.loadErr = err
		if errors.Is(err, catalog.ErrUnreachable) {
			// Where it is and why not is for the log alone.
			b.loadErr = catalog.ErrUnreachable
		}
		b.mu.Unlock()
		b.options.observer.UpstreamKnown(false)
		if text := err.Error(); text != said {
			said = text
			if errors.Is(err, catalog.ErrNoReflection) {
				b.options.logger.Error("the backend does not say which methods it has", "error", err)
			} else {
				b.options.logger.Warn("the backend cannot be asked for its methods yet, trying again", "error", err)
			}
		}
		select {
		case <-time.After(b.jitter(wait)):
		case <-ctx.Done():
			return
		}
	}
}

// setCatalog puts the methods of c in service.
func (b *Bridge) setCatalog(c *catalog.Catalog) {
	for _, p := range c.Problems() {
		b.options.logger.Warn("a method is not served as its option says", "problem", p.String())
	}
	for _, m := range c.Methods() {
		if servable(m) {
			b.options.logger.Info("serving", "method", m.FullName, "path", m.Policy.Path)
		}
	}
	b.catalog.Store(c)
	b.mu.Lock()
	b.loadErr = nil
	b.mu.Unlock()
	b.options.observer.UpstreamKnown(true)
}

// Ready returns nil when the bridge can serve, and otherwise why it cannot.
func (b *Bridge) Ready() error {
	select {
	case <-b.draining:
		return errors.New("the bridge is shutting down")
	default:
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.loadErr
}

// servable is whether a method is one that the bridge serves.
func servable(m *catalog.Method) bool { return m.ServerStreaming() && !m.ClientStreaming() }
