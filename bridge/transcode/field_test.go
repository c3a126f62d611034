// SPDX-License-Identifier: Apache-2.0

package transcode

import (
	"encoding/base64"
	"errors"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	pack "google.golang.org/protobuf/testing/protopack"
	"google.golang.org/protobuf/types/dynamicpb"
)

// fieldPaths are the fields that tests and fuzzing read.
var fieldPaths = []struct {
	message protoreflect.FullName
	path    string
}{
	{"sluice.numbers.v1.GenerateResponse", "resume_token"},
	{"sluice.numbers.v1.GenerateResponse", "position"},
	{"sluice.numbers.v1.GenerateResponse", "create_time.seconds"},
	{"sluice.test.shapes.Scalars", "f_int32"},
	{"sluice.test.shapes.Scalars", "f_int64"},
	{"sluice.test.shapes.Scalars", "f_uint32"},
	{"sluice.test.shapes.Scalars", "f_uint64"},
	{"sluice.test.shapes.Scalars", "f_sint32"},
	{"sluice.test.shapes.Scalars", "f_sint64"},
	{"sluice.test.shapes.Scalars", "f_fixed32"},
	{"sluice.test.shapes.Scalars", "f_fixed64"},
	{"sluice.test.shapes.Scalars", "f_sfixed32"},
	{"sluice.test.shapes.Scalars", "f_sfixed64"},
	{"sluice.test.shapes.Scalars", "f_bool"},
	{"sluice.test.shapes.Scalars", "f_string"},
	{"sluice.test.shapes.Scalars", "f_bytes"},
	{"sluice.test.shapes.Scalars", "f_color"},
	{"sluice.test.shapes.Scalars", "f_null"},
	{"sluice.test.shapes.Optionals", "f_int32"},
	{"sluice.test.shapes.Optionals", "f_bool"},
	{"sluice.test.shapes.Optionals", "f_string"},
	{"sluice.test.shapes.Oneofs", "text"},
	{"sluice.test.shapes.Oneofs", "number"},
	{"sluice.test.shapes.Oneofs", "scalars.f_int32"},
	{"sluice.test.shapes.Oneofs", "again.again.text"},
	{"sluice.test.shapes.WellKnown", "string.value"},
	{"sluice.test.legacy.Plain", "number"},
	{"sluice.test.legacy.Plain", "text"},
	{"sluice.test.legacy.Plain", "closed"},
	{"sluice.test.legacy.Groups", "single.inner.number"},
	{"sluice.test.legacy.Groups", "chosen.number"},
	{"sluice.test.modern.Encoding", "delimited.prefixed.checked"},
	{"sluice.test.modern.Presence", "implicit"},
	{"sluice.test.modern.Presence", "explicit"},
	{"sluice.test.shapes.Lists", "int32s"},
	{"sluice.test.shapes.Lists", "int64s"},
	{"sluice.test.shapes.Lists", "uint64s"},
	{"sluice.test.shapes.Lists", "sint32s"},
	{"sluice.test.shapes.Lists", "fixed32s"},
	{"sluice.test.shapes.Lists", "sfixed64s"},
	{"sluice.test.shapes.Lists", "bools"},
	{"sluice.test.shapes.Lists", "strings"},
	{"sluice.test.shapes.Lists", "byteses"},
	{"sluice.test.shapes.Lists", "colors"},
	{"sluice.test.shapes.Lists", "messages.f_int32"},
	{"sluice.test.shapes.Lists", "messages.f_string"},
	{"sluice.test.shapes.Lists", "unpacked"},
	{"sluice.test.shapes.Tree", "children.name"},
	{"sluice.test.shapes.Tree", "children.left.children.name"},
	{"sluice.test.shapes.WellKnown", "strings.value"},
	{"sluice.test.legacy.Plain", "closeds"},
	{"sluice.test.legacy.Groups", "many.texts"},
	{"sluice.test.modern.Encoding", "delimiteds.packed"},
	{"sluice.test.modern.Encoding", "delimiteds.expanded"},
}

