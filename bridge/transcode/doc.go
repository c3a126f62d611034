// SPDX-License-Identifier: Apache-2.0

// Package transcode turns protobuf wire bytes into ProtoJSON without decoding
// them into a message first.
//
// [Compile] makes a [Program] of a message descriptor, once;
// [Program.AppendJSON] runs it, as often as one likes and from any number of
// goroutines, without allocating:
//
//	program, err := transcode.Compile(descriptor)
//	…
//	buf, err = program.AppendJSON(buf[:0], wire)
//
// What comes out is what [google.golang.org/protobuf/encoding/protojson] gives
// with EmitDefaultValues, byte for byte but for the spaces that protojson adds
// at random: one line without white space, fields in the order in which the
// schema declares them whatever their order on the wire, extensions after
// them by name, map entries by key.
//
// # Defaults
//
// A field that cannot be told from its default when it is unset is written
// out: zero, false, the empty string, the enum's first name, [] and {}. A zero
// is a value that a reader wants to see, and a consumer in JavaScript should
// not have to know the schema to find it. A field that knows whether it was
// set (a message, a proto3 optional, a member of a oneof, a proto2 scalar) is
// left out when it was not. protojson's other form, EmitUnpopulated, would
// write null for these: it says no more, and makes a message of many
// alternatives unreadable. [WithoutDefaults] leaves all of them out.
//
// # How it runs
//
// Each message is read in two steps. The first finds where its fields are and
// checks their wire form; the second writes them in the order of the schema,
// with the defaults of the fields in between, which were put together as text
// when the program was compiled. Both work for fields in any order, for lists
// in several pieces and for packed or unpacked scalars.
//
// Some wire is legal, but no encoder writes it in one go: a singular field
// twice, a message split in two, two members of a oneof, a map key twice. Such
// a message has to be merged before it can be written. It is merged by
// dynamicpb and run again, which costs about as much as decoding everything
// would have.
//
// # Limits
//
// Whatever the wire holds, a run ends in JSON or in an [*Error], and the memory
// it takes is bounded: messages nest at most [MaxDepth] deep, wire is at most
// [MaxWire] long, and the JSON at most what [WithMaxOutput] or
// [Program.AppendJSONWithin] says. A message that has to be merged takes some
// times the memory of its JSON. One that would take more than that is refused
// before it is read.
package transcode
