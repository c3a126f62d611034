// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"

	streamv1 "sluice/proto/gen/sluice/stream/v1"
)

// This file writes schemas that no generated code knows, as a backend's are.

// scalarTypes are the scalar types by their name in a .proto file.
var scalarTypes = map[string]descriptorpb.FieldDescriptorProto_Type{
	"double": descriptorpb.FieldDescriptorProto_TYPE_DOUBLE, "float": descriptorpb.FieldDescriptorProto_TYPE_FLOAT,
	"int32": descriptorpb.FieldDescriptorProto_TYPE_INT32, "int64": descriptorpb.FieldDescriptorProto_TYPE_INT64,
	"uint32": descriptorpb.FieldDescriptorProto_TYPE_UINT32, "uint64": descriptorpb.FieldDescriptorProto_TYPE_UINT64,
	"sint32": descriptorpb.FieldDescriptorProto_TYPE_SINT32, "sint64": descriptorpb.FieldDescriptorProto_TYPE_SINT64,
	"fixed32": descriptorpb.FieldDescriptorProto_TYPE_FIXED32, "fixed64": descriptorpb.FieldDescriptorProto_TYPE_FIXED64,
	"sfixed32": descriptorpb.FieldDescriptorProto_TYPE_SFIXED32, "sfixed64": descriptorpb.FieldDescriptorProto_TYPE_SFIXED64,
	"bool": descriptorpb.FieldDescriptorProto_TYPE_BOOL, "string": descriptorpb.FieldDescriptorProto_TYPE_STRING,
	"bytes": descriptorpb.FieldDescriptorProto_TYPE_BYTES,
}

// newMessage writes a message from fields such as "int32 count = 1", "repeated
// .pkg.Item items = 2", "map<string,enum .pkg.E> kinds = 3", "optional bool b =
// 4" and "oneof pick string name = 5". Types that are not scalars begin with a
// dot, those of enums with "enum".
func newMessage(name string, fields ...string) *descriptorpb.DescriptorProto {
	m := &descriptorpb.DescriptorProto{Name: proto.String(name)}
	for _, text := range fields {
		words := strings.Fields(text)
		label, oneof := "", ""
		switch words[0] {
		case "repeated", "optional", "required":
			label, words = words[0], words[1:]
		case "oneof":
			oneof, words = words[1], words[2:]
		}
		field := &descriptorpb.FieldDescriptorProto{Label: descriptorpb.FieldDescriptorProto_LABEL_OPTIONAL.Enum()}
		if strings.HasPrefix(words[0], "map<") {
			joined := strings.Join(words, " ")
			inner, rest, _ := strings.Cut(strings.TrimPrefix(joined, "map<"), ">")
			key, value, _ := strings.Cut(inner, ",")
			words = append([]string{""}, strings.Fields(rest)...)
			entry := newMessage(words[1]+"_entry", key+" key = 1", value+" value = 2")
			entry.Name = proto.String(strings.ToUpper(words[1][:1]) + camel(words[1][1:]) + "Entry")
			entry.Options = &descriptorpb.MessageOptions{MapEntry: proto.Bool(true)}
			m.NestedType = append(m.NestedType, entry)
			field.Type = descriptorpb.FieldDescriptorProto_TYPE_MESSAGE.Enum()
			field.TypeName = proto.String(entry.GetName())
			field.Label = descriptorpb.FieldDescriptorProto_LABEL_REPEATED.Enum()
		} else if words[0] == "enum" {
			field.Type, field.TypeName = descriptorpb.FieldDescriptorProto_TYPE_ENUM.Enum(), proto.String(words[1])
			words = words[1:]
		} else if scalar, ok := scalarTypes[words[0]]; ok {
			field.Type = scalar.Enum()
		} else {
			field.Type, field.TypeName = descriptorpb.FieldDescriptorProto_TYPE_MESSAGE.Enum(), proto.String(words[0])
		}
		number, err := strconv.Atoi(words[3])
		if err != nil {
			panic(fmt.Sprintf("field %q: %v", text, err))
		}
		field.Name, field.Number = proto.String(words[1]), proto.Int32(int32(number))
		switch {
		case label == "repeated":
			field.Label = descriptorpb.FieldDescriptorProto_LABEL_REPEATED.Enum()
		case label == "required":
			field.Label = descriptorpb.FieldDescriptorProto_LABEL_REQUIRED.Enum()
		case oneof != "":
			field.OneofIndex = proto.Int32(oneofIndex(m, oneof))
		}
		m.Field = append(m.Field, field)
		if label == "optional" {
			field.Proto3Optional = proto.Bool(true)
		}
	}
	// The oneofs that stand for "optional" come after the others.
	for _, field := range m.Field {
		if field.GetProto3Optional() {
			field.OneofIndex = proto.Int32(oneofIndex(m, "_"+field.GetName()))
		}
	}
	return m
}

