// SPDX-License-Identifier: Apache-2.0

package backend

import (
	"context"
	"slices"
	"strings"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// calls are the calls that a Server has open: what it limits, what Shutdown
// waits for, and what it ends.
//
// A call counts from its headers on. The limit of the Service is not enough:
// it is asked only when the request is there, and a call whose request does
// not come has cost its goroutine all the same.
type calls struct {
	max   [callKinds]int64
	ended context.Context // done once calls are to end
	end   context.CancelFunc

	mu      sync.Mutex
	open    [callKinds]int64
	waiting []chan struct{} // closed when there are none of numbers
}

// callKind says which limit a call counts towards. Whoever watches health, or
// asks what there is, must not be able to keep others from their numbers.
type callKind int

const (
	callOfNumbers callKind = iota // of the number service
	callOfOthers                  // of health and reflection
	callKinds
)

var (
	errTooManyCalls = status.Error(codes.ResourceExhausted, "the server already has the calls that it serves at once; try again later")

	// errShutdown is the cause of the end of a context that ends with its server.
	errShutdown = status.Error(codes.Unavailable, "the server is shutting down; a resume_token goes on here or on another replica")
)

func newCalls(numbers, others int64) *calls {
	c := &calls{max: [callKinds]int64{callOfNumbers: numbers, callOfOthers: others}}
	c.ended, c.end = context.WithCancel(context.Background())
	return c
}

// intercept is a grpc.StreamServerInterceptor.
func (c *calls) intercept(service any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	kind := callOfOthers
	if strings.HasPrefix(info.FullMethod, "/"+Name+"/") {
		kind = callOfNumbers
	}
	if !c.begin(kind) {
		return errTooManyCalls
	}
	defer c.done(kind)
	ctx, cancel := context.WithCancelCause(stream.Context())
	defer cancel(nil)
	defer context.AfterFunc(c.ended, func() { cancel(errShutdown) })()
	return handler(service, &endingStream{ServerStream: stream, ctx: ctx})
}

// limited returns the description of a service whose unary methods count as
// calls, other than of numbers. An interceptor would come too late for them: they read the request
// before.
func (c *calls) limited(service grpc.ServiceDesc) *grpc.ServiceDesc {
	service.Methods = slices.Clone(service.Methods)
	for i, method := range service.Methods {
		handle := method.Handler
		service.Methods[i].Handler = func(srv any, ctx context.Context, decode func(any) error, interceptor grpc.UnaryServerInterceptor) (any, error) {
			if !c.begin(callOfOthers) {
				return nil, errTooManyCalls
			}
			defer c.done(callOfOthers)
			return handle(srv, ctx, decode, interceptor)
		}
	}
	return &service
}

// idle returns a channel that is closed when no call of the number service is
// open, now or later. A watcher of health, who never leaves of itself, is not
// waited for.
func (c *calls) idle() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	idle := make(chan struct{})
	if c.open[callOfNumbers] == 0 {
		close(idle)
	} else {
		c.waiting = append(c.waiting, idle)
	}
	return idle
}

// begin counts a call in, if there may be one more of its kind.
func (c *calls) begin(kind callKind) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.open[kind] >= c.max[kind] {
		return false
	}
	c.open[kind]++
	return true
}

// done counts a call out that was counted in.
func (c *calls) done(kind callKind) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.open[kind]--
	if c.open[callOfNumbers] == 0 {
		for _, idle := range c.waiting {
			close(idle)
		}
		c.waiting = nil
	}
}

// endingStream is a stream with a context that also ends with the server.
type endingStream struct {
	grpc.ServerStream
	ctx context.Context
}

func (s *endingStream) Context() context.Context { return s.ctx }
