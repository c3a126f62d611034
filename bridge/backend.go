// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/connectivity"

	"sluice/bridge/catalog"
)

// maxBackendName is how long a backend's name may be.
const maxBackendName = 64

// backend is a gRPC server whose methods are served.
type backend struct {
	name string
	conn grpc.ClientConnInterface
	// given are its methods where they were given; nil where it is asked.
	given *catalog.Catalog
	// source gives them anew; nil where they are given for good, or asked for.
	source func() (*catalog.Catalog, error)

	// What follows is guarded by the bridge's mu.

	// known are its methods, nil while it has not said.
	known *catalog.Catalog
	// err says why its methods are not served yet; nil once they are.
	err error
}

var errNotAsked = errors.New("the backend has not been asked for its methods yet")

// logger returns l with the backend's name, where it has one.
func (be *backend) logger(l *slog.Logger) *slog.Logger {
	if be.name == "" {
		return l
	}
	return l.With("backend", be.name)
}

// backends returns the backends that the options name, the first of which is
// behind conn.
func (o *options) backends(conn grpc.ClientConnInterface) ([]*backend, error) {
	all := []*backend{{name: o.name, conn: conn, given: o.catalog}}
	byName := map[string]*backend{o.name: all[0]}
	for _, more := range o.more {
		switch {
		case more.conn == nil:
			return nil, fmt.Errorf("backend %q has no connection, nil was given", more.name)
		case more.name == "" || o.name == "":
			return nil, errors.New("where there are several backends each needs a name; WithName gives the first one's")
		case byName[more.name] != nil:
			return nil, fmt.Errorf("two backends are called %q", more.name)
		}
		be := &backend{name: more.name, conn: more.conn}
		all = append(all, be)
		byName[more.name] = be
	}
	for name, c := range o.given {
		be := byName[name]
		switch {
		case be == nil:
			return nil, fmt.Errorf("a catalog was given for backend %q, and there is none of that name", name)
		case c == nil || be.given != nil:
			return nil, fmt.Errorf("backend %q was given no catalog, or two", name)
		}
		be.given = c
	}
	for name, source := range o.sources {
		be := byName[name]
		switch {
		case be == nil:
			return nil, fmt.Errorf("a source was given for backend %q, and there is none of that name", name)
		case source == nil || be.given != nil:
			return nil, fmt.Errorf("backend %q was given no source, or a catalog, too", name)
		}
		var err error
		if be.given, err = source(); err != nil {
			return nil, err
		}
		be.source = source
	}
	for _, be := range all {
		if err := checkBackendName(be.name); err != nil {
			return nil, err
		}
		be.err = errNotAsked
	}
	return all, nil
}

// connOf returns the connection to the backend that a method is of.
func (b *Bridge) connOf(m *catalog.Method) grpc.ClientConnInterface {
	for _, be := range b.backends {
		if be.name == m.Backend {
			return be.conn
		}
	}
	return nil // not reached: all methods are of backends of this bridge
}

// checkBackendName says what is wrong with a backend's name, which is shown to
// people, logged, and a label of metrics. A single backend needs none.
func checkBackendName(name string) error {
	if len(name) > maxBackendName || strings.ContainsFunc(name, func(r rune) bool {
		return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("-_.", r))
	}) {
		return fmt.Errorf("the backend's name %q must be of at most %d letters, digits, '-', '_' and '.'", name, maxBackendName)
	}
	return nil
}

// connState is what a connection can tell of itself: [grpc.ClientConn] and a
// pool of them do.
type connState interface {
	GetState() connectivity.State
	WaitForStateChange(context.Context, connectivity.State) bool
	Connect()
}

// watchConn sends on back whenever conn has come back after it was lost, until
// ctx is done. It has one that lost its server connect anew at once: whoever
// comes next need not wait for it, and what the new server offers is learned
// before.
func watchConn(ctx context.Context, conn grpc.ClientConnInterface, back chan<- struct{}) {
	c, ok := conn.(connState)
	if !ok {
		return
	}
	lost := false
	var last time.Time // when it was made to connect
	for state := c.GetState(); state != connectivity.Shutdown; state = c.GetState() {
		switch {
		case state == connectivity.Ready && lost:
			lost = false
			select {
			case back <- struct{}{}:
			default:
			}
		case state == connectivity.Ready:
		case state == connectivity.Idle:
			lost = true
			// One that is up and gone at once, again and again, has no backoff of
			// gRPC's own: that begins anew whenever it was up.
			select {
			case <-time.After(loadWaitLast - time.Since(last)):
			case <-ctx.Done():
				return
			}
			last = time.Now()
			c.Connect()
		default:
			lost = true
		}
		if !c.WaitForStateChange(ctx, state) {
			return
		}
	}
}
