// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	reflectionv1 "google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/known/anypb"
)

// farFiles are a service, a file with an extension of its response that it does
// not import, and one with a message that nothing names, which can be extended,
// too, in a file that nothing imports either.
func farFiles() map[string]*descriptorpb.FileDescriptorProto {
	extendable := func(name string, fields ...string) *descriptorpb.DescriptorProto {
		m := newMessage(name, fields...)
		m.ExtensionRange = []*descriptorpb.DescriptorProto_ExtensionRange{{Start: proto.Int32(100), End: proto.Int32(200)}}
		return m
	}
	file := func(name string, dependencies ...string) *descriptorpb.FileDescriptorProto {
		return &descriptorpb.FileDescriptorProto{Name: proto.String(name), Package: proto.String("far"), Syntax: proto.String("proto2"), Dependency: dependencies}
	}
	service := file("service.proto", "google/protobuf/any.proto")
	service.MessageType = []*descriptorpb.DescriptorProto{extendable("Out", "string token = 1", ".google.protobuf.Any any = 2")}
	service.Service = []*descriptorpb.ServiceDescriptorProto{newService("S", newMethod("M", ".far.Out", ".far.Out", nil))}
	extends := func(extendee, name string, number int32) *descriptorpb.FieldDescriptorProto {
		x := extension(name, number, descriptorpb.FieldDescriptorProto_TYPE_STRING, "")
		x.Extendee = proto.String(extendee)
		return x
	}
	ext := file("ext.proto", "service.proto")
	ext.Extension = []*descriptorpb.FieldDescriptorProto{extends(".far.Out", "more", 100), extends(".far.Out", "most", 101)}
	held := file("held.proto")
	held.MessageType = []*descriptorpb.DescriptorProto{extendable("Held", "string text = 1")}
	heldExt := file("heldext.proto", "held.proto")
	heldExt.Extension = []*descriptorpb.FieldDescriptorProto{extends(".far.Held", "further", 150)}
	all := make(map[string]*descriptorpb.FileDescriptorProto)
	for _, f := range []*descriptorpb.FileDescriptorProto{service, ext, held, heldExt} {
		all[f.GetName()] = f
	}
	return all
}

// farBackend answers for those files, and counts what it is asked.
type farBackend struct {
	mu    sync.Mutex
	asked map[string]int
	// extensions answers questions about extensions; nil to answer them.
	extensions func() (*reflectionv1.ServerReflectionResponse, error)
}

func (b *farBackend) serve(t *testing.T) *grpc.ClientConn {
	files := farFiles()
	return serveAnswers(t, func(_ context.Context, r *reflectionv1.ServerReflectionRequest) (*reflectionv1.ServerReflectionResponse, error) {
		b.mu.Lock()
		defer b.mu.Unlock()
		if b.asked == nil {
			b.asked = make(map[string]int)
		}
		if name := r.GetAllExtensionNumbersOfType(); name != "" {
			b.asked["extensions of "+name]++
			if b.extensions != nil {
				return b.extensions()
			}
			numbers := map[string][]int32{"far.Out": {100, 101}, "far.Held": {150}}[name]
			return &reflectionv1.ServerReflectionResponse{MessageResponse: &reflectionv1.ServerReflectionResponse_AllExtensionNumbersResponse{
				AllExtensionNumbersResponse: &reflectionv1.ExtensionNumberResponse{BaseTypeName: name, ExtensionNumber: numbers},
			}}, nil
		}
		if x := r.GetFileContainingExtension(); x != nil {
			b.asked[fmt.Sprint("extension ", x.ContainingType, " ", x.ExtensionNumber)]++
			return describing(t, files[map[string]string{"far.Out": "ext.proto", "far.Held": "heldext.proto"}[x.ContainingType]]), nil
		}
		switch {
		case r.GetListServices() != "":
			return listing("far.S"), nil
		case r.GetFileContainingSymbol() == "far.S":
			return describing(t, files["service.proto"]), nil
		case r.GetFileContainingSymbol() == "far.Held":
			b.asked["symbol far.Held"]++
			return describing(t, files["held.proto"]), nil
		case files[r.GetFileByFilename()] != nil:
			return describing(t, files[r.GetFileByFilename()]), nil
		}
		b.asked["symbol "+r.GetFileContainingSymbol()]++
		return refusing(codes.NotFound, "no such symbol"), nil
	})
}

