// SPDX-License-Identifier: Apache-2.0

package backend

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"math"
	"net"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	healthgrpc "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/keepalive"

	numbersv1 "sluice/proto/gen/sluice/numbers/v1"
)

const (
	// DefaultMaxConns is how many connections a Server holds at once.
	DefaultMaxConns = 1_000

	// MaxRequestBytes bounds a request message; a longer one is refused with
	// RESOURCE_EXHAUSTED before it is read. What the service takes is under
	// 200 bytes.
	MaxRequestBytes = 16 << 10

	// MaxHeaderBytes bounds the headers of a request, metadata included.
	MaxHeaderBytes = 32 << 10

	// HandshakeTimeout is how long a connection may take to become one of
	// HTTP/2, TLS included.
	HandshakeTimeout = 10 * time.Second

	// KeepaliveTime is how long a connection may be silent before it is asked
	// for a sign of life, and KeepaliveTimeout how long that may take to come:
	// the streams of a peer that vanished end within the two together.
	KeepaliveTime    = 30 * time.Second
	KeepaliveTimeout = 10 * time.Second

	// MinClientPing is how often a client may ask for one, with streams or
	// without. A connection on which it is more often is closed. gRPC clients
	// ask at most every 10 s.
	MinClientPing = 5 * time.Second

	// MaxConnIdle is how long a connection without streams is kept.
	MaxConnIdle = 15 * time.Minute

	// DefaultMaxConnStreams is how many streams one connection may have at
	// once: a part of all, so that no one connection takes every place there
	// is, and more than bridges put on one.
	DefaultMaxConnStreams = 500

	// SpareCalls is how many calls of the number service a server takes at once
	// beyond its streams, to be told that there are too many.
	SpareCalls = 100

	// MaxOtherCalls is how many calls of health and reflection a server serves
	// at once. They take no places of the number service's.
	MaxOtherCalls = 1_000

	// flushTime is how long streams that are ended at shutdown have to tell
	// their callers so.
	flushTime = time.Second
)

// Server is a gRPC server for a Service, with what a server on its own needs:
// reflection, health, limits, keepalive, TLS, graceful stop. Make one with
// NewServer. Its methods are safe for concurrent use.
type Server struct {
	grpc     *grpc.Server
	health   *healthServer
	calls    *calls
	maxConns int
	log      *slog.Logger
}

// ServerOption configures a Server.
type ServerOption interface{ applyToServer(*serverSettings) }

type serverOptionFunc func(*serverSettings)

func (f serverOptionFunc) applyToServer(s *serverSettings) { f(s) }

type serverSettings struct {
	tls            *tls.Config
	maxConns       int
	maxConnStreams uint32
}

// WithTLS makes the server speak TLS and nothing else. The configuration needs
// at least a certificate. Nil, and the default, is plaintext.
func WithTLS(config *tls.Config) ServerOption {
	return serverOptionFunc(func(s *serverSettings) { s.tls = config })
}

// WithMaxConns sets how many connections of a listener are held at once; one
// more is closed as soon as it is made. Below 1 stands for DefaultMaxConns.
func WithMaxConns(n int) ServerOption {
	if n < 1 {
		n = DefaultMaxConns
	}
	return serverOptionFunc(func(s *serverSettings) { s.maxConns = n })
}

// WithMaxConnStreams sets how many streams one connection may have at once,
// those of health and reflection among them. gRPC clients keep to it by letting
// calls wait, without a word, until another ends: who has more of them opens more
// connections. Below 1 stands for DefaultMaxConnStreams.
func WithMaxConnStreams(n int) ServerOption {
	if n < 1 {
		n = DefaultMaxConnStreams
	}
	return serverOptionFunc(func(s *serverSettings) {
		s.maxConnStreams = uint32(min(n, math.MaxInt32))
	})
}

// NewServer returns a server for the service. It serves nothing before Serve.
func NewServer(service *Service, options ...ServerOption) *Server {
	settings := serverSettings{maxConns: DefaultMaxConns, maxConnStreams: DefaultMaxConnStreams}
	for _, option := range options {
		option.applyToServer(&settings)
	}
	s := &Server{
		health:   newHealthServer(Name),
		calls:    newCalls(service.maxStreams+SpareCalls, MaxOtherCalls),
		maxConns: settings.maxConns,
		log:      service.log,
	}
	// Compression is not on the list: without a compressor registered, a
	// compressed request is refused, and none can be a bomb.
	grpcOptions := []grpc.ServerOption{
		grpc.MaxRecvMsgSize(MaxRequestBytes),
		grpc.MaxHeaderListSize(MaxHeaderBytes),
		grpc.MaxConcurrentStreams(settings.maxConnStreams),
		grpc.ConnectionTimeout(HandshakeTimeout),
		grpc.KeepaliveParams(keepalive.ServerParameters{
			MaxConnectionIdle: MaxConnIdle,
			Time:              KeepaliveTime,
			Timeout:           KeepaliveTimeout,
		}),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{
			MinTime:             MinClientPing,
			PermitWithoutStream: true,
		}),
		grpc.ChainStreamInterceptor(s.calls.intercept),
		grpc.WaitForHandlers(true), // so that nothing runs on after Shutdown
	}
	if settings.tls != nil {
		grpcOptions = append(grpcOptions, grpc.Creds(credentials.NewTLS(settings.tls)))
	}
	s.grpc = grpc.NewServer(grpcOptions...)
	numbersv1.RegisterNumberServiceServer(s.grpc, service)
	s.grpc.RegisterService(s.calls.limited(healthgrpc.Health_ServiceDesc), s.health)
	registerReflection(s.grpc)
	return s
}

// Serve accepts connections until Shutdown, and then returns nil. It closes
// the listener.
func (s *Server) Serve(listener net.Listener) error {
	err := s.grpc.Serve(newLimitListener(listener, s.maxConns, s.log))
	if errors.Is(err, grpc.ErrServerStopped) { // Shutdown came first
		return nil
	}
	return err
}

// Shutdown stops the server: health says NOT_SERVING, no connection is accepted,
// and those there are take no new stream. Streams go on until the context ends;
// what is left of them then ends with UNAVAILABLE, which tells callers to go on
// elsewhere with their resume tokens. Streams other than of numbers are not
// waited for.
//
// It returns when all has stopped, at most a second after the context's end:
// nil, or the context's error if streams had to be ended.
func (s *Server) Shutdown(ctx context.Context) error {
	s.health.Shutdown()
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		s.grpc.GracefulStop()
	}()
	var err error
	idle := s.calls.idle()
	select {
	case <-idle:
	case <-ctx.Done():
		select {
		case <-idle: // as well
		default:
			err = ctx.Err()
		}
	}
	s.calls.end()
	flush := time.NewTimer(flushTime)
	defer flush.Stop()
	select {
	case <-stopped:
	case <-flush.C:
		s.grpc.Stop()
		<-stopped
	}
	return err
}
