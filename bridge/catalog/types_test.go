// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
)

// extension writes an extension of .ext.In.
func extension(name string, number int32, kind descriptorpb.FieldDescriptorProto_Type, typeName string) *descriptorpb.FieldDescriptorProto {
	field := &descriptorpb.FieldDescriptorProto{
		Name: proto.String(name), Number: proto.Int32(number), Extendee: proto.String(".ext.In"),
		Type: kind.Enum(), Label: descriptorpb.FieldDescriptorProto_LABEL_OPTIONAL.Enum(),
	}
	if typeName != "" {
		field.TypeName = proto.String(typeName)
	}
	return field
}

// Types are found where the backend declares them, but for those that refer to
// what it does not describe: an encoder would trip over them.
func TestTypeResolver(t *testing.T) {
	t.Parallel()
	file := &descriptorpb.FileDescriptorProto{
		Name: proto.String("ext.proto"), Package: proto.String("ext"), Syntax: proto.String("proto2"), Dependency: []string{"missing.proto"},
		MessageType: []*descriptorpb.DescriptorProto{newMessage("In", "string token = 1")},
		Extension: []*descriptorpb.FieldDescriptorProto{
			extension("text", 100, descriptorpb.FieldDescriptorProto_TYPE_STRING, ""),
			extension("inner", 101, descriptorpb.FieldDescriptorProto_TYPE_MESSAGE, ".ext.In"),
			extension("far", 102, descriptorpb.FieldDescriptorProto_TYPE_MESSAGE, ".missing.Message"),
			extension("kind", 103, descriptorpb.FieldDescriptorProto_TYPE_ENUM, ".missing.Enum"),
		},
		Service: []*descriptorpb.ServiceDescriptorProto{newService("S", newMethod("M", ".ext.In", ".ext.In", nil))},
	}
	file.MessageType[0].ExtensionRange = []*descriptorpb.DescriptorProto_ExtensionRange{{Start: proto.Int32(100), End: proto.Int32(200)}}
	stray := extension("stray", 100, descriptorpb.FieldDescriptorProto_TYPE_STRING, "")
	stray.Extendee = proto.String(".missing.Message")
	file.Extension = append(file.Extension, stray)
	c := fromSet(t, file)
	for name, number := range map[protoreflect.FullName]protoreflect.FieldNumber{"ext.text": 100, "ext.inner": 101} {
		if got, err := c.types.FindExtensionByName(name); err != nil || got.TypeDescriptor().FullName() != name {
			t.Errorf("%s by name: %v, %v", name, got, err)
		}
		if got, err := c.types.FindExtensionByNumber("ext.In", number); err != nil || got.TypeDescriptor().FullName() != name {
			t.Errorf("%s by number: %v, %v", name, got, err)
		}
	}
	for name, number := range map[protoreflect.FullName]protoreflect.FieldNumber{"ext.far": 102, "ext.kind": 103, "ext.none": 104, "ext.stray": 105} {
		if got, err := c.types.FindExtensionByName(name); err == nil {
			t.Errorf("%s by name: %v", name, got)
		}
		if got, err := c.types.FindExtensionByNumber("ext.In", number); err == nil {
			t.Errorf("%s by number: %v", name, got)
		}
	}
	// What the backend does not declare may be linked into the program.
	for _, name := range []protoreflect.FullName{"google.rpc.BadRequest", "google.protobuf.Duration"} {
		if _, err := c.types.FindMessageByURL("type.googleapis.com/" + string(name)); err != nil {
			t.Errorf("%s by URL: %v", name, err)
		}
		if _, err := c.types.FindMessageByName(name); err != nil {
			t.Errorf("%s by name: %v", name, err)
		}
	}

	// An extension is as good as a field in a body, unless it is withheld.
	m := c.Lookup("ext.S/M")
	if _, err := m.RequestFromJSON([]byte(`{"[ext.inner]":{"token":"x","[ext.text]":"y"}}`)); err != nil {
		t.Error(err)
	}
	_, err := m.RequestFromJSON([]byte(`{"[ext.far]":{},"[ext.inner]":{"token":1}}`))
	want := []string{"[ext.far] is not a field of ext.In, which has token", "[ext.inner].token must be a string of valid UTF-8, got 1"}
	if diff := cmp.Diff(want, violationsOf(t, err)); diff != "" {
		t.Errorf("violations (-want +got):\n%s", diff)
	}
}
