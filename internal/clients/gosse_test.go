// SPDX-License-Identifier: Apache-2.0

package clients

import (
	"bufio"
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	sse "github.com/tmaxmax/go-sse"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/reflection"

	"sluice/bridge"
	"sluice/internal/rig"
	numbersv1 "sluice/proto/gen/sluice/numbers/v1"
)

// goSSE is a way to read with go-sse.
type goSSE struct {
	// last is the id of the event to go on after, if there is one.
	last string
	// largest is how large an event may be; 0 leaves it its own 64 KiB.
	largest int
	// onRetry is called before it comes back, with why.
	onRetry func(error)
}

// read reads a stream until the server says by 204 that there is nothing more,
// for which it gives up, or until ctx is done.
func (g goSSE) read(ctx context.Context, url string) (got []heard, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	if g.last != "" {
		r.Header.Set("Last-Event-ID", g.last)
	}
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	var status int
	client := sse.Client{
		HTTPClient: &http.Client{Transport: transport},
		Backoff:    sse.Backoff{InitialInterval: 5 * time.Millisecond, Multiplier: 1, Jitter: -1},
		ResponseValidator: func(res *http.Response) error {
			status = res.StatusCode
			return sse.DefaultValidator(res)
		},
		OnRetry: func(err error, _ time.Duration) {
			if g.onRetry != nil {
				g.onRetry(err)
			}
		},
	}
	conn := client.NewConnection(r)
	if g.largest > 0 {
		conn.Buffer(nil, g.largest)
	}
	conn.SubscribeToAll(func(e sse.Event) {
		kind := e.Type
		if kind == "" {
			kind = "message"
		}
		got = append(got, heard{ID: e.LastEventID, Type: kind, Data: e.Data})
	})
	if err := conn.Connect(); status != http.StatusNoContent {
		return got, err
	}
	return got, nil
}

// readGoSSE reads a stream as it does by itself.
func readGoSSE(t testing.TB, url string) (got []heard, err error) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	return goSSE{}.read(ctx, url)
}

// It makes an event also of a block that has no data, such as the one that a
// stream begins with.
func TestGoSSE(t *testing.T) {
	t.Parallel()
	for _, tr := range troubles {
		t.Run(tr.name, func(t *testing.T) {
			t.Parallel()
			s := newStack(t, tr)
			got, err := readGoSSE(t, s.url+path)
			if err != nil {
				t.Fatal(err)
			}
			full, empty := data(got)
			check(t, full, count)
			s.checkRuns(t, tr, 1)
			if empty == 0 {
				t.Error("it no longer makes an event of a block without data; say so where it is said that it does")
			}
		})
	}
}

// large is a service whose second number comes with 80 KB beside it.
type large struct {
	numbersv1.UnimplementedNumberServiceServer
}

func (large) Generate(_ *numbersv1.GenerateRequest, s grpc.ServerStreamingServer[numbersv1.GenerateResponse]) error {
	for i := range uint32(fewCount) {
		m := &numbersv1.GenerateResponse{Position: i + 1}
		if i == 1 {
			m.ResumeToken = strings.Repeat("x", 80<<10)
		}
		if err := s.Send(m); err != nil {
			return err
		}
	}
	return nil
}

// It takes no event that is larger than 64 KiB, takes one for a connection that
// broke, and comes back for it again and again. Nothing is lost by that: it is
// offered the event each time, of the same run, and whoever gives it a larger
// buffer then goes on with just that event.
//
// What it has of an event when the stream breaks off it no longer makes one of,
// as its older versions did: TestCutInsideAnEvent has that.
func TestGoSSELargeEvents(t *testing.T) {
	t.Parallel()
	srv := grpc.NewServer()
	numbersv1.RegisterNumberServiceServer(srv, large{})
	reflection.Register(srv)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var serving sync.WaitGroup
	serving.Go(func() { _ = srv.Serve(l) })
	conn, err := grpc.NewClient(l.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	var count counter
	b, err := bridge.New(conn, bridge.WithObserver(&count), bridge.WithRetry(5*time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	front := rig.Serve(t, b)
	t.Cleanup(func() {
		front.Close()
		b.Close()
		conn.Close()
		srv.Stop()
		serving.Wait()
	})
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for b.Ready() != nil && ctx.Err() == nil {
		<-time.After(time.Millisecond)
	}

	reading, stop := context.WithCancel(ctx)
	defer stop()
	var retries []error
	small, err := goSSE{onRetry: func(err error) {
		if retries = append(retries, err); len(retries) == 3 {
			stop()
		}
	}}.read(reading, front.URL+"/sse")
	small, _ = data(small)
	if len(small) != 1 || !strings.HasPrefix(small[0].Data, `{"position":1,`) || len(retries) != 3 || !errors.Is(retries[0], bufio.ErrTooLong) {
		t.Fatalf("of a large event it no longer comes back for ever; say so where it is said that it does: %d events, %v, %v", len(small), retries, err)
	}
	rest, err := goSSE{last: small[0].ID, largest: 1 << 20}.read(ctx, front.URL+"/sse")
	if err != nil {
		t.Fatal(err)
	}
	rest, _ = data(rest)
	check(t, append(small, rest...), fewCount)
	if runs := count.runs.Load(); runs != 1 {
		t.Errorf("the backend was called %d times, want once", runs)
	}
}
