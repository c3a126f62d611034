// SPDX-License-Identifier: Apache-2.0

package backend

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"sync/atomic"
	"time"

	rpccode "google.golang.org/genproto/googleapis/rpc/code"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	numbersv1 "sluice/proto/gen/sluice/numbers/v1"
)

// Name is the full name of the service, as health checks and reflection know it.
const Name = "sluice.numbers.v1.NumberService"

// Service is the number service: an implementation of
// numbersv1.NumberServiceServer that can be registered with any gRPC server.
// Make one with New; it is safe for concurrent use and holds nothing that has
// to be closed. Its streams end when their contexts do; where the cause of that
// (context.Cause) is an error with a gRPC status, they end with that status.
type Service struct {
	numbersv1.UnimplementedNumberServiceServer

	maxStreams int64
	log        *slog.Logger
	metrics    Metrics

	streams  atomic.Int64
	fullSaid atomic.Int64 // when it was last logged that there were too many streams, in Unix time
}

var _ numbersv1.NumberServiceServer = (*Service)(nil)

// New returns a service with DefaultMaxStreams, which logs nothing and is not
// measured unless options say so.
func New(options ...Option) *Service {
	s := &Service{
		maxStreams: DefaultMaxStreams,
		log:        slog.New(slog.DiscardHandler),
		metrics:    noMetrics{},
	}
	for _, option := range options {
		option.applyToService(s)
	}
	return s
}

// Generate streams numbers as numbers.proto says. It returns nil after the last
// number, and else an error with a gRPC status.
func (s *Service) Generate(req *numbersv1.GenerateRequest, stream grpc.ServerStreamingServer[numbersv1.GenerateResponse]) error {
	begun := time.Now()
	s.metrics.StreamOpened()
	var g generation
	err := s.generate(&g, req, stream)
	code := status.Code(err)
	s.metrics.StreamEnded(code)
	s.logEnd(stream.Context(), &g, time.Since(begun), code, err)
	return err
}

// generation is one call of Generate.
type generation struct {
	plan plan
	at   place
	sent uint64
}

func (s *Service) generate(g *generation, req *numbersv1.GenerateRequest, stream grpc.ServerStreamingServer[numbersv1.GenerateResponse]) error {
	if !s.acquire() {
		s.logFull()
		return status.Errorf(codes.ResourceExhausted, "the server already has the %d streams that it serves at once; try again later", s.maxStreams)
	}
	defer s.streams.Add(-1)
	var err error
	if g.plan, g.at, err = begin(req); err != nil {
		return err
	}
	// The caller learns now that the request is well, and not with the first
	// number, which may be an hour away. If that fails, an interceptor was
	// first, or the caller has gone, which shows in the context.
	_ = stream.SendHeader(nil)
	return s.send(g, stream)
}

// acquire takes one of the streams that may be open, if there is one left.
func (s *Service) acquire() bool {
	for {
		open := s.streams.Load()
		if open >= s.maxStreams {
			return false
		}
		if s.streams.CompareAndSwap(open, open+1) {
			return true
		}
	}
}

// begin returns what a request asks for: where its token goes on, or from the
// start what its other fields say.
func begin(req *numbersv1.GenerateRequest) (plan, place, error) {
	var faults violations
	if token := req.GetResumeToken(); token != "" {
		p, at, err := readToken(token)
		if err != nil {
			faults.add("resume_token", fmt.Sprintf("must be a token that this service gave out with a number: %v", err))
		}
		return p, at, faults.err()
	}
	p, faults := newPlan(req, 1+rand.Uint32N(math.MaxUint32))
	if len(faults) > 0 {
		return plan{}, place{}, faults.err()
	}
	return p, place{state: firstState(p)}, nil
}

