// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"

	reflectionv1 "google.golang.org/grpc/reflection/grpc_reflection_v1"

	numbersv1 "sluice/proto/gen/sluice/numbers/v1"
)

// withImports returns a file and what it imports, in an order that puts a file
// after those that need it.
func withImports(file protoreflect.FileDescriptor) []*descriptorpb.FileDescriptorProto {
	out := []*descriptorpb.FileDescriptorProto{protodesc.ToFileDescriptorProto(file)}
	for i := range file.Imports().Len() {
		out = append(out, withImports(file.Imports().Get(i).FileDescriptor)...)
	}
	return out
}

func TestFromDescriptorSet(t *testing.T) {
	t.Parallel()
	files := withImports(numbersv1.File_sluice_numbers_v1_numbers_proto)
	files = append(files, withImports(reflectionv1.File_grpc_reflection_v1_reflection_proto)...)
	for name, set := range map[string][]*descriptorpb.FileDescriptorProto{
		"with its imports": files,
		// protoc without --include_imports.
		"without": files[:1],
	} {
		c := fromSet(t, set...)
		if diff := cmp.Diff([]string{}, texts(c.Problems())); diff != "" {
			t.Errorf("%s: problems (-want +got):\n%s", name, diff)
		}
		if diff := cmp.Diff([]string{generateName}, fullNames(c.Methods())); diff != "" {
			t.Errorf("%s: methods (-want +got):\n%s", name, diff)
		}
		if m := c.Route("/sse"); m == nil || !m.CanResume() {
			t.Errorf("%s: the options of %v are not read", name, m)
		}
		if _, err := c.Lookup(generateName).RequestFromJSON([]byte(`{"minPause":"1s"}`)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestFromDescriptorSetErrors(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		set  []byte
		want string
	}{
		"nothing":    {nil, "not a descriptor set: it holds no file"},
		"something":  {[]byte("syntax = \"proto3\";"), "not a descriptor set: cannot parse invalid wire-format data"},
		"no service": {newSet(t, fileOf()), "no service to offer: the descriptors declare none besides gRPC reflection"},
		"unknown service": {
			newSet(t, fileOf(newService("S", newMethod("M", ".p.In", ".p.None", nil), newMethod("N", ".p.None", ".p.In", nil)))),
			"no service to offer: p.S/M: left out: p.None, which it needs, is not described; a descriptor set must hold what its files import " +
				"(buf build, or protoc --include_imports), and a server with reflection must link it (the first of 2 problems)",
		},
		"bad service": {newSet(t, fileOf(newService("S", newMethod("M", "", ".p.Out", nil)))), "no service to offer: p.proto: left out, with p.S: "},
	} {
		c, err := FromDescriptorSet(test.set)
		if err == nil || !strings.HasPrefix(err.Error(), test.want) {
			t.Errorf("%s: %v, %v, want an error that begins %q", name, c, err, test.want)
		}
		if wantNone := strings.HasSuffix(name, "service"); errors.Is(err, ErrNoServices) != wantNone {
			t.Errorf("%s: errors.Is(err, ErrNoServices) = %t", name, !wantNone)
		}
	}
}

// One bad file, message or import costs the methods that need it, and no other.
func TestFromDescriptorSetKeepsTheRest(t *testing.T) {
	t.Parallel()
	good := fileOf(newService("S", newMethod("M", ".p.In", ".p.Out", nil)))
	twice := &descriptorpb.FileDescriptorProto{
		Name: proto.String("twice.proto"), Package: proto.String("twice"), Syntax: proto.String("proto3"),
		MessageType: []*descriptorpb.DescriptorProto{newMessage("M", "int32 a = 1", "int32 b = 1")},
		Service:     []*descriptorpb.ServiceDescriptorProto{newService("T", newMethod("M", ".twice.M", ".twice.M", nil)), newService("A")},
	}
	broken := &descriptorpb.FileDescriptorProto{
		Name: proto.String("broken.proto"), Package: proto.String("broken"), Syntax: proto.String("proto3"),
		Dependency: []string{"missing.proto", "options/only.proto", "p.proto", "twice.proto"},
		MessageType: []*descriptorpb.DescriptorProto{
			newMessage("Deep", "repeated .broken.Deeper deeper = 1"),
			newMessage("Deeper", "map<string,.missing.Message> far = 1", ".broken.Deep back = 2"),
			newMessage("Enum", "enum .missing.Enum e = 1"),
			newMessage("Sound", ".broken.Sound self = 1", ".p.In in = 2"),
		},
		Service: []*descriptorpb.ServiceDescriptorProto{newService(
			"B",
			newMethod("Deep", ".broken.Deep", ".p.Out", nil),
			newMethod("Enum", ".p.In", ".broken.Enum", nil),
			newMethod("Other", ".twice.M", ".p.Out", nil),
			newMethod("Sound", ".broken.Sound", ".broken.Sound", nil),
		)},
	}
	circle := func(name, other string) *descriptorpb.FileDescriptorProto {
		return &descriptorpb.FileDescriptorProto{
			Name: proto.String(name), Package: proto.String("circle"), Syntax: proto.String("proto3"), Dependency: []string{other},
		}
	}
	again := fileOf()
	again.Name, again.Package = proto.String("p.proto"), proto.String("other")
	clash := fileOf()
	clash.Name = proto.String("clash.proto")

	c := fromSet(t, broken, good, twice, circle("x.proto", "y.proto"), circle("y.proto", "x.proto"), again, proto.Clone(good).(*descriptorpb.FileDescriptorProto), clash)
	if diff := cmp.Diff([]string{"broken.B/Sound", "p.S/M"}, fullNames(c.Methods())); diff != "" {
		t.Errorf("methods (-want +got):\n%s", diff)
	}
	left := func(method, missing string) string {
		return "broken.B/" + method + ": left out: " + missing + ", which it needs, is not described; a descriptor set must hold what its files import " +
			"(buf build, or protoc --include_imports), and a server with reflection must link it"
	}
	want := []string{
		left("Deep", "missing.Message"),
		left("Enum", "missing.Enum"),
		left("Other", "twice.M"),
		`clash.proto: left out: file "clash.proto" has a name conflict over p.In`,
		"p.proto: left out: the set holds another file of that name",
		`twice.proto: left out, with twice.A, twice.T: message "twice.M" has conflicting fields: "b" with "a"`,
	}
	if diff := cmp.Diff(want, texts(c.Problems())); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
	if _, err := c.Lookup("broken.B/Sound").RequestFromQuery(map[string][]string{"self.self.in.revision": {"5"}}); err != nil {
		t.Errorf("a method beside broken ones: %v", err)
	}
	// What cannot be handled cannot be reached through an Any either.
	if _, err := c.types.FindMessageByName("broken.Deep"); err == nil {
		t.Error("a message that refers to nothing is resolved")
	}
	if _, err := c.types.FindMessageByURL("type.googleapis.com/broken.Deeper"); err == nil {
		t.Error("a message that refers to nothing is resolved by its URL")
	}
	if _, err := c.types.FindMessageByName("broken.Sound"); err != nil {
		t.Errorf("a sound message is not resolved: %v", err)
	}
}

// A set that redefines a well-known type cannot be served: encoders rely on it.
func TestMalformedWellKnownType(t *testing.T) {
	t.Parallel()
	duration := func(fields ...string) *descriptorpb.FileDescriptorProto {
		return &descriptorpb.FileDescriptorProto{
			Name: proto.String("google/protobuf/duration.proto"), Package: proto.String("google.protobuf"), Syntax: proto.String("proto3"),
			MessageType: []*descriptorpb.DescriptorProto{newMessage("Duration", fields...)},
		}
	}
	numbers := protodesc.ToFileDescriptorProto(numbersv1.File_sluice_numbers_v1_numbers_proto)
	for _, fields := range [][]string{
		nil, {"int64 seconds = 1"}, {"int64 seconds = 1", "int64 nanos = 2"}, {"repeated int64 seconds = 1", "int32 nanos = 2"}, {"int64 secs = 1", "int32 nanos = 2"},
	} {
		_, err := FromDescriptorSet(newSet(t, duration(fields...), numbers))
		want := "google/protobuf/duration.proto declares google.protobuf.Duration otherwise than the well-known type of that name"
		if err == nil || err.Error() != want {
			t.Errorf("%q: error %v, want %s", fields, err, want)
		}
	}
	if _, err := FromDescriptorSet(newSet(t, duration("int64 seconds = 1", "int32 nanos = 2", "string era = 3"), numbers)); err != nil {
		t.Errorf("a later version of the well-known type: %v", err)
	}
	// The descriptors linked into the program pass for themselves.
	if _, err := New(protoregistry.GlobalFiles); err != nil {
		t.Error(err)
	}
}