// oracleText is what AppendText should give, by way of dynamicpb.
func oracleText(md protoreflect.MessageDescriptor, path string, wire []byte) (text string, ok bool, err error) {
	defer func() {
		if recover() != nil {
			err = errOraclePanicked
		}
	}()
	m := dynamicpb.NewMessage(md)
	if err := (proto.UnmarshalOptions{AllowPartial: true, Resolver: testSchema()}).Unmarshal(wire, m); err != nil {
		return "", false, err
	}
	var at protoreflect.Message = m
	names := strings.Split(path, ".")
	for _, name := range names[:len(names)-1] {
		fd := at.Descriptor().Fields().ByName(protoreflect.Name(name))
		if !at.Has(fd) {
			return "", false, nil
		}
		if fd.IsList() {
			at = at.Get(fd).List().Get(at.Get(fd).List().Len() - 1).Message()
		} else {
			at = at.Get(fd).Message()
		}
	}
	fd := at.Descriptor().Fields().ByName(protoreflect.Name(names[len(names)-1]))
	if !at.Has(fd) {
		return "", false, nil
	}
	v := at.Get(fd)
	if fd.IsList() {
		v = v.List().Get(v.List().Len() - 1)
	}
	switch fd.Kind() {
	case protoreflect.StringKind:
		return v.String(), v.String() != "", nil
	case protoreflect.BytesKind:
		return base64.RawURLEncoding.EncodeToString(v.Bytes()), len(v.Bytes()) > 0, nil
	case protoreflect.EnumKind:
		return strconv.Itoa(int(v.Enum())), true, nil
	default:
		return v.String(), true, nil
	}
}

// checkText fails the test unless field and oracle agree. The field may read
// what the oracle refuses: it looks only where it has to.
func checkText(tb testing.TB, md protoreflect.MessageDescriptor, path string, wire []byte) {
	tb.Helper()
	f, err := CompileField(md, path)
	if err != nil {
		tb.Fatal(err)
	}
	want, wantOK, oracleErr := oracleText(md, path, wire)
	out, ok, err := f.AppendText([]byte("x"), wire)
	if out[0] != 'x' {
		tb.Fatalf("%s of %x: overwrote the buffer: %q", path, wire, out)
	}
	got := string(out[1:])
	switch {
	case err != nil:
		checkError(tb, err, wire)
		if ok || got != "" || oracleErr == nil && !errors.Is(err, ErrUTF8) {
			tb.Fatalf("%s of %x: got %q, %v, error %v, want %q, %v", path, wire, got, ok, err, want, wantOK)
		}
	case oracleErr == nil && (got != want || ok != wantOK):
		tb.Fatalf("%s of %x: got %q, %v, want %q, %v", path, wire, got, ok, want, wantOK)
	}
}

func TestFieldsAgainstOracle(t *testing.T) {
	t.Parallel()
	samples := append(written(t), filled(t)...)
	for i, fp := range fieldPaths {
		t.Run(string(fp.message)+"/"+fp.path, func(t *testing.T) {
			t.Parallel()
			m := mutator{rand.New(rand.NewPCG(uint64(i), 2))}
			for _, s := range samples {
				if s.desc.FullName() != fp.message {
					continue
				}
				checkText(t, s.desc, fp.path, s.wire)
				for range 300 {
					checkText(t, s.desc, fp.path, m.mutate(m.mutate(s.wire)))
				}
			}
			for _, tt := range oddWires {
				if tt.message == fp.message {
					checkText(t, testSchema().message(t, tt.message), fp.path, tt.wire.Marshal())
				}
			}
		})
	}
}

// FuzzField holds fields to what dynamicpb reads, for any bytes.
func FuzzField(f *testing.F) {
	for _, s := range written(f) {
		for i, fp := range fieldPaths {
			if fp.message == s.desc.FullName() && len(s.wire) <= maxFuzzWire {
				f.Add(uint8(i), s.wire)
			}
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, wire []byte) {
		if len(wire) > maxFuzzWire {
			t.Skip()
		}
		fp := fieldPaths[int(which)%len(fieldPaths)]
		checkText(t, testSchema().message(t, fp.message), fp.path, wire)
	})
}

