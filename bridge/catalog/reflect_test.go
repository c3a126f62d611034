// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	testgrpc "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/reflection"
	reflectionv1 "google.golang.org/grpc/reflection/grpc_reflection_v1"
	reflectionv1alpha "google.golang.org/grpc/reflection/grpc_reflection_v1alpha"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"

	numbersv1 "sluice/proto/gen/sluice/numbers/v1"
	streamv1 "sluice/proto/gen/sluice/stream/v1"
)

// serve starts a gRPC server in memory and returns a connection to it.
func serve(t *testing.T, register func(*grpc.Server)) *grpc.ClientConn {
	t.Helper()
	server := grpc.NewServer()
	register(server)
	listener := bufconn.Listen(1 << 20)
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	t.Cleanup(func() {
		server.Stop()
		if err := <-served; err != nil {
			t.Errorf("serving: %v", err)
		}
	})
	return dial(t, func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) })
}

// dial returns a connection that is made by dialer.
func dial(t *testing.T, dialer func(context.Context, string) (net.Conn, error)) *grpc.ClientConn {
	t.Helper()
	conn, err := grpc.NewClient("passthrough:///backend", grpc.WithContextDialer(dialer), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := conn.Close(); err != nil {
			t.Errorf("closing the connection: %v", err)
		}
	})
	return conn
}

// registerAll registers the services that the reflected server offers.
func registerAll(s *grpc.Server) {
	numbersv1.RegisterNumberServiceServer(s, numbersv1.UnimplementedNumberServiceServer{})
	testgrpc.RegisterTestServiceServer(s, testgrpc.UnimplementedTestServiceServer{})
	healthpb.RegisterHealthServer(s, health.NewServer())
}

