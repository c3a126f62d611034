// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/durationpb"

	"sluice/bridge/sse"
	numbersv1 "sluice/proto/gen/sluice/numbers/v1"
)

// ageGRPC reads a stream as a gRPC client does, on a connection of its own as a
// browser would have.
func ageGRPC(ctx context.Context, addr string, pause time.Duration, age func(time.Duration)) error {
	conn, err := grpc.NewClient(addr, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer conn.Close()
	stream, err := numbersv1.NewNumberServiceClient(conn).Generate(ctx, &numbersv1.GenerateRequest{
		Endless: true, Seed: 1, MinPause: durationpb.New(pause), MaxPause: durationpb.New(pause),
	})
	if err != nil {
		return err
	}
	for {
		r, err := stream.Recv()
		if err != nil {
			return err
		}
		age(time.Since(r.GetCreateTime().AsTime()))
	}
}

// ageSSE reads a stream of events.
func ageSSE(ctx context.Context, addr string, pause time.Duration, age func(time.Duration)) error {
	url := fmt.Sprintf("http://%s%s?endless=true&seed=1&min_pause=%gs&max_pause=%gs", addr, streamPath, pause.Seconds(), pause.Seconds())
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	client := &http.Transport{DisableCompression: true, DisableKeepAlives: true}
	res, err := client.RoundTrip(r)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("the answer is %s", res.Status)
	}
	h := ages{age: age}
	var p sse.Parser
	buf := make([]byte, 64<<10)
	for {
		n, err := res.Body.Read(buf)
		h.now = time.Now() // Before it is looked at: the bytes are there.
		if n > 0 {
			if err := p.Feed(buf[:n], &h); err != nil {
				return err
			}
		}
		if h.err != nil {
			return h.err
		}
		if err != nil {
			return err
		}
	}
}

// ages tells how old the events of a piece are.
type ages struct {
	now time.Time
	age func(time.Duration)
	err error
}

// Event implements sse.Handler.
func (a *ages) Event(e sse.Event) {
	const key = `"createTime":"`
	_, rest, _ := bytes.Cut(e.Data, []byte(key))
	text, _, ok := bytes.Cut(rest, []byte(`"`))
	made, err := time.Parse(time.RFC3339Nano, string(text))
	if !ok || err != nil {
		a.err = fmt.Errorf("an event says not when it was made: %s %q", e.Type, e.Data)
		return
	}
	a.age(a.now.Sub(made))
}

// Comment implements sse.Handler.
func (*ages) Comment([]byte) {}

// Retry implements sse.Handler.
func (*ages) Retry(time.Duration) {}
