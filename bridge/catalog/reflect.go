// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jhump/protoreflect/v2/grpcreflect"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	reflectionv1 "google.golang.org/grpc/reflection/grpc_reflection_v1"
	reflectionv1alpha "google.golang.org/grpc/reflection/grpc_reflection_v1alpha"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

// Errors of [Reflect], found with [errors.Is]. The error holds the backend's
// own status beside them, for [status.Code].
var (
	// ErrUnreachable is the error of a backend that does not answer. It may do so
	// later.
	ErrUnreachable = errors.New("the backend cannot be reached")
	// ErrNoReflection is the error of a backend that answers but does not offer
	// reflection. That does not change by waiting.
	ErrNoReflection = errors.New("the backend does not offer gRPC reflection: register it there " +
		"(in Go, reflection.Register), or give the bridge a descriptor set of its services (sluice --descriptor-set FILE, as buf build -o FILE writes it)")
)

// Bounds on what [Reflect] takes from a backend.
const (
	// DefaultReflectTimeout is how long reflection may take where the context
	// sets no deadline.
	DefaultReflectTimeout = 30 * time.Second
	// MaxReflectBytes is how much a backend may send, all descriptors together.
	MaxReflectBytes = 64 << 20
	// reflectAnswerCost is what an answer counts at least, so that the number of
	// them is bounded too.
	reflectAnswerCost = 256
)

// Reflector asks a backend for its catalog by gRPC server reflection, any number
// of times, and knows what to ask for beside its services: the types that the
// backend has put into a google.protobuf.Any so far, which nothing else names. It
// may be used by any number of goroutines at once.
type Reflector struct {
	conn   grpc.ClientConnInterface
	missed *wanted
}

// NewReflector returns a reflector that asks the backend behind conn.
func NewReflector(conn grpc.ClientConnInterface) *Reflector {
	return &Reflector{conn, newWanted()}
}

// Missed returns a channel that has a value when a response held a type that the
// catalog lacks, and that was not asked for before: the time to ask again.
func (r *Reflector) Missed() <-chan struct{} { return r.missed.more }

// Reflect asks a backend for its catalog once, as [Reflector.Catalog] does.
func Reflect(ctx context.Context, conn grpc.ClientConnInterface) (*Catalog, error) {
	return NewReflector(conn).Catalog(ctx)
}

// Catalog returns the catalog of every service that the backend behind conn
// lists by gRPC server reflection, version v1 or else v1alpha, but for
// reflection itself. A service that the backend lists and cannot describe is
// left out and told in [Catalog.Problems]. Imports that the backend does not
// know are taken from this program where it has them. Extensions that no service
// imports are asked for, too, up to a number.
//
// It fails with [ErrUnreachable], [ErrNoReflection] or [ErrNoServices], with
// the context's error when its time is up, and with another error where the
// backend refuses, breaks the protocol or sends more than [MaxReflectBytes].
func (r *Reflector) Catalog(ctx context.Context) (*Catalog, error) {
	if _, ok := ctx.Deadline(); !ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, DefaultReflectTimeout)
		defer cancel()
	}
	metered := &meteredConn{ClientConnInterface: r.conn}
	client, names, err := listServices(ctx, metered)
	defer client.Reset()
	if err != nil {
		return nil, reflectError(ctx, metered, err)
	}
	slices.Sort(names)
	g := &gatherer{client: client}
	for _, name := range slices.Compact(names) {
		if strings.HasPrefix(string(name), reflectionPrefix) {
			continue
		}
		if err := g.add(name); err != nil {
			// Whatever keeps the backend from answering at all keeps it from
			// describing the other services too.
			if ctx.Err() != nil || metered.exceeded() || status.Code(err) == codes.Unavailable {
				return nil, reflectError(ctx, metered, err)
			}
			g.problems = append(g.problems, Problem{Subject: string(name), Text: "left out: the backend cannot describe it: " + plain(err)})
		}
	}
	g.addMissed(r.missed.names())
	g.addExtensions()
	return build(&g.files, g.services, g.problems, r.missed)
}