// An extension that no service imports is written as one that they do, and
// what a backend does not tell of extensions is done without.
func TestReflectExtensions(t *testing.T) {
	t.Parallel()
	wire := protowire.AppendString(protowire.AppendTag(nil, 101, protowire.BytesType), "x")
	for name, test := range map[string]struct {
		extensions func() (*reflectionv1.ServerReflectionResponse, error)
		want       string
		problems   string
	}{
		"told":    {nil, `{"[far.most]":"x"}`, ""},
		"unknown": {func() (*reflectionv1.ServerReflectionResponse, error) { return refusing(codes.NotFound, "what?"), nil }, "{}", ""},
		"not told": {func() (*reflectionv1.ServerReflectionResponse, error) {
			return refusing(codes.Unimplemented, "no"), nil
		}, "{}", ""},
		"broken off": {
			func() (*reflectionv1.ServerReflectionResponse, error) { return nil, status.Error(codes.Internal, "oh") },
			"{}", "far.Out: its extensions are not known, and missing from responses: rpc error: code = Internal desc = oh",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := &farBackend{extensions: test.extensions}
			c, err := Reflect(t.Context(), b.serve(t))
			if err != nil {
				t.Fatal(err)
			}
			got, err := c.Lookup("far.S/M").AppendResponse(nil, wire, 1000)
			if err != nil || string(got) != test.want {
				t.Errorf("got %s, %v, want %s", got, err, test.want)
			}
			if got := strings.Join(texts(c.Problems()), "\n"); got != test.problems {
				t.Errorf("problems are %q, want %q", got, test.problems)
			}
		})
	}
}

// A type that nothing but a google.protobuf.Any names is missed once, and known
// when the backend was asked for it, with its extensions.
func TestReflectMissedTypes(t *testing.T) {
	t.Parallel()
	b := new(farBackend)
	r := NewReflector(b.serve(t))
	c, err := r.Catalog(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	holds := func(name string, value []byte) []byte {
		wire, err := proto.Marshal(&anypb.Any{TypeUrl: "type.googleapis.com/" + name, Value: value})
		if err != nil {
			t.Fatal(err)
		}
		return protowire.AppendBytes(protowire.AppendTag(nil, 2, protowire.BytesType), wire)
	}
	value := protowire.AppendString(protowire.AppendTag(nil, 150, protowire.BytesType), "x")
	for range 2 {
		_, err = c.Lookup("far.S/M").AppendResponse(nil, holds("far.Held", value), 1000)
		if err == nil || !strings.HasPrefix(err.Error(), `holds a google.protobuf.Any of type "far.Held", which no service of the backend refers to; the backend is asked for it now`) {
			t.Errorf("the response gave %v", err)
		}
	}
	detail := &spb.Status{Code: int32(codes.Aborted), Details: []*anypb.Any{{TypeUrl: "x/far.Unheard"}}}
	c.Lookup("far.S/M").StatusJSON(status.FromProto(detail), nil)
	select {
	case <-r.Missed():
	default:
		t.Error("nobody says that a type was missed")
	}
	if c, err = r.Catalog(t.Context()); err != nil {
		t.Fatal(err)
	}
	got, err := c.Lookup("far.S/M").AppendResponse(nil, holds("far.Held", value), 1000)
	if want := `{"any":{"@type":"type.googleapis.com/far.Held","[far.further]":"x"}}`; err != nil || string(got) != want {
		t.Errorf("got %s, %v, want %s", got, err, want)
	}
	if b.asked["symbol far.Held"] != 1 || b.asked["symbol far.Unheard"] != 1 {
		t.Errorf("the backend was asked %v", b.asked)
	}
	// What it does not know either is not asked for at once again.
	c.Lookup("far.S/M").StatusJSON(status.FromProto(detail), nil)
	select {
	case <-r.Missed():
		t.Error("a type that the backend does not know is missed again")
	default:
	}
	// A type that only a request names is nobody's business.
	if _, err := c.Lookup("far.S/M").RequestFromJSON([]byte(`{"any":{"@type":"x/far.Guessed"}}`)); err == nil {
		t.Error("a request with a type that is not known is taken")
	}
	// There is an end to what is asked for.
	for i := range 2 * maxWanted {
		_, err = c.Lookup("far.S/M").AppendResponse(nil, holds(fmt.Sprint("far.T", i), nil), 1000)
	}
	if err == nil || !strings.Contains(err.Error(), "lack; give the bridge a descriptor set that has it") {
		t.Errorf("the last of very many types gave %v", err)
	}
	if names := r.missed.names(); len(names) != maxWanted || strings.Contains(fmt.Sprint(names), "Guessed") {
		t.Errorf("%d types are asked for: %v", len(names), names)
	}
}
