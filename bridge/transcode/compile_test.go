// SPDX-License-Identifier: Apache-2.0

package transcode

import (
	"errors"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"
)

// fileOf makes a file of a FileDescriptorProto in protobuf's text format.
func fileOf(t *testing.T, text string) protoreflect.FileDescriptor {
	t.Helper()
	var file descriptorpb.FileDescriptorProto
	if err := prototext.Unmarshal([]byte(text), &file); err != nil {
		t.Fatal(err)
	}
	fd, err := protodesc.FileOptions{AllowUnresolvable: true}.New(&file, protoregistry.GlobalFiles)
	if err != nil {
		t.Fatal(err)
	}
	return fd
}

func TestCompileRefuses(t *testing.T) {
	t.Parallel()
	field := func(name, rest string) string {
		return `field { name: "` + name + `" json_name: "` + name + `" label: LABEL_OPTIONAL ` + rest + ` }`
	}
	tests := []struct {
		name, pkg, message, want string
	}{
		{
			"a timestamp of other kinds", "google.protobuf",
			`name: "Timestamp" ` + field("seconds", "number: 1 type: TYPE_STRING") + field("nanos", "number: 2 type: TYPE_INT32"),
			"transcode: cannot compile google.protobuf.Timestamp.seconds: it is not what the well-known type of that name has in its place",
		},
		{
			"a duration of other numbers", "google.protobuf",
			`name: "Duration" ` + field("seconds", "number: 3 type: TYPE_INT64") + field("nanos", "number: 2 type: TYPE_INT32"),
			"transcode: cannot compile google.protobuf.Duration.seconds: it is not what the well-known type of that name has in its place",
		},
		{
			"an Any without fields", "google.protobuf", `name: "Any"`,
			"transcode: cannot compile google.protobuf.Any: it has 0 fields, and the well-known type of that name 2",
		},
		{
			"a field mask of one path", "google.protobuf", `name: "FieldMask" ` + field("paths", "number: 1 type: TYPE_STRING"),
			"transcode: cannot compile google.protobuf.FieldMask.paths: it is not what the well-known type of that name has in its place",
		},
		{
			"a wrapper of a message", "google.protobuf",
			`name: "StringValue" ` + field("value", `number: 1 type: TYPE_MESSAGE type_name: ".google.protobuf.StringValue"`),
			"transcode: cannot compile google.protobuf.StringValue.value: it is not what the well-known type of that name has in its place",
		},
		{
			"a struct without a map", "google.protobuf",
			`name: "Struct" field { name: "fields" json_name: "fields" number: 1 label: LABEL_REPEATED type: TYPE_MESSAGE type_name: ".google.protobuf.Struct" }`,
			"transcode: cannot compile google.protobuf.Struct.fields: it is not what the well-known type of that name has in its place",
		},
		{
			"a JSON name that is not UTF-8", "a",
			`name: "M" field { name: "f" json_name: "\377" number: 1 label: LABEL_OPTIONAL type: TYPE_STRING }`,
			"transcode: cannot compile a.M.f: its JSON name is not UTF-8",
		},
		{
			"another type of the same short name", "google.protobuf",
			`name: "M" ` + field("inner", `number: 1 type: TYPE_MESSAGE type_name: ".google.protobuf.M.Any"`) + ` nested_type { name: "Any" }`,
			"",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			// Text format does not let a string be bad UTF-8, so that one is put
			// in afterwards.
			text := `name: "f.proto" syntax: "proto3" package: "` + tt.pkg + `" message_type { ` + strings.ReplaceAll(tt.message, `\377`, "BAD") + ` }`
			fd := fileOf(t, text)
			md := fd.Messages().Get(0)
			if strings.Contains(tt.message, `\377`) {
				md = badNames{md}
			}
			_, err := Compile(md)
			if tt.want == "" {
				if err != nil {
					t.Errorf("refused: %v", err)
				}
				return
			}
			var ce *CompileError
			if !errors.As(err, &ce) || err.Error() != tt.want {
				t.Errorf("\n got %v\nwant %s", err, tt.want)
			}
		})
	}
}

// badNames are descriptors whose JSON names are not UTF-8, which no descriptor
// that went through protodesc has.
type badNames struct{ protoreflect.MessageDescriptor }

func (m badNames) Fields() protoreflect.FieldDescriptors {
	return badNameFields{m.MessageDescriptor.Fields()}
}

type badNameFields struct{ protoreflect.FieldDescriptors }

func (f badNameFields) Get(i int) protoreflect.FieldDescriptor {
	return badName{f.FieldDescriptors.Get(i)}
}

type badName struct{ protoreflect.FieldDescriptor }

func (badName) JSONName() string { return "\xff" }

