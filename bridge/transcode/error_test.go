// SPDX-License-Identifier: Apache-2.0

package transcode

import (
	"errors"
	"strings"
	"testing"

	"google.golang.org/protobuf/reflect/protoreflect"
	pack "google.golang.org/protobuf/testing/protopack"
)

// TestErrors shows what errors say: the way to the fault, where it lies, and
// what is wrong.
func TestErrors(t *testing.T) {
	t.Parallel()
	badTime := pack.LengthPrefix{pack.Tag{Number: 2, Type: varint0}, pack.Varint(-1)}
	tests := []struct {
		name    string
		message protoreflect.FullName
		wire    pack.Message
		reason  error
		want    string
	}{
		{
			"ends within a number", "sluice.test.shapes.Scalars",
			pack.Message{pack.Raw{0x18, 0x80}},
			ErrMalformed,
			"transcode: sluice.test.shapes.Scalars (byte 1): malformed wire format: ends within a number",
		},
		{
			"ends within a tag", "sluice.test.shapes.Scalars",
			pack.Message{pack.Raw{0x80}},
			ErrMalformed,
			"transcode: sluice.test.shapes.Scalars (byte 0): malformed wire format: ends within a number",
		},
		{
			"number of 65 bits", "sluice.test.shapes.Scalars",
			pack.Message{pack.Raw("\x18\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02")},
			ErrMalformed,
			"transcode: sluice.test.shapes.Scalars (byte 1): malformed wire format: number of more than 64 bits",
		},
		{
			"field number 0", "sluice.test.shapes.Scalars",
			pack.Message{pack.Raw{0x00, 0x00}},
			ErrMalformed,
			"transcode: sluice.test.shapes.Scalars (byte 0): malformed wire format: field number 0",
		},
		{
			"field number too high", "sluice.test.shapes.Scalars",
			pack.Message{pack.Raw("\x80\x80\x80\x80\x10\x00")},
			ErrMalformed,
			"transcode: sluice.test.shapes.Scalars (byte 0): malformed wire format: field number 536870912",
		},
		{
			"wire type 7", "sluice.test.shapes.Scalars",
			pack.Message{pack.Raw{0x0f}},
			ErrMalformed,
			"transcode: sluice.test.shapes.Scalars (byte 0): malformed wire format: wire type 7",
		},
		{
			"end without a group", "sluice.test.shapes.Scalars",
			pack.Message{pack.Tag{Number: 3, Type: end4}},
			ErrMalformed,
			"transcode: sluice.test.shapes.Scalars (byte 0): malformed wire format: end of a group that has not begun",
		},
		{
			"group that ends as another", "sluice.test.shapes.Scalars",
			pack.Message{pack.Tag{Number: 3, Type: group3}, pack.Tag{Number: 4, Type: end4}},
			ErrMalformed,
			"transcode: sluice.test.shapes.Scalars (byte 1): malformed wire format: group 3 ends as 4",
		},
		{
			"group that does not end", "sluice.test.shapes.Scalars",
			pack.Message{pack.Tag{Number: 3, Type: group3}},
			ErrMalformed,
			"transcode: sluice.test.shapes.Scalars (byte 1): malformed wire format: ends within a number",
		},
		{
			"wire type 6 in a group", "sluice.test.shapes.Scalars",
			pack.Message{pack.Tag{Number: 3, Type: group3}, pack.Raw{0x0e}},
			ErrMalformed,
			"transcode: sluice.test.shapes.Scalars (byte 1): malformed wire format: wire type 6",
		},
		{
			"field number 0 in a group", "sluice.test.shapes.Scalars",
			pack.Message{pack.Tag{Number: 3, Type: group3}, pack.Raw{0x00}},
			ErrMalformed,
			"transcode: sluice.test.shapes.Scalars (byte 1): malformed wire format: field number 0",
		},
		{
			"ends within a double", "sluice.test.shapes.Scalars",
			pack.Message{pack.Raw{0x09, 1, 2, 3}},
			ErrMalformed,
			"transcode: sluice.test.shapes.Scalars (byte 1): malformed wire format: 8 bytes announced, 3 left",
		},
		{
			"ends within a float", "sluice.test.shapes.Scalars",
			pack.Message{pack.Raw{0x15, 1}},
			ErrMalformed,
			"transcode: sluice.test.shapes.Scalars (byte 1): malformed wire format: 4 bytes announced, 1 left",
		},
		{
			"ends within a string", "sluice.test.shapes.Scalars",
			pack.Message{pack.Raw{0x72, 5, 'a'}},
			ErrMalformed,
			"transcode: sluice.test.shapes.Scalars (byte 2): malformed wire format: 5 bytes announced, 1 left",
		},
		{
			"length past all bounds", "sluice.test.shapes.Scalars",
			pack.Message{pack.Raw("\x72\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01")},
			ErrMalformed,
			"transcode: sluice.test.shapes.Scalars (byte 11): malformed wire format: 18446744073709551615 bytes announced, 0 left",
		},
		{
			"bad string in a list of messages", "sluice.test.shapes.Lists",
			pack.Message{
				pack.Tag{Number: 18, Type: bytes2},
				pack.LengthPrefix{},
				pack.Tag{Number: 18, Type: bytes2},
				pack.LengthPrefix{pack.Tag{Number: 14, Type: bytes2}, pack.String("\xff")},
			},
			ErrUTF8,
			"transcode: sluice.test.shapes.Lists: messages[1].f_string (byte 8): string is not UTF-8",
		},
		{
			"bad timestamp in a map", "sluice.test.shapes.Maps",
			pack.Message{pack.Tag{Number: 15, Type: bytes2}, pack.LengthPrefix{pack.Tag{Number: 1, Type: bytes2}, pack.String("a\n"), pack.Tag{Number: 2, Type: bytes2}, badTime}},
			ErrValue,
			`transcode: sluice.test.shapes.Maps: times["a\n"] (byte 8): value has no JSON form: a timestamp has -1 nanoseconds, and may have 0 to 999999999`,
		},
		{
			"bad string under a number", "sluice.test.shapes.Maps",
			pack.Message{pack.Tag{Number: 2, Type: bytes2}, pack.LengthPrefix{pack.Tag{Number: 1, Type: varint0}, pack.Varint(-7), pack.Tag{Number: 2, Type: bytes2}, pack.String("\xff")}},
			ErrUTF8,
			`transcode: sluice.test.shapes.Maps: int32s[-7] (byte 15): string is not UTF-8`,
		},
		{
			"bad key", "sluice.test.shapes.Maps",
			pack.Message{pack.Tag{Number: 1, Type: bytes2}, pack.LengthPrefix{pack.Tag{Number: 1, Type: bytes2}, pack.String("\xff")}},
			ErrUTF8,
			`transcode: sluice.test.shapes.Maps: strings (byte 4): string is not UTF-8: in the key of a map`,
		},
		{
			"long key", "sluice.test.shapes.Maps",
			pack.Message{pack.Tag{Number: 16, Type: bytes2}, pack.LengthPrefix{pack.Tag{Number: 1, Type: bytes2}, pack.String(strings.Repeat("k", 100))}},
			ErrValue,
			`transcode: sluice.test.shapes.Maps: values["` + strings.Repeat("k", 64) + `"…] (byte 3): value has no JSON form: google.protobuf.Value has nothing in it`,
		},
		{
			"required field in a group of a list", "sluice.test.legacy.Required",
			pack.Message{
				pack.Tag{Number: 1, Type: bytes2},
				pack.String("n"),
				pack.Tag{Number: 5, Type: varint0},
				pack.Varint(1),
				pack.Tag{Number: 3, Type: bytes2},
				pack.LengthPrefix{pack.Tag{Number: 1, Type: bytes2}, pack.String("n")},
			},
			ErrRequired,
			"transcode: sluice.test.legacy.Required: list[0].number (byte 7): required field is not set",
		},
		{
			"deep in a struct", "google.protobuf.Struct",
			pack.Message{pack.Tag{Number: 1, Type: bytes2}, pack.LengthPrefix{
				pack.Tag{Number: 1, Type: bytes2},
				pack.String("k"),
				pack.Tag{Number: 2, Type: bytes2},
				pack.LengthPrefix{pack.Tag{Number: 6, Type: bytes2}, pack.LengthPrefix{pack.Tag{Number: 1, Type: bytes2}, pack.LengthPrefix{}}},
			}},
			ErrValue,
			`transcode: google.protobuf.Struct: ["k"].list_value.values[0] (byte 11): value has no JSON form: google.protobuf.Value has nothing in it`,
		},
		{
			"unknown type in an Any in an extension", "sluice.test.shapes.WellKnown",
			pack.Message{pack.Tag{Number: 18, Type: bytes2}, pack.LengthPrefix{pack.Tag{Number: 1, Type: bytes2}, pack.String("x/a.B")}},
			ErrUnresolved,
			`transcode: sluice.test.shapes.WellKnown: anys[0] (byte 5): unknown message type: "x/a.B": proto: not found`,
		},
		{
			"bad string in an Any", "google.protobuf.Any",
			pack.Message{
				pack.Tag{Number: 1, Type: bytes2},
				pack.String("x/google.protobuf.StringValue"),
				pack.Tag{Number: 2, Type: bytes2},
				pack.LengthPrefix{pack.Tag{Number: 1, Type: bytes2}, pack.String("\xff")},
			},
			ErrUTF8,
			`transcode: google.protobuf.Any: value.value (byte 35): string is not UTF-8`,
		},
		{
			"bad string in an extension", "sluice.test.legacy.Extendable",
			pack.Message{pack.Tag{Number: 101, Type: bytes2}, pack.String("\xff")},
			ErrUTF8,
			`transcode: sluice.test.legacy.Extendable: (sluice.test.legacy.apple) (byte 3): string is not UTF-8`,
		},
		{
			"bad path of a field mask", "google.protobuf.FieldMask",
			pack.Message{pack.Tag{Number: 1, Type: bytes2}, pack.String("ok"), pack.Tag{Number: 1, Type: bytes2}, pack.String("notOk")},
			ErrValue,
			`transcode: google.protobuf.FieldMask: paths[1] (byte 6): value has no JSON form: path "notOk" of a google.protobuf.FieldMask has no camel case that leads back to it`,
		},
		{
			"bad timestamp in a message that was merged", "sluice.test.shapes.WellKnown",
			pack.Message{pack.Tag{Number: 2, Type: bytes2}, badTime, pack.Tag{Number: 2, Type: bytes2}, pack.LengthPrefix{}},
			ErrValue,
			"transcode: sluice.test.shapes.WellKnown: timestamp: value has no JSON form: a timestamp has -1 nanoseconds, and may have 0 to 999999999",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			wire := tt.wire.Marshal()
			p := variants()[0].compile(t, testSchema().message(t, tt.message))
			got, err := p.AppendJSON([]byte("kept"), wire)
			if string(got) != "kept" {
				t.Errorf("buffer is %q", got)
			}
			checkError(t, err, wire)
			if !errors.Is(err, tt.reason) {
				t.Errorf("reason is not %v", tt.reason)
			}
			// protobuf puts a space of one kind or another into its errors.
			if text := strings.ReplaceAll(err.Error(), "\u00a0", " "); text != tt.want {
				t.Errorf("\n got %s\nwant %s", text, tt.want)
			}
		})
	}
}