func oneofIndex(m *descriptorpb.DescriptorProto, name string) int32 {
	for i, oneof := range m.OneofDecl {
		if oneof.GetName() == name {
			return int32(i)
		}
	}
	m.OneofDecl = append(m.OneofDecl, &descriptorpb.OneofDescriptorProto{Name: proto.String(name)})
	return int32(len(m.OneofDecl) - 1)
}

func camel(name string) string {
	words := strings.Split(name, "_")
	for i, word := range words[1:] {
		words[i+1] = strings.ToUpper(word[:1]) + word[1:]
	}
	return strings.Join(words, "")
}

func newEnum(name string, values ...string) *descriptorpb.EnumDescriptorProto {
	e := &descriptorpb.EnumDescriptorProto{Name: proto.String(name)}
	for i, value := range values {
		e.Value = append(e.Value, &descriptorpb.EnumValueDescriptorProto{Name: proto.String(value), Number: proto.Int32(int32(i))})
	}
	return e
}

// newMethod writes a server-streaming method, with the stream option where one
// is given.
func newMethod(name, input, output string, options *streamv1.StreamOptions) *descriptorpb.MethodDescriptorProto {
	m := &descriptorpb.MethodDescriptorProto{
		Name: proto.String(name), InputType: proto.String(input), OutputType: proto.String(output),
		ServerStreaming: proto.Bool(true),
	}
	if options != nil {
		m.Options = new(descriptorpb.MethodOptions)
		proto.SetExtension(m.Options, streamv1.E_Stream, options)
	}
	return m
}

func newService(name string, methods ...*descriptorpb.MethodDescriptorProto) *descriptorpb.ServiceDescriptorProto {
	return &descriptorpb.ServiceDescriptorProto{Name: proto.String(name), Method: methods}
}

