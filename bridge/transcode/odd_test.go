// SPDX-License-Identifier: Apache-2.0

package transcode

import (
	"google.golang.org/protobuf/reflect/protoreflect"
	pack "google.golang.org/protobuf/testing/protopack"
)

const (
	varint0 = pack.VarintType
	bytes2  = pack.BytesType
	group3  = pack.StartGroupType
	end4    = pack.EndGroupType
	fixed5  = pack.Fixed32Type
)

// oddWires are wire bytes that no encoder writes in one go, with what they
// mean. Those marked merged cannot be written as they come.
var oddWires = []struct {
	name    string
	message protoreflect.FullName
	wire    pack.Message
	want    string // without defaults; empty for an error
	merged  bool
}{
	{
		"scalar twice", "sluice.test.shapes.Scalars",
		pack.Message{pack.Tag{Number: 3, Type: varint0}, pack.Varint(1), pack.Tag{Number: 3, Type: varint0}, pack.Varint(2)},
		`{"fInt32":2}`, true,
	},
	{
		"scalar twice, apart", "sluice.test.shapes.Scalars",
		pack.Message{pack.Tag{Number: 14, Type: bytes2}, pack.String("a"), pack.Tag{Number: 3, Type: varint0}, pack.Varint(2), pack.Tag{Number: 14, Type: bytes2}, pack.String("")},
		`{"fInt32":2}`, true,
	},
	{
		"dropped string that is not UTF-8", "sluice.test.shapes.Scalars",
		pack.Message{pack.Tag{Number: 14, Type: bytes2}, pack.String("\xff"), pack.Tag{Number: 14, Type: bytes2}, pack.String("a")},
		"", true,
	},
	{
		"dropped proto2 string that is not UTF-8", "sluice.test.legacy.Plain",
		pack.Message{pack.Tag{Number: 2, Type: bytes2}, pack.String("\xff"), pack.Tag{Number: 2, Type: bytes2}, pack.String("a")},
		`{"text":"a"}`, true,
	},
	{
		"message in two parts", "sluice.test.shapes.Tree",
		pack.Message{
			pack.Tag{Number: 2, Type: bytes2},
			pack.LengthPrefix{pack.Tag{Number: 1, Type: bytes2}, pack.String("a")},
			pack.Tag{Number: 2, Type: bytes2},
			pack.LengthPrefix{pack.Tag{Number: 3, Type: bytes2}, pack.LengthPrefix{}},
		},
		`{"left":{"name":"a","right":{}}}`, true,
	},
	{
		"timestamp in two parts, of which the first has no JSON form", "sluice.test.shapes.WellKnown",
		pack.Message{
			pack.Tag{Number: 2, Type: bytes2},
			pack.LengthPrefix{pack.Tag{Number: 2, Type: varint0}, pack.Varint(-1)},
			pack.Tag{Number: 2, Type: bytes2},
			pack.LengthPrefix{pack.Tag{Number: 2, Type: varint0}, pack.Varint(1000)},
		},
		`{"timestamp":"1970-01-01T00:00:00.000001Z"}`, true,
	},
	{
		"fields out of order", "sluice.test.shapes.Scalars",
		pack.Message{pack.Tag{Number: 13, Type: varint0}, pack.Bool(true), pack.Tag{Number: 3, Type: varint0}, pack.Varint(1)},
		`{"fInt32":1,"fBool":true}`, false,
	},
	{
		"list in two parts", "sluice.test.shapes.Lists",
		pack.Message{
			pack.Tag{Number: 14, Type: bytes2},
			pack.String("a"),
			pack.Tag{Number: 13, Type: varint0},
			pack.Bool(true),
			pack.Tag{Number: 14, Type: bytes2},
			pack.String("b"),
		},
		`{"bools":[true],"strings":["a","b"]}`, false,
	},
	{
		"list packed and unpacked", "sluice.test.shapes.Lists",
		pack.Message{
			pack.Tag{Number: 3, Type: varint0},
			pack.Varint(1),
			pack.Tag{Number: 3, Type: bytes2},
			pack.LengthPrefix{pack.Varint(2), pack.Varint(3)},
			pack.Tag{Number: 3, Type: varint0},
			pack.Varint(4),
			pack.Tag{Number: 3, Type: bytes2},
			pack.LengthPrefix{},
			pack.Tag{Number: 19, Type: bytes2},
			pack.LengthPrefix{pack.Varint(5)},
		},
		`{"int32s":[1,2,3,4],"unpacked":[5]}`, false,
	},
	{
		"packed run with nothing in it", "sluice.test.shapes.Lists",
		pack.Message{pack.Tag{Number: 3, Type: bytes2}, pack.LengthPrefix{}},
		`{}`, false,
	},
	{
		"extension's packed run with nothing in it", "sluice.test.legacy.Extendable",
		pack.Message{pack.Tag{Number: 103, Type: bytes2}, pack.LengthPrefix{}},
		`{}`, false,
	},
	{
		"packed run that ends within a value", "sluice.test.shapes.Lists",
		pack.Message{pack.Tag{Number: 1, Type: bytes2}, pack.Bytes("1234567")},
		"", false,
	},
	{
		"packed run that ends within a number", "sluice.test.shapes.Lists",
		pack.Message{pack.Tag{Number: 3, Type: bytes2}, pack.Bytes("\x01\x80")},
		"", false,
	},
	{
		"map key twice", "sluice.test.shapes.Maps",
		pack.Message{
			pack.Tag{Number: 1, Type: bytes2},
			pack.LengthPrefix{pack.Tag{Number: 1, Type: bytes2}, pack.String("k"), pack.Tag{Number: 2, Type: bytes2}, pack.String("1")},
			pack.Tag{Number: 1, Type: bytes2},
			pack.LengthPrefix{pack.Tag{Number: 1, Type: bytes2}, pack.String("k"), pack.Tag{Number: 2, Type: bytes2}, pack.String("2")},
		},
		`{"strings":{"k":"2"}}`, true,
	},
	{
		"map keys that differ in bits and not in value", "sluice.test.shapes.Maps",
		pack.Message{
			pack.Tag{Number: 2, Type: bytes2},
			pack.LengthPrefix{pack.Tag{Number: 1, Type: varint0}, pack.Uvarint(5), pack.Tag{Number: 2, Type: bytes2}, pack.String("1")},
			pack.Tag{Number: 2, Type: bytes2},
			pack.LengthPrefix{pack.Tag{Number: 1, Type: varint0}, pack.Uvarint(1<<32 + 5), pack.Tag{Number: 2, Type: bytes2}, pack.String("2")},
			pack.Tag{Number: 12, Type: bytes2},
			pack.LengthPrefix{pack.Tag{Number: 1, Type: varint0}, pack.Uvarint(1)},
			pack.Tag{Number: 12, Type: bytes2},
			pack.LengthPrefix{pack.Tag{Number: 1, Type: varint0}, pack.Uvarint(2), pack.Tag{Number: 2, Type: varint0}, pack.Uvarint(7)},
		},
		`{"int32s":{"5":"2"},"bools":{"true":true}}`, true,
	},
	{
		"map in two parts, the later keys first", "sluice.test.shapes.Maps",
		pack.Message{
			pack.Tag{Number: 6, Type: bytes2},
			pack.LengthPrefix{pack.Tag{Number: 1, Type: varint0}, pack.Svarint(2)},
			pack.Tag{Number: 12, Type: bytes2},
			pack.LengthPrefix{pack.Tag{Number: 2, Type: varint0}, pack.Bool(true)},
			pack.Tag{Number: 6, Type: bytes2},
			pack.LengthPrefix{pack.Tag{Number: 1, Type: varint0}, pack.Svarint(-2)},
		},
		`{"sint32s":{"-2":0,"2":0},"bools":{"false":true}}`, false,
	},
	{
		"map entries with parts missing, swapped and unknown", "sluice.test.shapes.Maps",
		pack.Message{
			pack.Tag{Number: 14, Type: bytes2},
			pack.LengthPrefix{},
			pack.Tag{Number: 13, Type: bytes2},
			pack.LengthPrefix{pack.Tag{Number: 2, Type: varint0}, pack.Varint(1), pack.Tag{Number: 1, Type: bytes2}, pack.String("k")},
			pack.Tag{Number: 13, Type: bytes2},
			pack.LengthPrefix{pack.Tag{Number: 1, Type: bytes2}, pack.String("l"), pack.Tag{Number: 3, Type: varint0}, pack.Varint(1), pack.Tag{Number: 2, Type: bytes2}, pack.String("wrong type")},
		},
		`{"colors":{"k":"COLOR_RED","l":"COLOR_UNSPECIFIED"},"maps":{"":{}}}`, false,
	},
	{
		"map entry with two keys", "sluice.test.shapes.Maps",
		pack.Message{pack.Tag{Number: 1, Type: bytes2}, pack.LengthPrefix{pack.Tag{Number: 1, Type: bytes2}, pack.String("a"), pack.Tag{Number: 1, Type: bytes2}, pack.String("b")}},
		`{"strings":{"b":""}}`, true,
	},
	{
		"map entry with a value in two parts", "sluice.test.shapes.Maps",
		pack.Message{pack.Tag{Number: 15, Type: bytes2}, pack.LengthPrefix{
			pack.Tag{Number: 2, Type: bytes2},
			pack.LengthPrefix{pack.Tag{Number: 1, Type: varint0}, pack.Varint(1)},
			pack.Tag{Number: 2, Type: bytes2},
			pack.LengthPrefix{pack.Tag{Number: 2, Type: varint0}, pack.Varint(5_000_000)},
		}},
		`{"times":{"":"1970-01-01T00:00:01.005Z"}}`, true,
	},
	{
		"map value that has no JSON form, under a key that comes again", "sluice.test.shapes.Maps",
		pack.Message{
			pack.Tag{Number: 16, Type: bytes2},
			pack.LengthPrefix{},
			pack.Tag{Number: 16, Type: bytes2},
			pack.LengthPrefix{pack.Tag{Number: 2, Type: bytes2}, pack.LengthPrefix{pack.Tag{Number: 4, Type: varint0}, pack.Bool(true)}},
		},
		`{"values":{"":true}}`, true,
	},
	{
		"two members of a oneof", "sluice.test.shapes.Oneofs",
		pack.Message{pack.Tag{Number: 2, Type: bytes2}, pack.String("a"), pack.Tag{Number: 3, Type: varint0}, pack.Varint(0)},
		`{"number":0}`, true,
	},
	{
		"two members of a oneof, the higher first", "sluice.test.shapes.Oneofs",
		pack.Message{pack.Tag{Number: 3, Type: varint0}, pack.Varint(0), pack.Tag{Number: 2, Type: bytes2}, pack.String("a")},
		`{"text":"a"}`, true,
	},
	{
		"message of a oneof, another member, the message again", "sluice.test.shapes.Oneofs",
		pack.Message{
			pack.Tag{Number: 4, Type: bytes2},
			pack.LengthPrefix{pack.Tag{Number: 3, Type: varint0}, pack.Varint(1)},
			pack.Tag{Number: 3, Type: varint0},
			pack.Varint(0),
			pack.Tag{Number: 4, Type: bytes2},
			pack.LengthPrefix{pack.Tag{Number: 4, Type: varint0}, pack.Varint(2)},
		},
		`{"scalars":{"fInt64":"2"}}`, true,
	},
	{
		"members of two oneofs", "sluice.test.shapes.Oneofs",
		pack.Message{pack.Tag{Number: 9, Type: varint0}, pack.Bool(false), pack.Tag{Number: 2, Type: bytes2}, pack.String("a")},
		`{"text":"a","yes":false}`, false,
	},
	{
		"google.protobuf.Value with two kinds", "google.protobuf.Value",
		pack.Message{pack.Tag{Number: 2, Type: pack.Fixed64Type}, pack.Float64(1), pack.Tag{Number: 4, Type: varint0}, pack.Bool(true)},
		`true`, true,
	},
	{
		"wrong wire types", "sluice.test.shapes.Scalars",
		pack.Message{pack.Tag{Number: 3, Type: bytes2}, pack.String("a"), pack.Tag{Number: 14, Type: varint0}, pack.Varint(1), pack.Tag{Number: 2, Type: varint0}, pack.Varint(1), pack.Tag{Number: 3, Type: fixed5}, pack.Int32(1)},
		`{}`, false,
	},
	{
		"unknown fields of every wire type", "sluice.test.shapes.Nothing",
		pack.Message{
			pack.Tag{Number: 1, Type: varint0},
			pack.Varint(-1),
			pack.Tag{Number: 2, Type: pack.Fixed64Type},
			pack.Int64(1),
			pack.Tag{Number: 3, Type: bytes2},
			pack.String("a"),
			pack.Tag{Number: 4, Type: group3},
			pack.Tag{Number: 1, Type: varint0},
			pack.Varint(-1),
			pack.Tag{Number: 2, Type: pack.Fixed64Type},
			pack.Int64(1),
			pack.Tag{Number: 3, Type: bytes2},
			pack.String("a"),
			pack.Tag{Number: 4, Type: group3},
			pack.Tag{Number: 4, Type: end4},
			pack.Tag{Number: 5, Type: fixed5},
			pack.Int32(1),
			pack.Tag{Number: 4, Type: end4},
			pack.Tag{Number: 5, Type: fixed5},
			pack.Int32(1),
		},
		`{}`, false,
	},
	{
		"numbers written too long", "sluice.test.shapes.Scalars",
		pack.Message{
			pack.Denormalized{Count: 3, Value: pack.Tag{Number: 3, Type: varint0}},
			pack.Denormalized{Count: 4, Value: pack.Uvarint(7)},
			pack.Denormalized{Count: 1, Value: pack.Tag{Number: 14, Type: bytes2}},
			pack.Denormalized{Count: 2, Value: pack.String("abc")},
		},
		`{"fInt32":7,"fString":"abc"}`, false,
	},
	{
		"numbers of more bits than the kind has", "sluice.test.shapes.Scalars",
		pack.Message{
			pack.Tag{Number: 3, Type: varint0},
			pack.Uvarint(1<<40 + 3),
			pack.Tag{Number: 5, Type: varint0},
			pack.Uvarint(1<<40 + 5),
			pack.Tag{Number: 7, Type: varint0},
			pack.Uvarint(1<<40 + 7),
			pack.Tag{Number: 13, Type: varint0},
			pack.Uvarint(1 << 40),
			pack.Tag{Number: 16, Type: varint0},
			pack.Uvarint(1<<40 + 1),
		},
		`{"fInt32":3,"fUint32":5,"fSint32":-4,"fBool":true,"fColor":"COLOR_RED"}`, false,
	},
	{
		"zero that only its high bits tell from zero", "sluice.test.shapes.Scalars",
		pack.Message{pack.Tag{Number: 3, Type: varint0}, pack.Uvarint(1 << 40), pack.Tag{Number: 17, Type: varint0}, pack.Uvarint(1 << 40)},
		`{}`, false,
	},
	{
		"group in two parts", "sluice.test.legacy.Groups",
		pack.Message{
			pack.Tag{Number: 1, Type: group3},
			pack.Tag{Number: 2, Type: varint0},
			pack.Varint(1),
			pack.Tag{Number: 1, Type: end4},
			pack.Tag{Number: 1, Type: group3},
			pack.Tag{Number: 3, Type: bytes2},
			pack.String("a"),
			pack.Tag{Number: 1, Type: end4},
		},
		`{"single":{"number":1,"text":"a"}}`, true,
	},
	{
		"group whose end is written too long", "sluice.test.legacy.Groups",
		pack.Message{
			pack.Tag{Number: 1, Type: group3},
			pack.Tag{Number: 2, Type: varint0},
			pack.Varint(1),
			pack.Denormalized{Count: 2, Value: pack.Tag{Number: 1, Type: end4}},
			pack.Tag{Number: 8, Type: bytes2},
			pack.String("a"),
		},
		`{"single":{"number":1},"after":"a"}`, false,
	},
	{
		"required field in the second part", "sluice.test.legacy.Required",
		pack.Message{
			pack.Tag{Number: 1, Type: bytes2},
			pack.String("a"),
			pack.Tag{Number: 5, Type: varint0},
			pack.Varint(1),
			pack.Tag{Number: 2, Type: bytes2},
			pack.LengthPrefix{pack.Tag{Number: 1, Type: bytes2}, pack.String("b")},
			pack.Tag{Number: 2, Type: bytes2},
			pack.LengthPrefix{pack.Tag{Number: 5, Type: varint0}, pack.Varint(2)},
		},
		`{"name":"a","nested":{"name":"b","number":2},"number":1}`, true,
	},
	{
		"extension twice", "sluice.test.legacy.Extendable",
		pack.Message{pack.Tag{Number: 100, Type: varint0}, pack.Varint(1), pack.Tag{Number: 101, Type: bytes2}, pack.String("a"), pack.Tag{Number: 100, Type: varint0}, pack.Varint(2)},
		`{"[sluice.test.legacy.apple]":"a","[sluice.test.legacy.zebra]":2}`, true,
	},
	{
		"extension nobody knows", "sluice.test.legacy.Extendable",
		pack.Message{pack.Tag{Number: 150, Type: varint0}, pack.Varint(1), pack.Tag{Number: 4999, Type: varint0}, pack.Varint(1)},
		`{}`, false,
	},
	{
		"field twice within an Any within an Any", "google.protobuf.Any",
		pack.Message{
			pack.Tag{Number: 1, Type: bytes2},
			pack.String("x/google.protobuf.Any"),
			pack.Tag{Number: 2, Type: bytes2},
			pack.LengthPrefix{
				pack.Tag{Number: 1, Type: bytes2},
				pack.String("x/google.protobuf.Int32Value"),
				pack.Tag{Number: 2, Type: bytes2},
				pack.LengthPrefix{pack.Tag{Number: 1, Type: varint0}, pack.Varint(1), pack.Tag{Number: 1, Type: varint0}, pack.Varint(2)},
			},
		},
		`{"@type":"x/google.protobuf.Any","value":{"@type":"x/google.protobuf.Int32Value","value":2}}`, true,
	},
	{
		"Any of an unknown type, to be merged", "google.protobuf.Any",
		pack.Message{pack.Tag{Number: 1, Type: bytes2}, pack.String("x/a.B"), pack.Tag{Number: 1, Type: bytes2}, pack.String("x/no.such.Type")},
		"", true,
	},
	{
		"Any with malformed content, to be merged", "google.protobuf.Any",
		pack.Message{
			pack.Tag{Number: 1, Type: bytes2},
			pack.String("x/a.B"),
			pack.Tag{Number: 1, Type: bytes2},
			pack.String("x/google.protobuf.Int32Value"),
			pack.Tag{Number: 2, Type: bytes2},
			pack.Bytes{0xff},
		},
		"", true,
	},
	{
		"malformed behind a field that stands twice", "sluice.test.shapes.Scalars",
		pack.Message{pack.Tag{Number: 3, Type: varint0}, pack.Varint(1), pack.Tag{Number: 3, Type: varint0}, pack.Varint(2), pack.Raw{0xff}},
		"", true,
	},
	{
		"no JSON form, in a message that is to be merged", "sluice.test.shapes.WellKnown",
		pack.Message{
			pack.Tag{Number: 6, Type: bytes2},
			pack.LengthPrefix{},
			pack.Tag{Number: 6, Type: bytes2},
			pack.LengthPrefix{},
		},
		"", true,
	},
	{
		// protobuf 1.36 panics on the entry, and has to see it because of the
		// scalar.
		"map entry with a second key of a wrong wire type, to be merged", "sluice.test.shapes.Maps",
		pack.Message{
			pack.Tag{Number: 1, Type: bytes2},
			pack.LengthPrefix{pack.Tag{Number: 1, Type: bytes2}, pack.String("a"), pack.Tag{Number: 1, Type: varint0}, pack.Varint(1)},
			pack.Tag{Number: 1, Type: bytes2},
			pack.LengthPrefix{pack.Tag{Number: 1, Type: bytes2}, pack.String("a")},
		},
		"", true,
	},
	{
		"map entry with a second key of a wrong wire type", "sluice.test.shapes.Maps",
		pack.Message{pack.Tag{Number: 1, Type: bytes2}, pack.LengthPrefix{pack.Tag{Number: 1, Type: bytes2}, pack.String("a"), pack.Tag{Number: 1, Type: varint0}, pack.Varint(1)}},
		`{"strings":{"a":""}}`, false,
	},
}