// listServices asks which services there are, and returns the client for the
// version of reflection that the backend speaks, which is to be reset.
//
// A backend that knows only v1alpha answers v1 with UNIMPLEMENTED; some break
// the connection off instead (https://github.com/fullstorydev/grpcurl/issues/434),
// which looks as if they were away. Whether one that seemed away has no
// reflection at all can only be told when it is back.
func listServices(ctx context.Context, conn grpc.ClientConnInterface) (*grpcreflect.Client, []protoreflect.FullName, error) {
	options := []grpcreflect.ClientOption{
		grpcreflect.WithAllowMissingFileDescriptors(),
		grpcreflect.WithFallbackResolvers(protoregistry.GlobalFiles, protoregistry.GlobalTypes),
	}
	v1 := grpcreflect.NewClientV1(ctx, reflectionv1.NewServerReflectionClient(conn), options...)
	names, err := v1.ListServices()
	code := status.Code(err)
	if code != codes.Unimplemented && code != codes.Unavailable {
		return v1, names, err
	}
	v1.Reset()
	v1alpha := grpcreflect.NewClientV1Alpha(ctx, reflectionv1alpha.NewServerReflectionClient(conn), options...)
	names, older := v1alpha.ListServices()
	if code == codes.Unavailable && older != nil {
		return v1alpha, nil, err
	}
	return v1alpha, names, older
}

// reflectError says why the backend did not describe its services.
func reflectError(ctx context.Context, metered *meteredConn, err error) error {
	switch code := status.Code(err); {
	case ctx.Err() != nil:
		return fmt.Errorf("the backend did not describe its services: %w: %w", ctx.Err(), err)
	case metered.exceeded():
		return fmt.Errorf("the backend's descriptors are larger than %d bytes: give the bridge a descriptor set of the services it should offer", MaxReflectBytes)
	case code == codes.Unavailable:
		return fmt.Errorf("%w: %w", ErrUnreachable, err)
	case code == codes.Unimplemented:
		return fmt.Errorf("%w: %w", ErrNoReflection, err)
	}
	return fmt.Errorf("the backend did not describe its services: %w", err)
}

// gatherer gathers the services of a backend and the files that they need.
type gatherer struct {
	client   *grpcreflect.Client
	files    protoregistry.Files
	services []protoreflect.ServiceDescriptor
	problems []Problem
}

// add asks for the service called name.
func (g *gatherer) add(name protoreflect.FullName) error {
	if !name.IsValid() {
		return fmt.Errorf("%q is no name of a service", name)
	}
	file, err := g.client.FileContainingSymbol(name)
	if err != nil {
		return err
	}
	service := file.Services().ByName(name.Name())
	if service == nil || service.FullName() != name {
		return fmt.Errorf("%s declares no such service", file.Path())
	}
	if err := g.register(file); err != nil {
		return err
	}
	g.services = append(g.services, service)
	return nil
}

// register adds a file and what it imports to the files.
func (g *gatherer) register(file protoreflect.FileDescriptor) error {
	if _, err := g.files.FindFileByPath(file.Path()); err == nil {
		return nil
	}
	for i := range file.Imports().Len() {
		imported := file.Imports().Get(i)
		if imported.IsPlaceholder() {
			continue
		}
		if err := g.register(imported.FileDescriptor); err != nil {
			return err
		}
	}
	return g.files.RegisterFile(file)
}

// meteredConn is a connection on which no more than [MaxReflectBytes] come back,
// over all streams together.
type meteredConn struct {
	grpc.ClientConnInterface
	received atomic.Int64
}

// exceeded reports whether more came back.
func (c *meteredConn) exceeded() bool { return c.received.Load() > MaxReflectBytes }

// NewStream opens a metered stream, on which a single message may be as large
// as all of them together.
func (c *meteredConn) NewStream(ctx context.Context, desc *grpc.StreamDesc, method string, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	opts = append(slices.Clone(opts), grpc.MaxCallRecvMsgSize(MaxReflectBytes))
	stream, err := c.ClientConnInterface.NewStream(ctx, desc, method, opts...)
	if err != nil {
		return nil, err
	}
	return &meteredStream{ClientStream: stream, conn: c}, nil
}

// meteredStream counts what it receives.
type meteredStream struct {
	grpc.ClientStream
	conn *meteredConn
}

// RecvMsg receives a message, unless too much has come already.
func (s *meteredStream) RecvMsg(m any) error {
	if err := s.ClientStream.RecvMsg(m); err != nil {
		return err
	}
	size := reflectAnswerCost
	if message, ok := m.(proto.Message); ok {
		size = max(size, proto.Size(message))
	}
	if s.conn.received.Add(int64(size)) > MaxReflectBytes {
		return status.Error(codes.ResourceExhausted, "descriptors are too large")
	}
	return nil
}
