// SPDX-License-Identifier: Apache-2.0

package pool_test

import (
	"context"
	"net"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/test/bufconn"

	"sluice/bridge/pool"
	"sluice/internal/bubble"
)

// slowHealth takes its time for every Check.
type slowHealth struct {
	*health.Server
	takes time.Duration
}

func (s slowHealth) Check(ctx context.Context, r *healthpb.HealthCheckRequest) (*healthpb.HealthCheckResponse, error) {
	time.Sleep(s.takes)
	return s.Server.Check(ctx, r)
}

// Calls that come and go keep a connection full, and take each place on it that
// becomes free: the server's limit is found out all the same, and a stream that
// stays waits no longer than a moment.
func TestBoundIsLearnedWhileCallsComeAndGo(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		const limit, clients = 4, 60
		l := bufconn.Listen(64 << 10)
		srv := grpc.NewServer(grpc.MaxConcurrentStreams(limit), grpc.WaitForHandlers(true))
		healthpb.RegisterHealthServer(srv, slowHealth{health.NewServer(), 30 * time.Millisecond})
		var wg sync.WaitGroup
		defer wg.Wait()
		wg.Go(func() { srv.Serve(l) })
		defer srv.Stop()
		p, err := pool.New(pool.Config{Dial: func() (*grpc.ClientConn, error) {
			return grpc.NewClient("passthrough:///health", grpc.WithTransportCredentials(insecure.NewCredentials()),
				grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return l.DialContext(ctx) }))
		}})
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		for range limit - 1 {
			if _, err := watch(ctx, p); err != nil {
				t.Fatal(err)
			}
		}
		for range clients {
			wg.Go(func() {
				for ctx.Err() == nil {
					if _, err := healthpb.NewHealthClient(p).Check(ctx, &healthpb.HealthCheckRequest{}); err != nil && ctx.Err() == nil {
						t.Errorf("a call failed: %v", err)
					}
				}
			})
		}
		time.Sleep(10 * time.Millisecond)
		begun := time.Now()
		if _, err := watch(ctx, p); err != nil {
			t.Fatal(err)
		}
		if waited := time.Since(begun); waited > time.Second {
			t.Errorf("a stream waited for %v", waited)
		}
		if s := p.Stats(); s.Conns < 2 {
			t.Errorf("the pool carries %+v, and a connection takes no more than %d", s, limit)
		}
		// Now that the limit is known nothing waits.
		for range limit {
			begun := time.Now()
			if _, err := watch(ctx, p); err != nil {
				t.Fatal(err)
			}
			if waited := time.Since(begun); waited > 100*time.Millisecond {
				t.Errorf("a stream waited for %v, though the limit is known", waited)
			}
		}
	})
}
