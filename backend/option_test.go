// SPDX-License-Identifier: Apache-2.0

package backend

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	"sluice/internal/bubble"
	numbersv1 "sluice/proto/gen/sluice/numbers/v1"
)

func TestMaxStreams(t *testing.T) {
	t.Parallel()
	recorded := newRecorder()
	r := start(t, New(WithMaxStreams(2), WithMetrics(recorded)))
	ctx := within(t, time.Minute)
	open := func() (context.CancelFunc, error) {
		ctx, cancel := context.WithCancel(ctx)
		stream, err := r.client.Generate(ctx, &numbersv1.GenerateRequest{Endless: true, MinPause: durationpb.New(time.Hour)})
		if err != nil {
			t.Fatal(err)
		}
		if md, err := stream.Header(); err != nil || md == nil {
			cancel()
			_, err := stream.Recv()
			return nil, err
		}
		return cancel, nil
	}
	first, err := open()
	if err != nil {
		t.Fatal(err)
	}
	second, err := open()
	if err != nil {
		t.Fatal(err)
	}
	defer second()
	if _, err := open(); status.Code(err) != codes.ResourceExhausted {
		t.Errorf("a third stream of two: %v", err)
	}
	first()
	recorded.await(ctx, t, "the end of the first stream", func(r *recorder) bool { return r.ended[codes.Canceled] == 1 })
	third, err := open()
	if err != nil {
		t.Fatalf("when one has gone: %v", err)
	}
	third()
	recorded.await(ctx, t, "the refusal among the ended", func(r *recorder) bool { return r.ended[codes.ResourceExhausted] == 1 })
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	recorded := newRecorder()
	r := start(t, New(WithMetrics(recorded)))
	ctx := within(t, time.Minute)
	if _, err := collect(ctx, r.client, unpaced(&numbersv1.GenerateRequest{Count: 7})); err != nil {
		t.Fatal(err)
	}
	if _, err := collect(ctx, r.client, &numbersv1.GenerateRequest{Sequence: 50}); err == nil {
		t.Fatal("no error")
	}
	recorded.await(ctx, t, "two ends", func(r *recorder) bool {
		return r.opened == 2 && r.sent == 7 && cmp.Equal(r.ended, map[codes.Code]int{codes.OK: 1, codes.InvalidArgument: 1})
	})
}

// logLines reads what a JSON handler wrote.
func logLines(t *testing.T, log []byte) []map[string]any {
	t.Helper()
	var lines []map[string]any
	for line := range bytes.Lines(log) {
		var fields map[string]any
		if err := json.Unmarshal(line, &fields); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, fields)
	}
	return lines
}

func TestLogging(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		service := New(
			WithMaxStreams(1),
			WithLogger(slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))),
		)
		r := start(t, service)
		ctx, cancel := context.WithCancel(t.Context())
		held, err := r.client.Generate(ctx, unpaced(&numbersv1.GenerateRequest{Count: 3}))
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			if _, err := held.Recv(); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		_, _ = collect(ctx, r.client, &numbersv1.GenerateRequest{Sequence: 50})
		held, err = r.client.Generate(ctx, &numbersv1.GenerateRequest{MinPause: durationpb.New(time.Hour)})
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		for range 3 { // warned of once
			_, _ = collect(ctx, r.client, &numbersv1.GenerateRequest{})
		}
		<-time.After(time.Minute) // warned of once more
		_, _ = collect(ctx, r.client, &numbersv1.GenerateRequest{})
		cancel()
		if _, err := held.Recv(); status.Code(err) != codes.Canceled {
			t.Fatal(err)
		}
		synctest.Wait()
		var got []string
		for _, line := range logLines(t, log.Bytes()) {
			got = append(got, fmt.Sprintf("%v %v code=%v sequence=%v position=%v sent=%v", line["level"], line["msg"], line["code"], line["sequence"], line["position"], line["sent"]))
		}
		const full = "WARN too many streams: calls are refused with RESOURCE_EXHAUSTED code=<nil> sequence=<nil> position=<nil> sent=<nil>"
		const refused = "DEBUG stream ended code=RESOURCE_EXHAUSTED sequence=<nil> position=<nil> sent=0"
		want := []string{
			"INFO stream ended code=OK sequence=SEQUENCE_COUNTING position=3 sent=3",
			"DEBUG stream ended code=INVALID_ARGUMENT sequence=<nil> position=<nil> sent=0",
			full, refused, refused, refused,
			full, refused,
			"INFO stream ended code=CANCELLED sequence=SEQUENCE_COUNTING position=0 sent=0",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("log (-want +got):\n%s", diff)
		}
	})
}

// Without options, and with those that mean the default, a service is silent
// and has its default limit.
func TestDefaultOptions(t *testing.T) {
	t.Parallel()
	for _, service := range []*Service{
		New(),
		New(WithMaxStreams(0), WithLogger(nil), WithMetrics(nil)),
		New(WithMaxStreams(5), WithMaxStreams(-1)),
	} {
		if service.maxStreams != DefaultMaxStreams {
			t.Errorf("at most %d streams", service.maxStreams)
		}
		stream := errorStream{ctx: t.Context()}
		if err := service.Generate(unpaced(&numbersv1.GenerateRequest{Count: 2}), stream); err != nil {
			t.Error(err)
		}
	}
}
