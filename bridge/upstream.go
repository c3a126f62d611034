// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"context"
	"errors"
	"fmt"
	"strings"
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

// load asks a backend for its methods until it answers, and then again from
// time to time, and when it has come back after it was away: it may have other
// methods by then. It is asked, too, for a type that turned out to be missing.
func (b *Bridge) load(ctx context.Context, be *backend) {
	back := make(chan struct{}, 1)
	b.loading.Go(func() { watchConn(ctx, be.conn, back) })
	reflector := catalog.NewReflector(be.conn)
	log, said := be.logger(b.options.logger), ""
	for wait := loadWaitFirst; ; {
		again := time.Duration(0)
		select {
		case <-reflector.Missed(): // this asks for it
		default:
		}
		attempt, cancel := context.WithTimeout(ctx, loadTimeout)
		c, err := reflector.Catalog(attempt)
		cancel()
		switch {
		case ctx.Err() != nil:
			return
		case err == nil:
			b.learned(be, c)
			said, wait = "", loadWaitFirst
			again = b.options.refresh
			select {
			case <-back: // it came back for this
			default:
			}
		case b.knows(be):
			// What it said before goes on being served.
			if text := err.Error(); text != said {
				said = text
				log.Warn("the backend cannot be asked whether its methods have changed", "error", err)
			}
			again, wait = wait, min(2*wait, loadWaitLast)
		default:
			b.unknown(be, err)
			if text := err.Error(); text != said {
				said = text
				if errors.Is(err, catalog.ErrNoReflection) {
					log.Error("the backend does not say which methods it has", "error", err)
				} else {
					log.Warn("the backend cannot be asked for its methods yet, trying again", "error", err, "advice", advice(err))
				}
			}
			again, wait = wait, min(2*wait, loadWaitLast)
		}
		var due <-chan time.Time
		var came <-chan struct{}
		if again > 0 { // else it is asked for nothing but what is missing
			due, came = time.After(b.jitter(again)), back
		}
		select {
		case <-due:
		case <-came:
		case <-reflector.Missed():
		case <-ctx.Done():
			return
		}
	}
}

// advice says what whoever runs the bridge can do about a backend that cannot be
// asked for its methods. What grpc-go says of it is for those who know grpc-go.
func advice(err error) string {
	for _, known := range []struct{ says, advice string }{
		{"first record does not look like a TLS handshake", "it does not speak TLS: reach it in the clear (sluice without --backend-tls)"},
		{"error reading server preface", "it does not speak gRPC in the clear: if it speaks TLS, reach it by that (sluice --backend-tls), and else see whether it is a gRPC server"},
		{"failed to verify certificate", "say who vouches for its certificate, and which name that bears (sluice --backend-ca FILE, --backend-server-name NAME)"},
		{"certificate required", "show it a certificate (sluice --backend-cert FILE --backend-key FILE)"},
		{"name resolver error", "nothing is known by that name: say where it is (sluice --backend HOST:PORT)"},
	} {
		if strings.Contains(err.Error(), known.says) {
			return known.advice
		}
	}
	if errors.Is(err, catalog.ErrUnreachable) || errors.Is(err, context.DeadlineExceeded) {
		return "start it, or say where it is (sluice --backend HOST:PORT)"
	}
	return "let the bridge ask it by gRPC reflection, or give the bridge a descriptor set of its services (sluice --descriptor-set FILE)"
}

// reload has a backend's source give its methods anew, from time to time.
func (b *Bridge) reload(ctx context.Context, be *backend) {
	log, said := be.logger(b.options.logger), ""
	for {
		select {
		case <-time.After(b.jitter(b.options.refresh)):
		case <-ctx.Done():
			return
		}
		c, err := be.source()
		switch {
		case err == nil:
			b.learned(be, c)
			said = ""
		case err.Error() != said:
			said = err.Error()
			log.Warn("the backend's methods cannot be read again, and stay as they were", "error", err)
		}
	}
}

// knows is whether a backend has said which methods it has.
func (b *Bridge) knows(be *backend) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return be.known != nil
}

// unknown remembers why a backend could not be asked.
func (b *Bridge) unknown(be *backend, err error) {
	if errors.Is(err, catalog.ErrUnreachable) {
		// Where it is and why not is for the log alone.
		err = catalog.ErrUnreachable
	}
	b.mu.Lock()
	be.err = err
	b.mu.Unlock()
	b.options.observer.UpstreamKnown(be.name, false)
}

// learned puts the methods that a backend said it has in service, if it has
// not said the same before.
func (b *Bridge) learned(be *backend, c *catalog.Catalog) {
	b.mu.Lock()
	first := be.known == nil
	same := !first && be.known.Equal(c)
	if !same {
		be.known = c
	}
	b.mu.Unlock()
	if !same {
		b.publish()
	}
	if first {
		b.mu.Lock()
		be.err = nil // now that they are served
		b.mu.Unlock()
		b.options.observer.UpstreamKnown(be.name, true)
	}
}

// Ready returns nil when the bridge can serve the methods of at least one
// backend, and otherwise why it cannot. One backend that is away must not take
// the others' methods out of service.
func (b *Bridge) Ready() error {
	select {
	case <-b.draining:
		return errors.New("the bridge is shutting down")
	default:
	}
	t := b.table.Load()
	if t == nil {
		return errors.Join(b.missing()...)
	}
	if len(t.catalog.Methods()) == 0 {
		return errors.Join(append(b.missing(), append(t.clashes, errors.New("none of the methods that are known is to be served"))...)...)
	}
	return nil
}

// missing says of each backend whose methods are not known why that is.
func (b *Bridge) missing() []error {
	b.mu.Lock()
	defer b.mu.Unlock()
	var errs []error
	for _, be := range b.backends {
		switch {
		case be.err == nil:
		case be.name == "":
			errs = append(errs, be.err)
		default:
			errs = append(errs, fmt.Errorf("backend %s: %w", be.name, be.err))
		}
	}
	return errs
}