func TestAppendText(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		message protoreflect.FullName
		path    string
		wire    pack.Message
		want    string // "-" for a field that is not set
	}{
		{"string", "sluice.test.shapes.Scalars", "f_string", pack.Message{pack.Tag{Number: 14, Type: bytes2}, pack.String("abc")}, "abc"},
		{"bytes", "sluice.test.shapes.Scalars", "f_bytes", pack.Message{pack.Tag{Number: 15, Type: bytes2}, pack.String("\xfb\xff")}, "-_8"},
		{"negative", "sluice.test.shapes.Scalars", "f_int64", pack.Message{pack.Tag{Number: 4, Type: varint0}, pack.Varint(-12)}, "-12"},
		{"enum", "sluice.test.shapes.Scalars", "f_color", pack.Message{pack.Tag{Number: 16, Type: varint0}, pack.Varint(-1)}, "-1"},
		{"bool", "sluice.test.shapes.Scalars", "f_bool", pack.Message{pack.Tag{Number: 13, Type: varint0}, pack.Varint(5)}, "true"},
		{"nothing there", "sluice.test.shapes.Scalars", "f_int32", nil, "-"},
		{"zero that is the same as nothing", "sluice.test.shapes.Scalars", "f_int32", pack.Message{pack.Tag{Number: 3, Type: varint0}, pack.Varint(0)}, "-"},
		{"zero that is not", "sluice.test.shapes.Optionals", "f_int32", pack.Message{pack.Tag{Number: 3, Type: varint0}, pack.Varint(0)}, "0"},
		{"false that is not", "sluice.test.shapes.Optionals", "f_bool", pack.Message{pack.Tag{Number: 13, Type: varint0}, pack.Varint(0)}, "false"},
		{"empty string", "sluice.test.shapes.Optionals", "f_string", pack.Message{pack.Tag{Number: 14, Type: bytes2}, pack.String("")}, "-"},
		{"default of proto2", "sluice.test.legacy.Plain", "number", nil, "-"},
		{
			"the last of two", "sluice.test.shapes.Scalars", "f_int32",
			pack.Message{pack.Tag{Number: 3, Type: varint0}, pack.Varint(1), pack.Tag{Number: 3, Type: varint0}, pack.Varint(2)},
			"2",
		},
		{
			"in the first part of a message in two", "sluice.test.shapes.Tree", "left.name",
			pack.Message{
				pack.Tag{Number: 2, Type: bytes2},
				pack.LengthPrefix{pack.Tag{Number: 1, Type: bytes2}, pack.String("a")},
				pack.Tag{Number: 2, Type: bytes2},
				pack.LengthPrefix{pack.Tag{Number: 2, Type: bytes2}, pack.LengthPrefix{}},
			},
			"a",
		},
		{
			"unset by another of its oneof", "sluice.test.shapes.Oneofs", "scalars.f_int32",
			pack.Message{
				pack.Tag{Number: 4, Type: bytes2},
				pack.LengthPrefix{pack.Tag{Number: 3, Type: varint0}, pack.Varint(1)},
				pack.Tag{Number: 3, Type: varint0},
				pack.Varint(0),
				pack.Tag{Number: 4, Type: bytes2},
				pack.LengthPrefix{},
			},
			"-",
		},
		{
			"in a group", "sluice.test.legacy.Groups", "single.inner.number",
			pack.Message{
				pack.Tag{Number: 1, Type: group3}, pack.Tag{Number: 4, Type: group3}, pack.Tag{Number: 1, Type: varint0}, pack.Varint(7), pack.Tag{Number: 4, Type: end4}, pack.Tag{Number: 1, Type: end4},
			},
			"7",
		},
		{
			"in the last element of a list", "sluice.test.shapes.Tree", "children.name",
			pack.Message{
				pack.Tag{Number: 4, Type: bytes2},
				pack.LengthPrefix{pack.Tag{Number: 1, Type: bytes2}, pack.String("a")},
				pack.Tag{Number: 4, Type: bytes2},
				pack.LengthPrefix{pack.Tag{Number: 1, Type: bytes2}, pack.String("b")},
			},
			"b",
		},
		{
			"not in the last element of a list", "sluice.test.shapes.Tree", "children.name",
			pack.Message{
				pack.Tag{Number: 4, Type: bytes2},
				pack.LengthPrefix{pack.Tag{Number: 1, Type: bytes2}, pack.String("a")},
				pack.Tag{Number: 4, Type: bytes2},
				pack.LengthPrefix{},
			},
			"-",
		},
		{
			"the last of a packed list", "sluice.test.shapes.Lists", "int32s",
			pack.Message{pack.Tag{Number: 3, Type: bytes2}, pack.LengthPrefix{pack.Varint(1), pack.Varint(2)}},
			"2",
		},
		{
			"zero at the end of a list", "sluice.test.shapes.Lists", "sfixed64s",
			pack.Message{pack.Tag{Number: 12, Type: bytes2}, pack.LengthPrefix{pack.Int64(1), pack.Int64(0)}},
			"0",
		},
		{
			"a list in two encodings", "sluice.test.shapes.Lists", "fixed32s",
			pack.Message{
				pack.Tag{Number: 9, Type: bytes2},
				pack.LengthPrefix{pack.Uint32(1)},
				pack.Tag{Number: 9, Type: pack.Fixed32Type},
				pack.Uint32(2),
				pack.Tag{Number: 9, Type: bytes2},
				pack.LengthPrefix{},
			},
			"2",
		},
		{"an empty list", "sluice.test.shapes.Lists", "int32s", nil, "-"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			md := testSchema().message(t, tt.message)
			f, err := CompileField(md, tt.path)
			if err != nil {
				t.Fatal(err)
			}
			out, ok, err := f.AppendText([]byte("x"), tt.wire.Marshal())
			want := "x" + tt.want
			if tt.want == "-" {
				want = "x"
			}
			if err != nil || string(out) != want || ok != (tt.want != "-") {
				t.Errorf("got %q, %v, error %v, want %q", out, ok, err, want)
			}
			checkText(t, md, tt.path, tt.wire.Marshal())
		})
	}
}