func TestReflect(t *testing.T) {
	t.Parallel()
	for name, register := range map[string]func(*grpc.Server){
		"v1 and v1alpha": func(s *grpc.Server) { reflection.Register(s) },
		"v1":             func(s *grpc.Server) { reflection.RegisterV1(s) },
		"v1alpha": func(s *grpc.Server) {
			reflectionv1alpha.RegisterServerReflectionServer(s, reflection.NewServer(reflection.ServerOptions{Services: s}))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn := serve(t, func(s *grpc.Server) {
				registerAll(s)
				register(s)
			})
			c, err := Reflect(t.Context(), conn)
			if err != nil {
				t.Fatal(err)
			}
			want := []string{
				"grpc.health.v1.Health/Check", "grpc.health.v1.Health/List", "grpc.health.v1.Health/Watch",
				"grpc.testing.TestService/CacheableUnaryCall", "grpc.testing.TestService/EmptyCall", "grpc.testing.TestService/FullDuplexCall",
				"grpc.testing.TestService/HalfDuplexCall", "grpc.testing.TestService/StreamingInputCall",
				"grpc.testing.TestService/StreamingOutputCall", "grpc.testing.TestService/UnaryCall",
				"grpc.testing.TestService/UnimplementedCall", generateName,
			}
			if diff := cmp.Diff(want, fullNames(c.Methods())); diff != "" {
				t.Errorf("methods (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff([]string{}, texts(c.Problems())); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
			m := c.Route("/sse")
			if m != c.Lookup(generateName) || m.Policy.OnDisconnect != OnDisconnectLinger || !m.CanResume() {
				t.Errorf("the options of %v are not read", m)
			}
			if strings.Contains(string(c.Describe()), `"given"`) {
				t.Error("a backend that described itself counts as one whose methods were given")
			}
			// What came by reflection handles what the generated code writes.
			wire, err := proto.Marshal(&numbersv1.GenerateResponse{Position: 1, ResumeToken: "t"})
			if err != nil {
				t.Fatal(err)
			}
			got, err := m.AppendResponse(nil, wire, 1<<20)
			if want := `{"position":1,"value":0,"resumeToken":"t"}`; err != nil || string(got) != want {
				t.Errorf("response %s, %v, want %s", got, err, want)
			}
			if _, err := m.RequestFromQuery(map[string][]string{"sequence": {"SEQUENCE_PRIMES"}, "min_pause": {"0s"}}); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestReflectWithoutReflection(t *testing.T) {
	t.Parallel()
	_, err := Reflect(t.Context(), serve(t, registerAll))
	if !errors.Is(err, ErrNoReflection) || errors.Is(err, ErrUnreachable) || status.Code(err) != codes.Unimplemented {
		t.Errorf("error %v, want ErrNoReflection with UNIMPLEMENTED", err)
	}
}

func TestReflectUnreachable(t *testing.T) {
	t.Parallel()
	refused := errors.New("nobody is there")
	conn := dial(t, func(context.Context, string) (net.Conn, error) { return nil, refused })
	_, err := Reflect(t.Context(), conn)
	if !errors.Is(err, ErrUnreachable) || errors.Is(err, ErrNoReflection) || status.Code(err) != codes.Unavailable {
		t.Errorf("error %v, want ErrUnreachable with UNAVAILABLE", err)
	}
	if !strings.Contains(err.Error(), refused.Error()) {
		t.Errorf("error %v does not say why", err)
	}
}

func TestReflectNothing(t *testing.T) {
	t.Parallel()
	_, err := Reflect(t.Context(), serve(t, func(s *grpc.Server) { reflection.Register(s) }))
	if !errors.Is(err, ErrNoServices) {
		t.Errorf("error %v, want ErrNoServices", err)
	}
}

// answering stands in for a backend's reflection: each request is answered as
// the function says.
type answering struct {
	reflectionv1.UnimplementedServerReflectionServer
	answer func(context.Context, *reflectionv1.ServerReflectionRequest) (*reflectionv1.ServerReflectionResponse, error)
}

func (a answering) ServerReflectionInfo(stream reflectionv1.ServerReflection_ServerReflectionInfoServer) error {
	for {
		request, err := stream.Recv()
		if err != nil {
			return err
		}
		response, err := a.answer(stream.Context(), request)
		if err != nil {
			return err
		}
		if err := stream.Send(response); err != nil {
			return err
		}
	}
}

// listing answers which services there are.
func listing(names ...string) *reflectionv1.ServerReflectionResponse {
	list := new(reflectionv1.ListServiceResponse)
	for _, name := range names {
		list.Service = append(list.Service, &reflectionv1.ServiceResponse{Name: name})
	}
	return &reflectionv1.ServerReflectionResponse{MessageResponse: &reflectionv1.ServerReflectionResponse_ListServicesResponse{ListServicesResponse: list}}
}

// describing answers with files.
func describing(t *testing.T, files ...*descriptorpb.FileDescriptorProto) *reflectionv1.ServerReflectionResponse {
	t.Helper()
	described := new(reflectionv1.FileDescriptorResponse)
	for _, file := range files {
		b, err := proto.Marshal(file)
		if err != nil {
			t.Error(err)
		}
		described.FileDescriptorProto = append(described.FileDescriptorProto, b)
	}
	return &reflectionv1.ServerReflectionResponse{MessageResponse: &reflectionv1.ServerReflectionResponse_FileDescriptorResponse{FileDescriptorResponse: described}}
}

// refusing answers that something is not known.
func refusing(code codes.Code, message string) *reflectionv1.ServerReflectionResponse {
	return &reflectionv1.ServerReflectionResponse{MessageResponse: &reflectionv1.ServerReflectionResponse_ErrorResponse{
		ErrorResponse: &reflectionv1.ErrorResponse{ErrorCode: int32(code), ErrorMessage: message},
	}}
}

// serveAnswers returns a connection to a backend that answers so.
func serveAnswers(t *testing.T, answer func(context.Context, *reflectionv1.ServerReflectionRequest) (*reflectionv1.ServerReflectionResponse, error)) *grpc.ClientConn {
	t.Helper()
	return serve(t, func(s *grpc.Server) { reflectionv1.RegisterServerReflectionServer(s, answering{answer: answer}) })
}

// One service that cannot be described costs no other.
func TestReflectKeepsTheRest(t *testing.T) {
	t.Parallel()
	good := fileOf(newService("S", newMethod("M", ".p.In", ".p.Out", &streamv1.StreamOptions{Path: "/good"})), newService("Unlisted", newMethod("M", ".p.In", ".p.Out", nil)))
	// Only options come from a file that is not there, and only a field's type.
	good.Dependency = []string{"their/options.proto"}
	needy := &descriptorpb.FileDescriptorProto{
		Name: proto.String("needy.proto"), Package: proto.String("needy"), Syntax: proto.String("proto3"),
		Dependency:  []string{"missing.proto", "google/protobuf/duration.proto"},
		MessageType: []*descriptorpb.DescriptorProto{newMessage("In", ".google.protobuf.Duration pause = 1")},
		Service:     []*descriptorpb.ServiceDescriptorProto{newService("N", newMethod("M", ".needy.In", ".missing.Out", nil))},
	}
	// Its imports are well known, and the backend does not know them.
	wellKnown := &descriptorpb.FileDescriptorProto{
		Name: proto.String("known.proto"), Package: proto.String("known"), Syntax: proto.String("proto3"),
		Dependency:  []string{"google/protobuf/duration.proto"},
		MessageType: []*descriptorpb.DescriptorProto{newMessage("In", ".google.protobuf.Duration pause = 1")},
		Service:     []*descriptorpb.ServiceDescriptorProto{newService("K", newMethod("M", ".known.In", ".known.In", nil))},
	}
	twice := fileOf(newService("T", newMethod("M", ".p.In", ".p.In", nil)))
	twice.Name = proto.String("twice.proto")
	conn := serveAnswers(t, func(_ context.Context, r *reflectionv1.ServerReflectionRequest) (*reflectionv1.ServerReflectionResponse, error) {
		if r.GetListServices() != "" {
			return listing("p.S", "p.S", "unknown.S", "needy.N", "known.K", "p.T", "other.Name", "", "p.In", "grpc.reflection.v1.ServerReflection"), nil
		}
		switch r.GetFileContainingSymbol() {
		case "p.S", "p.In":
			return describing(t, good), nil
		case "needy.N":
			return describing(t, needy), nil
		case "known.K":
			return describing(t, wellKnown), nil
		case "p.T":
			return describing(t, twice), nil
		case "other.Name":
			return describing(t, wellKnown), nil
		case "":
			return refusing(codes.NotFound, "no such file: "+r.GetFileByFilename()), nil
		}
		return refusing(codes.NotFound, "no such symbol"), nil
	})
	c, err := Reflect(t.Context(), conn)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"known.K/M", "p.S/M"}, fullNames(c.Methods())); diff != "" {
		t.Errorf("methods (-want +got):\n%s", diff)
	}
	if c.Route("/good") != c.Lookup("p.S/M") {
		t.Error("the option of the good service is not read")
	}
	want := []string{
		`left out: the backend cannot describe it: "" is no name of a service`,
		"needy.N: left out: the backend cannot describe it: symbol not found: needy.N; caused by: file not found: missing.proto",
		"other.Name: left out: the backend cannot describe it: symbol not found: other.Name",
		"p.In: left out: the backend cannot describe it: p.proto declares no such service",
		`p.T: left out: the backend cannot describe it: file "twice.proto" has a name conflict over p.In`,
		"unknown.S: left out: the backend cannot describe it: symbol not found: unknown.S",
	}
	if diff := cmp.Diff(want, texts(c.Problems())); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

// Reflection lasts as long as its context.
func TestReflectCanceled(t *testing.T) {
	t.Parallel()
	entered := make(chan struct{})
	conn := serveAnswers(t, func(ctx context.Context, r *reflectionv1.ServerReflectionRequest) (*reflectionv1.ServerReflectionResponse, error) {
		if r.GetListServices() != "" {
			return listing("p.S"), nil
		}
		close(entered)
		<-ctx.Done()
		return nil, ctx.Err()
	})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-entered
		cancel()
	}()
	_, err := Reflect(ctx, conn)
	if !errors.Is(err, context.Canceled) || errors.Is(err, ErrUnreachable) {
		t.Errorf("error %v, want the context's", err)
	}
}

// A backend that goes away while it describes its services is unreachable: the
// services that it had no time to describe are not bad ones.
func TestReflectLost(t *testing.T) {
	t.Parallel()
	conn := serveAnswers(t, func(_ context.Context, r *reflectionv1.ServerReflectionRequest) (*reflectionv1.ServerReflectionResponse, error) {
		if r.GetListServices() != "" {
			return listing("p.S", "p.T"), nil
		}
		return nil, status.Error(codes.Unavailable, "going down")
	})
	if _, err := Reflect(t.Context(), conn); !errors.Is(err, ErrUnreachable) {
		t.Errorf("error %v, want ErrUnreachable", err)
	}
}

// A backend that is going down and speaks only v1 does not know v1alpha, which
// says nothing about reflection.
func TestReflectLostAtOnce(t *testing.T) {
	t.Parallel()
	conn := serveAnswers(t, func(context.Context, *reflectionv1.ServerReflectionRequest) (*reflectionv1.ServerReflectionResponse, error) {
		return nil, status.Error(codes.Unavailable, "going down")
	})
	_, err := Reflect(t.Context(), conn)
	if !errors.Is(err, ErrUnreachable) || !strings.Contains(err.Error(), "going down") {
		t.Errorf("error %v, want ErrUnreachable", err)
	}
}

// Some backends answer a version that they do not know by breaking off.
func TestReflectOlderVersionAfterBreak(t *testing.T) {
	t.Parallel()
	conn := serve(t, func(s *grpc.Server) {
		registerAll(s)
		reflectionv1.RegisterServerReflectionServer(s, answering{answer: func(context.Context, *reflectionv1.ServerReflectionRequest) (*reflectionv1.ServerReflectionResponse, error) {
			return nil, status.Error(codes.Unavailable, "stream closed")
		}})
		reflectionv1alpha.RegisterServerReflectionServer(s, reflection.NewServer(reflection.ServerOptions{Services: s}))
	})
	c, err := Reflect(t.Context(), conn)
	if err != nil {
		t.Fatal(err)
	}
	if c.Lookup(generateName) == nil {
		t.Error("the catalog is empty")
	}
}

// A backend may refuse.
func TestReflectRefused(t *testing.T) {
	t.Parallel()
	conn := serveAnswers(t, func(context.Context, *reflectionv1.ServerReflectionRequest) (*reflectionv1.ServerReflectionResponse, error) {
		return nil, status.Error(codes.PermissionDenied, "not you")
	})
	_, err := Reflect(t.Context(), conn)
	if status.Code(err) != codes.PermissionDenied || errors.Is(err, ErrUnreachable) || errors.Is(err, ErrNoReflection) || !strings.Contains(err.Error(), "not you") {
		t.Errorf("error %v, want PERMISSION_DENIED", err)
	}
}

// A backend cannot make the bridge take more than its bound, neither at once
// nor in small pieces.
func TestReflectTooLarge(t *testing.T) {
	t.Parallel()
	const huge = 8 << 20
	asked := 0
	conn := serveAnswers(t, func(_ context.Context, r *reflectionv1.ServerReflectionRequest) (*reflectionv1.ServerReflectionResponse, error) {
		if r.GetListServices() != "" {
			return listing("p.S"), nil
		}
		// Each file imports another one that is not described yet.
		asked++
		file := &descriptorpb.FileDescriptorProto{Name: proto.String(r.GetFileByFilename()), Dependency: []string{strings.Repeat("x", asked)}}
		file.SourceCodeInfo = &descriptorpb.SourceCodeInfo{Location: []*descriptorpb.SourceCodeInfo_Location{{LeadingComments: proto.String(strings.Repeat("c", huge))}}}
		return describing(t, file), nil
	})
	_, err := Reflect(t.Context(), conn)
	want := "the backend's descriptors are larger than 67108864 bytes: give the bridge a descriptor set of the services it should offer"
	if err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
	if limit := 3 * (MaxReflectBytes/huge + 1); asked > limit {
		t.Errorf("the backend was asked %d times, want at most %d", asked, limit)
	}
}