// newSet serializes files as a descriptor set.
func newSet(t testing.TB, files ...*descriptorpb.FileDescriptorProto) []byte {
	t.Helper()
	b, err := proto.Marshal(&descriptorpb.FileDescriptorSet{File: files})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// fromSet returns the catalog of files.
func fromSet(t testing.TB, files ...*descriptorpb.FileDescriptorProto) *Catalog {
	t.Helper()
	c, err := FromDescriptorSet(newSet(t, files...))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// oddFile is a schema of every shape that a request can have.
func oddFile() *descriptorpb.FileDescriptorProto {
	return &descriptorpb.FileDescriptorProto{
		Name: proto.String("odd.proto"), Package: proto.String("odd"), Syntax: proto.String("proto3"),
		Dependency: []string{
			"google/protobuf/any.proto", "google/protobuf/duration.proto", "google/protobuf/empty.proto",
			"google/protobuf/field_mask.proto", "google/protobuf/struct.proto", "google/protobuf/timestamp.proto",
			"google/protobuf/wrappers.proto",
		},
		EnumType: []*descriptorpb.EnumDescriptorProto{newEnum("Color", "COLOR_UNSPECIFIED", "RED", "GREEN")},
		MessageType: []*descriptorpb.DescriptorProto{
			newMessage(
				"Request",
				"bool f_bool = 1", "int32 f_int32 = 2", "int64 f_int64 = 3", "uint32 f_uint32 = 4", "uint64 f_uint64 = 5",
				"sint32 f_sint32 = 6", "sint64 f_sint64 = 7", "fixed32 f_fixed32 = 8", "fixed64 f_fixed64 = 9",
				"sfixed32 f_sfixed32 = 10", "sfixed64 f_sfixed64 = 11", "float f_float = 12", "double f_double = 13",
				"string f_string = 14", "bytes f_bytes = 15", "enum .odd.Color color = 16",
				"optional int32 maybe = 17", ".odd.Point origin = 18",
				"repeated int32 numbers = 19", "repeated string tags = 20", "repeated enum .odd.Color colors = 21",
				"repeated .odd.Point points = 22", "repeated bytes blobs = 23",
				"map<string,string> labels = 24", "map<int32,enum .odd.Color> colors_by_number = 25",
				"map<bool,.odd.Point> points_by_flag = 26", "map<string,.google.protobuf.Duration> pauses = 27",
				"oneof pick string name = 28", "oneof pick int64 id = 29", "oneof pick .odd.Point place = 30",
				"oneof pick .google.protobuf.Empty nothing = 31",
				".google.protobuf.Duration min_pause = 40", ".google.protobuf.Timestamp since = 41",
				".google.protobuf.FieldMask mask = 42", ".google.protobuf.Struct extra = 43",
				".google.protobuf.Value any_value = 44", ".google.protobuf.ListValue any_list = 45",
				".google.protobuf.Any detail = 46", ".google.protobuf.BoolValue w_bool = 47",
				".google.protobuf.Int64Value w_int64 = 48", ".google.protobuf.StringValue w_string = 49",
				".google.protobuf.BytesValue w_bytes = 50", ".google.protobuf.DoubleValue w_double = 51",
				"enum .google.protobuf.NullValue null = 52", "repeated .google.protobuf.Duration rests = 53",
				"repeated .google.protobuf.Value any_values = 54",
				"string last_event_id = 60",
			),
			newMessage("Point", "int32 lat = 1", "int32 lon = 2", ".odd.Point next = 3", "repeated string notes = 4", "map<string,.odd.Point> near = 5"),
			newMessage(
				"Reply",
				"string token = 1", "uint64 revision = 2", "bytes cursor = 3", "enum .odd.Color color = 4", ".odd.Inner inner = 5",
				"bool done = 6", "repeated string tokens = 7", "double value = 8", "int32 small = 9",
				"repeated .odd.Inner inners = 10",
			),
			newMessage("Inner", "string token = 1", "sint64 revision = 2"),
		},
		Service: []*descriptorpb.ServiceDescriptorProto{newService(
			"Odd",
			newMethod("Watch", ".odd.Request", ".odd.Reply", nil),
			newMethod("Nothing", ".google.protobuf.Empty", ".odd.Reply", nil),
			newMethod("Free", ".google.protobuf.Struct", ".odd.Reply", nil),
			&descriptorpb.MethodDescriptorProto{
				Name: proto.String("Once"), InputType: proto.String(".odd.Request"), OutputType: proto.String(".odd.Reply"),
			},
			&descriptorpb.MethodDescriptorProto{
				Name: proto.String("Upload"), InputType: proto.String(".odd.Request"), OutputType: proto.String(".odd.Reply"),
				ClientStreaming: proto.Bool(true),
			},
		)},
	}
}

// oddMethod returns a method of [oddFile]'s service.
func oddMethod(t testing.TB, name string) *Method {
	t.Helper()
	m := fromSet(t, oddFile()).Lookup("odd.Odd/" + name)
	if m == nil {
		t.Fatalf("the catalog has no method %s", name)
	}
	return m
}

// texts returns problems as they would be logged.
func texts(problems []Problem) []string {
	out := make([]string, len(problems))
	for i, p := range problems {
		out[i] = p.String()
	}
	return out
}

// fullNames returns the names of methods.
func fullNames(methods []*Method) []string {
	out := make([]string, len(methods))
	for i, m := range methods {
		out[i] = m.FullName
	}
	return out
}