// messageSet is a descriptor of a MessageSet, which protodesc makes none of.
type messageSet struct{ protoreflect.MessageDescriptor }

func (messageSet) IsMessageSet() bool { return true }

func TestMessageSet(t *testing.T) {
	t.Parallel()
	p, err := Compile(messageSet{testSchema().message(t, "sluice.test.shapes.Nothing")})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := p.AppendJSON(nil, nil); !errors.Is(err, ErrValue) {
		t.Errorf("got %s, error %v, want ErrValue", got, err)
	}
}

// TestUnresolvedTypes holds that a schema with holes compiles: what is in them
// is passed over, as protojson does.
func TestUnresolvedTypes(t *testing.T) {
	t.Parallel()
	md := fileOf(t, `name: "f.proto" syntax: "proto3" package: "a" message_type { name: "M"
		field { name: "gone" json_name: "gone" number: 1 label: LABEL_OPTIONAL type: TYPE_MESSAGE type_name: ".no.such.Message" }
		field { name: "kind" json_name: "kind" number: 2 label: LABEL_OPTIONAL type: TYPE_ENUM type_name: ".no.such.Enum" }
	}`).Messages().Get(0)
	for _, v := range variants() {
		p := v.compile(t, md)
		v.checkOracle(t, p, nil)
		v.checkOracle(t, p, []byte{0x0a, 0x02, 0x08, 0x01, 0x10, 0x05})
	}
}

// TestFailedCompilationLeavesNothing holds that types that were met while one
// that cannot be compiled was, and that lead to it, are not taken for good.
func TestFailedCompilationLeavesNothing(t *testing.T) {
	t.Parallel()
	fd := fileOf(t, `name: "f.proto" syntax: "proto3" package: "google.protobuf"
		message_type { name: "Outer"
			field { name: "inner" json_name: "inner" number: 1 label: LABEL_OPTIONAL type: TYPE_MESSAGE type_name: ".google.protobuf.Inner" }
			field { name: "bad" json_name: "bad" number: 2 label: LABEL_OPTIONAL type: TYPE_MESSAGE type_name: ".google.protobuf.Duration" }
		}
		message_type { name: "Inner"
			field { name: "outer" json_name: "outer" number: 1 label: LABEL_OPTIONAL type: TYPE_MESSAGE type_name: ".google.protobuf.Outer" }
		}
		message_type { name: "Duration" }`)
	types := new(protoregistry.Types)
	for i := range fd.Messages().Len() {
		if err := types.RegisterMessage(dynamicpb.NewMessageType(fd.Messages().Get(i))); err != nil {
			t.Fatal(err)
		}
	}
	s := textSample(t, "any", "google.protobuf.Any", `type_url: "x/google.protobuf.Outer"`)
	inner := textSample(t, "any", "google.protobuf.Any", `type_url: "x/google.protobuf.Inner" value: "\n\000"`)
	p, err := Compile(s.desc, WithResolver(types))
	if err != nil {
		t.Fatal(err)
	}
	for _, wire := range [][]byte{s.wire, inner.wire, s.wire, inner.wire} {
		if got, err := p.AppendJSON(nil, wire); !errors.Is(err, ErrUnresolved) || !strings.Contains(err.Error(), "google.protobuf.Duration") {
			t.Errorf("got %s, error %v, want ErrUnresolved", got, err)
		}
	}
}

// TestManyOneofs holds that members of a oneof keep each other out where a
// message has more oneofs than there are bits in a word.
func TestManyOneofs(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	text.WriteString(`name: "f.proto" syntax: "proto3" package: "a" message_type { name: "M" `)
	name := func(i int) string { return string([]byte{'a' + byte(i/26), 'a' + byte(i%26)}) }
	for i := range 2 * 100 {
		text.WriteString(`field { name: "` + name(i) + `" json_name: "` + name(i) + `" number: ` + string(appendInt(nil, int64(i+1))) +
			` label: LABEL_OPTIONAL type: TYPE_INT32 oneof_index: ` + string(appendInt(nil, int64(i/2))) + ` } `)
	}
	for i := range 100 {
		text.WriteString(`oneof_decl { name: "o` + name(i) + `" } `)
	}
	text.WriteString("}")
	md := fileOf(t, text.String()).Messages().Get(0)
	v := variants()[0]
	p := v.compile(t, md)
	for i := range 2 * 100 {
		for _, j := range []int{i, i ^ 1, (i + 2) % 200, (i + 130) % 200} {
			wire := appendVarintField(appendVarintField(nil, i+1, 5), j+1, 6)
			v.checkOracle(t, p, wire)
			if merged, want := needsMerging(p, wire), i/2 == j/2; merged != want {
				t.Errorf("fields %d and %d need merging: %v, want %v", i+1, j+1, merged, want)
			}
		}
	}
}
