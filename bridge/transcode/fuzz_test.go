// SPDX-License-Identifier: Apache-2.0

package transcode

import (
	"testing"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// fuzzTypes are the types that fuzzing reads its input as: between them they
// have everything that a schema can say.
var fuzzTypes = []protoreflect.FullName{
	"sluice.numbers.v1.GenerateResponse",
	"sluice.test.shapes.Scalars",
	"sluice.test.shapes.Optionals",
	"sluice.test.shapes.Lists",
	"sluice.test.shapes.Maps",
	"sluice.test.shapes.Oneofs",
	"sluice.test.shapes.Shuffled",
	"sluice.test.shapes.Tree",
	"sluice.test.shapes.WellKnown",
	"sluice.test.legacy.Plain",
	"sluice.test.legacy.Required",
	"sluice.test.legacy.Groups",
	"sluice.test.legacy.Extendable",
	"sluice.test.modern.Presence",
	"sluice.test.modern.Encoding",
	"google.protobuf.Any",
	"google.protobuf.Struct",
	"google.protobuf.FileDescriptorProto",
	"grpc.channelz.v1.Socket",
	"google.rpc.Status",
}

// maxFuzzWire keeps inputs short: what goes wrong goes wrong in a few bytes.
const maxFuzzWire = 1 << 12

// FuzzAppendJSON holds the program to protojson's answer for any bytes, read as
// any type, with any options.
func FuzzAppendJSON(f *testing.F) {
	vs := variants()
	programs := make([][]*Program, len(fuzzTypes))
	byName := make(map[protoreflect.FullName]uint8)
	for i, name := range fuzzTypes {
		byName[name] = uint8(i)
		for _, v := range vs {
			programs[i] = append(programs[i], v.compile(f, testSchema().message(f, name)))
		}
	}
	for _, s := range append(written(f), filled(f)...) {
		if i, ok := byName[s.desc.FullName()]; ok && len(s.wire) <= maxFuzzWire {
			f.Add(i, uint8(len(s.wire)), s.wire)
		}
	}
	for _, tt := range oddWires {
		if i, ok := byName[tt.message]; ok {
			f.Add(i, uint8(0), tt.wire.Marshal())
		}
	}
	f.Fuzz(func(t *testing.T, which, how uint8, wire []byte) {
		if len(wire) > maxFuzzWire {
			t.Skip()
		}
		i, j := int(which)%len(fuzzTypes), int(how)%len(vs)
		vs[j].checkOracle(t, programs[i][j], wire)
	})
}