// send sends what is left of a generation. It is the one place where a stream
// spends its time: waiting for a pause to pass, or for the reader.
func (s *Service) send(g *generation, stream grpc.ServerStreamingServer[numbersv1.GenerateResponse]) error {
	ctx := stream.Context()
	numbers := newSequence(g.plan, g.at)
	tokens := newTokenWriter(g.plan)
	var wait waiter
	defer wait.stop()
	for !g.plan.done(g.at) {
		if g.at.position == math.MaxUint32 {
			return status.Errorf(codes.OutOfRange, "position %d is the last that there is", g.at.position)
		}
		position := g.at.position + 1
		value, ok := numbers.next(position)
		if !ok {
			return status.Errorf(codes.OutOfRange, "%v has no number at position %d that a double holds exactly", g.plan.sequence, position)
		}
		if !wait.wait(ctx, g.plan.pause(position)) {
			return contextStatus(ctx)
		}
		g.at = place{position: position, state: numbers.state()}
		if err := stream.Send(newResponse(g.at, value, tokens)); err != nil {
			return err
		}
		g.sent++
		s.metrics.NumberSent()
	}
	return nil
}

// contextStatus is the status of a stream whose context has ended.
func contextStatus(ctx context.Context) error {
	if st, ok := status.FromError(context.Cause(ctx)); ok {
		return st.Err()
	}
	return status.FromContextError(ctx.Err()).Err()
}

// newResponse returns a response of its own for each number: gRPC does not
// allow one to be changed once it was sent, for interceptors and tracing may
// still read it. It and its time are one allocation, the token another.
func newResponse(at place, value float64, tokens *tokenWriter) *numbersv1.GenerateResponse {
	now := time.Now()
	r := &struct {
		response   numbersv1.GenerateResponse
		createTime timestamppb.Timestamp
	}{}
	r.createTime.Seconds = now.Unix()
	r.createTime.Nanos = int32(now.Nanosecond())
	r.response.Position = at.position
	r.response.Value = value
	r.response.CreateTime = &r.createTime
	r.response.ResumeToken = tokens.write(at)
	return &r.response
}

// waiter waits with one timer, made when it is first needed. The zero value is
// ready.
type waiter struct{ timer *time.Timer }

// wait waits for a pause to pass and returns true, or for the context to end
// and returns false. A pause of 0 only looks at the context.
func (w *waiter) wait(ctx context.Context, pause time.Duration) bool {
	if pause == 0 {
		return ctx.Err() == nil
	}
	if w.timer == nil {
		w.timer = time.NewTimer(pause)
	} else {
		w.timer.Reset(pause)
	}
	select {
	case <-ctx.Done():
		return false
	case <-w.timer.C:
		return true
	}
}

func (w *waiter) stop() {
	if w.timer != nil {
		w.timer.Stop()
	}
}

// logEnd logs the end of a call: one that was refused only for those who look
// closely, since it is the caller's affair.
func (s *Service) logEnd(ctx context.Context, g *generation, took time.Duration, code codes.Code, err error) {
	level := slog.LevelInfo
	if g.plan == (plan{}) {
		level = slog.LevelDebug
	}
	if !s.log.Enabled(ctx, level) {
		return
	}
	attrs := []slog.Attr{
		slog.String("code", rpccode.Code(code).String()),
		slog.Float64("seconds", took.Seconds()),
		slog.Uint64("sent", g.sent),
	}
	if g.plan != (plan{}) {
		attrs = append(
			attrs,
			slog.String("sequence", g.plan.sequence.String()),
			slog.Uint64("position", uint64(g.at.position)),
		)
	}
	if p, ok := peer.FromContext(ctx); ok {
		attrs = append(attrs, slog.String("peer", p.Addr.String()))
	}
	if err != nil {
		attrs = append(attrs, slog.String("error", status.Convert(err).Message()))
	}
	s.log.LogAttrs(ctx, level, "stream ended", attrs...)
}

// logFull warns that calls are refused, at most once in a minute: whoever makes
// the calls must not be able to fill the log with it.
func (s *Service) logFull() {
	now := time.Now().Unix()
	said := s.fullSaid.Load()
	if now-said >= 60 && s.fullSaid.CompareAndSwap(said, now) {
		s.log.Warn("too many streams: calls are refused with RESOURCE_EXHAUSTED", slog.Int64("max_streams", s.maxStreams))
	}
}
