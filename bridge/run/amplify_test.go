// SPDX-License-Identifier: Apache-2.0

package run_test

import (
	"bytes"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/known/emptypb"

	"sluice/bridge/catalog"
	"sluice/bridge/run"
)

// wideMethod answers with a list of messages of so many strings each.
const (
	wideMethod  = "wide.Service/Watch"
	wideStrings = 60
)

// wideCatalog describes the method.
func wideCatalog(t *testing.T) *catalog.Catalog {
	t.Helper()
	field := func(name string, number int32, label descriptorpb.FieldDescriptorProto_Label, kind descriptorpb.FieldDescriptorProto_Type) *descriptorpb.FieldDescriptorProto {
		return &descriptorpb.FieldDescriptorProto{Name: &name, Number: &number, Label: &label, Type: &kind}
	}
	list := field("list", 1, descriptorpb.FieldDescriptorProto_LABEL_REPEATED, descriptorpb.FieldDescriptorProto_TYPE_MESSAGE)
	list.TypeName = proto.String(".wide.Element")
	once := field("once", 2, descriptorpb.FieldDescriptorProto_LABEL_OPTIONAL, descriptorpb.FieldDescriptorProto_TYPE_BOOL)
	element := &descriptorpb.DescriptorProto{Name: proto.String("Element")}
	for i := range int32(wideStrings) {
		element.Field = append(element.Field, field(fmt.Sprint("text", i), i+1, descriptorpb.FieldDescriptorProto_LABEL_OPTIONAL, descriptorpb.FieldDescriptorProto_TYPE_STRING))
	}
	fd, err := protodesc.NewFile(&descriptorpb.FileDescriptorProto{
		Name: proto.String("wide.proto"), Package: proto.String("wide"), Syntax: proto.String("proto3"),
		MessageType: []*descriptorpb.DescriptorProto{{Name: proto.String("List"), Field: []*descriptorpb.FieldDescriptorProto{list, once}}, element},
		Service: []*descriptorpb.ServiceDescriptorProto{{Name: proto.String("Service"), Method: []*descriptorpb.MethodDescriptorProto{{
			Name: proto.String("Watch"), InputType: proto.String(".wide.Element"), OutputType: proto.String(".wide.List"), ServerStreaming: proto.Bool(true),
		}}}},
	}, protoregistry.GlobalFiles)
	if err != nil {
		t.Fatal(err)
	}
	files := new(protoregistry.Files)
	if err := files.RegisterFile(fd); err != nil {
		t.Fatal(err)
	}
	c, err := catalog.New(files)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// serveWire starts a backend that answers any call with one message of those
// bytes, and returns a connection to it.
func serveWire(t *testing.T, wire []byte) *grpc.ClientConn {
	t.Helper()
	srv := grpc.NewServer(grpc.UnknownServiceHandler(func(_ any, stream grpc.ServerStream) error {
		m := new(emptypb.Empty)
		m.ProtoReflect().SetUnknown(wire)
		return stream.SendMsg(m)
	}))
	return dial(t, srv)
}

// A message whose JSON would be some hundred times as large as it is costs no
// more than the journal that it does not fit into, in order or not, and ends
// its stream as any other that is too large. It is no parallel test, so that
// the memory that it counts is its own.
func TestAMessageMayNotAmplify(t *testing.T) {
	const elements = 200_000
	method := wideCatalog(t).Lookup(wideMethod)
	ordered := bytes.Repeat([]byte{0x0a, 0x00}, elements)
	for name, wire := range map[string][]byte{
		"as encoders write it": ordered,
		"to be merged":         append(bytes.Clone(ordered), 0x10, 0x01, 0x10, 0x01),
	} {
		t.Run(name, func(t *testing.T) {
			m := run.NewManager(serveWire(t, wire), run.Config{})
			t.Cleanup(m.Close)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			v := open(t, m, run.Spec{Method: method})
			got, code := readAll(t, v)
			runtime.ReadMemStats(&after)
			if st := v.Run().Status(); len(got) > 0 || code != "RESOURCE_EXHAUSTED" || !strings.Contains(st.Message(), "more than a journal of 1048576 bytes takes") {
				t.Errorf("the stream has %d messages and ended with %s: %q", len(got), code, st.Message())
			}
			if took := after.TotalAlloc - before.TotalAlloc; took > 64<<20 {
				t.Errorf("%d MB were allocated for a message of %d KB", took>>20, len(wire)>>10)
			}
		})
	}
}