func TestAppendTextErrors(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		wire string
		want string
	}{
		{"not UTF-8", "\x12\x03\x0a\x01\xff", "transcode: sluice.test.shapes.Tree: left.name (byte 4): string is not UTF-8"},
		{"malformed", "\x12\x05\x0a", "transcode: sluice.test.shapes.Tree: left.name (byte 0): malformed wire format: unexpected EOF"},
		{"malformed on the way", "\x12\x02\x0a\x05", "transcode: sluice.test.shapes.Tree: left.name (byte 2): malformed wire format: unexpected EOF"},
		{"malformed at the end", "\x12\x03\x0a\x01a\x08", "transcode: sluice.test.shapes.Tree: left.name (byte 5): malformed wire format: unexpected EOF"},
		{"field number 0", "\x00\x00", "transcode: sluice.test.shapes.Tree: left.name (byte 0): malformed wire format: proto: invalid field number"},
		{"field number too high", "\x80\x80\x80\x80\x10\x00", "transcode: sluice.test.shapes.Tree: left.name (byte 0): malformed wire format: field number 536870912"},
	}
	f, err := CompileField(testSchema().message(t, "sluice.test.shapes.Tree"), "left.name")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			out, ok, err := f.AppendText([]byte("x"), []byte(tt.wire))
			if ok || string(out) != "x" {
				t.Errorf("got %q, %v", out, ok)
			}
			checkError(t, err, []byte(tt.wire))
			if text := strings.ReplaceAll(err.Error(), "\u00a0", " "); text != tt.want {
				t.Errorf("\n got %s\nwant %s", text, tt.want)
			}
		})
	}
}

func TestCompileFieldRefuses(t *testing.T) {
	t.Parallel()
	const prefix = "transcode: cannot compile sluice.test.shapes.WellKnown: "
	tests := []struct{ path, want string }{
		{"", `path "": sluice.test.shapes.WellKnown has no field ""`},
		{"nope", `path "nope": sluice.test.shapes.WellKnown has no field "nope"`},
		{"string.nope", `path "string.nope": google.protobuf.StringValue has no field "nope"`},
		{"string.value.deeper", `path "string.value.deeper": google.protobuf.StringValue.value is no message`},
		{"strings", `path "strings": sluice.test.shapes.WellKnown.strings is a message, and not a string, bytes, an integer, an enum or a bool`},
		{"structs_by_name.key", `path "structs_by_name.key": sluice.test.shapes.WellKnown.structs_by_name is a map`},
		{"string", `path "string": sluice.test.shapes.WellKnown.string is a message, and not a string, bytes, an integer, an enum or a bool`},
		{"double.value", `path "double.value": google.protobuf.DoubleValue.value is a double, and not a string, bytes, an integer, an enum or a bool`},
		{"float.value", `path "float.value": google.protobuf.FloatValue.value is a float, and not a string, bytes, an integer, an enum or a bool`},
		{"fieldMask", `path "fieldMask": sluice.test.shapes.WellKnown has no field "fieldMask"`},
	}
	for _, tt := range tests {
		_, err := CompileField(testSchema().message(t, "sluice.test.shapes.WellKnown"), tt.path)
		var ce *CompileError
		if !errors.As(err, &ce) || err.Error() != prefix+tt.want {
			t.Errorf("path %q:\n got %v\nwant %s%s", tt.path, err, prefix, tt.want)
		}
	}
}
