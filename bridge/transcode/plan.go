// SPDX-License-Identifier: Apache-2.0

package transcode

import (
	"sync/atomic"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// kind says how one value of a field is read from the wire and written.
type kind uint8

const (
	kindBool kind = iota
	kindInt32
	kindSint32
	kindUint32
	kindInt64
	kindSint64
	kindUint64
	kindFloat
	kindDouble
	kindString
	kindBytes
	kindEnum
	kindNull // google.protobuf.NullValue
	kindMessage
)

// shape says how many values a field has.
type shape uint8

const (
	shapeOne shape = iota
	shapeList
	shapeMap
)

// form says what a message looks like in JSON.
type form uint8

const (
	formObject form = iota
	formTimestamp
	formDuration
	formFieldMask
	formWrapper
	formStruct
	formList
	formValue
	formAny
	formUnsupported // MessageSet
)

// field is all that is to be known of a field at run time.
type field struct {
	key       string // `,"name":`
	name      string // as error paths show it
	number    uint32 // on the wire
	kind      kind   // of one value; of no meaning for a map
	shape     shape
	wire      uint8 // wire type of one value
	packable  bool  // a list that may also come as one length-delimited run
	implicit  bool  // its zero value is the same as its absence
	required  bool
	extension bool
	oneof     uint32   // which oneof it is a member of, from 1; 0 for none
	msg       *message // of kindMessage
	enum      *enum    // of kindEnum
	entry     *message // of a map: the message that an entry is on the wire
}

// message is all that is to be known of a message type at run time.
type message struct {
	name     protoreflect.FullName
	form     form
	fields   []field  // as declared
	dense    []uint32 // field number -> index in fields + 1, for low numbers
	sparse   map[uint32]uint32
	required int // how many fields are required

	// defaults is the text of all defaults, of which that of fields[i] lies
	// between defaultAt[i] and defaultAt[i+1]: what is missing between two
	// fields is one copy.
	defaults  string
	defaultAt []uint32

	ranges     protoreflect.FieldRanges // the numbers that extensions may have; nil for none
	extensions atomic.Pointer[extensions]
}

// denseNumbers is the field number below which a message's fields are found by
// index. Numbers from there on cost a map look-up.
const denseNumbers = 1024

// index finds the field of a number: its index + 1, or 0 where the message has
// no such field.
func (m *message) index(number uint32) uint32 {
	if number < uint32(len(m.dense)) {
		return m.dense[number]
	}
	return m.sparse[number]
}

// field returns the field of an index: one of the message's own, or behind
// them one of its extensions.
func (m *message) field(i uint32) *field {
	if i < uint32(len(m.fields)) {
		return &m.fields[i]
	}
	return m.extensions.Load().list[i-uint32(len(m.fields))]
}

// extensionName is the full name of an extension, without the parentheses.
func (f *field) extensionName() string { return f.name[1 : len(f.name)-1] }

// setFields takes the fields of a message and makes the look-up tables.
func (m *message) setFields(fields []field) {
	m.fields = fields
	var highest uint32
	for i := range fields {
		if n := fields[i].number; n < denseNumbers {
			highest = max(highest, n)
		}
	}
	if len(fields) > 0 {
		m.dense = make([]uint32, highest+1)
	}
	for i := range fields {
		n := fields[i].number
		if n < denseNumbers {
			m.dense[n] = uint32(i) + 1
			continue
		}
		if m.sparse == nil {
			m.sparse = make(map[uint32]uint32)
		}
		m.sparse[n] = uint32(i) + 1
	}
}

// wireTypes gives the wire type of a value of each of the schema's kinds.
var wireTypes = map[protoreflect.Kind]protowire.Type{
	protoreflect.BoolKind:     protowire.VarintType,
	protoreflect.EnumKind:     protowire.VarintType,
	protoreflect.Int32Kind:    protowire.VarintType,
	protoreflect.Sint32Kind:   protowire.VarintType,
	protoreflect.Uint32Kind:   protowire.VarintType,
	protoreflect.Int64Kind:    protowire.VarintType,
	protoreflect.Sint64Kind:   protowire.VarintType,
	protoreflect.Uint64Kind:   protowire.VarintType,
	protoreflect.Sfixed32Kind: protowire.Fixed32Type,
	protoreflect.Fixed32Kind:  protowire.Fixed32Type,
	protoreflect.FloatKind:    protowire.Fixed32Type,
	protoreflect.Sfixed64Kind: protowire.Fixed64Type,
	protoreflect.Fixed64Kind:  protowire.Fixed64Type,
	protoreflect.DoubleKind:   protowire.Fixed64Type,
	protoreflect.StringKind:   protowire.BytesType,
	protoreflect.BytesKind:    protowire.BytesType,
	protoreflect.MessageKind:  protowire.BytesType,
	protoreflect.GroupKind:    protowire.StartGroupType,
}

// kinds maps the schema's kinds to those that are written differently. The
// wire type, kept apart, tells the others from each other: a fixed32 is a
// uint32 that comes in four bytes.
var kinds = map[protoreflect.Kind]kind{
	protoreflect.BoolKind:     kindBool,
	protoreflect.EnumKind:     kindEnum,
	protoreflect.Int32Kind:    kindInt32,
	protoreflect.Sint32Kind:   kindSint32,
	protoreflect.Uint32Kind:   kindUint32,
	protoreflect.Int64Kind:    kindInt64,
	protoreflect.Sint64Kind:   kindSint64,
	protoreflect.Uint64Kind:   kindUint64,
	protoreflect.Sfixed32Kind: kindInt32,
	protoreflect.Fixed32Kind:  kindUint32,
	protoreflect.FloatKind:    kindFloat,
	protoreflect.Sfixed64Kind: kindInt64,
	protoreflect.Fixed64Kind:  kindUint64,
	protoreflect.DoubleKind:   kindDouble,
	protoreflect.StringKind:   kindString,
	protoreflect.BytesKind:    kindBytes,
	protoreflect.MessageKind:  kindMessage,
	protoreflect.GroupKind:    kindMessage,
}
