// SPDX-License-Identifier: Apache-2.0

package transcode

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// Field reads one field of messages of one type as text, straight from their
// wire bytes: the position that a stream can be resumed from, for instance. It
// is made by [CompileField], never changes, and may be used by any number of
// goroutines at once. Its zero value is of no use.
type Field struct {
	message protoreflect.FullName
	path    string
	steps   []step // from the message to the field
	desc    protoreflect.FieldDescriptor
	leaf    field
}

// step is one field on the way, in the message that the step before led to.
type step struct {
	number protowire.Number
	wire   protowire.Type
	// rivals are the other members of a oneof that the field is in, by number.
	// What comes last on the wire is set, and unsets what came before.
	rivals map[protowire.Number]protowire.Type
	// repeated says that the field is a list, of which the last element counts.
	repeated bool
	// packable says that its elements may come together in one value.
	packable bool
}

// CompileField makes a reader of the field that a path leads to from messages
// of a type. A path is the names of fields in the schema, joined by dots, as in
// "header.revision". The last is a string, bytes, an integer, an enum or a
// bool; those before it are messages; none is a map. Of a repeated field the path
// leads to the last element, or through it.
//
// It fails with a [*CompileError] that says what about the path is not so.
func CompileField(md protoreflect.MessageDescriptor, path string) (*Field, error) {
	f := &Field{message: md.FullName(), path: path}
	names := strings.Split(path, ".")
	for i, name := range names {
		fail := func(format string, args ...any) (*Field, error) {
			return nil, &CompileError{f.message, fmt.Sprintf("path %q: ", path) + fmt.Sprintf(format, args...)}
		}
		fd := md.Fields().ByName(protoreflect.Name(name))
		if fd == nil {
			return fail("%s has no field %q", md.FullName(), name)
		}
		if fd.IsMap() {
			return fail("%s is a map", fd.FullName())
		}
		f.steps = append(f.steps, newStep(fd))
		if i < len(names)-1 {
			if md = fd.Message(); md == nil {
				return fail("%s is no message", fd.FullName())
			}
			continue
		}
		f.desc = fd
		switch f.leaf.kind = kinds[fd.Kind()]; f.leaf.kind {
		case kindMessage, kindFloat, kindDouble:
			return fail("%s is a %v, and not a string, bytes, an integer, an enum or a bool", fd.FullName(), fd.Kind())
		case kindEnum:
			f.leaf.kind = kindInt32
		}
		f.leaf.implicit = !fd.HasPresence() && !fd.IsList()
	}
	return f, nil
}

func newStep(fd protoreflect.FieldDescriptor) step {
	s := step{number: fd.Number(), wire: wireTypes[fd.Kind()], repeated: fd.IsList()}
	switch s.wire {
	case protowire.VarintType, protowire.Fixed32Type, protowire.Fixed64Type:
		s.packable = s.repeated
	}
	if od := fd.ContainingOneof(); od != nil && od.Fields().Len() > 1 {
		s.rivals = make(map[protowire.Number]protowire.Type)
		for i := range od.Fields().Len() {
			if rival := od.Fields().Get(i); rival != fd {
				s.rivals[rival.Number()] = wireTypes[rival.Kind()]
			}
		}
	}
	return s
}

// Descriptor returns the field that is read.
func (f *Field) Descriptor() protoreflect.FieldDescriptor { return f.desc }

// AppendText appends the field's text to dst and returns the extended buffer.
// Text is a string as it is, decimal for integers and for the numbers of enums,
// true or false, and unpadded base64 in its URL alphabet for bytes.
//
// It reports false, and appends nothing, where the field is not set: where it
// is not there, where a message on the way to it is not there, and where it is
// an empty string or empty bytes. A zero counts as set only if the schema lets
// one tell it from an unset field, as it does in a list.
//
// It fails with an [*Error] where the wire bytes cannot be read as far as the
// way to the field goes, and for a string that is not UTF-8; dst then comes
// back as it was. Any legal wire will do, with fields twice and messages split.
func (f *Field) AppendText(dst, wire []byte) (out []byte, ok bool, err error) {
	found, fail := f.find(wire, 0, 0, located{})
	if fail == nil && found.set && f.leaf.kind == kindString && !utf8.Valid(found.content) {
		fail = fault(ErrUTF8, found.offset, "")
	}
	if fail != nil {
		fail = fail.finish(f.message)
		fail.Path = f.path
		return dst, false, fail
	}
	if !found.set {
		return dst, false, nil
	}
	switch f.leaf.kind {
	case kindString:
		return append(dst, found.content...), len(found.content) > 0, nil
	case kindBytes:
		return base64.RawURLEncoding.AppendEncode(dst, found.content), len(found.content) > 0, nil
	case kindBool:
		if f.leaf.implicit && found.bits == 0 {
			return dst, false, nil
		}
		return strconv.AppendBool(dst, found.bits != 0), true, nil
	}
	if f.leaf.implicit && f.leaf.isZero(&entry{value: found.bits}) {
		return dst, false, nil
	}
	return f.leaf.appendInteger(dst, found.bits), true, nil
}

// appendInteger writes an integer without the quotes that JSON has around one
// of 64 bits.
func (f *field) appendInteger(out []byte, bits uint64) []byte {
	switch f.kind {
	case kindInt64:
		return appendInt(out, int64(bits))
	case kindSint64:
		return appendInt(out, zigzag(bits))
	case kindUint64:
		return appendUint(out, bits)
	}
	return f.appendScalar(out, bits)
}

// located is what find found: the last of the field's values.
type located struct {
	set     bool
	bits    uint64
	content []byte
	offset  int
}

// find looks for the field in a message at a step of the path, whose bytes
// begin at an offset of the whole. It takes what was found before, in an
// earlier part of the same message, and gives back what is true after it.
func (f *Field) find(b []byte, offset, depth int, found located) (located, *Error) {
	s := &f.steps[depth]
	for len(b) > 0 {
		number, wire, n, size := consumeField(b)
		if number > protowire.MaxValidNumber {
			return found, fault(ErrMalformed, offset, "field number %d", number)
		}
		if size < 0 {
			return found, fault(ErrMalformed, offset, "%v", protowire.ParseError(size))
		}
		value := b[n:size]
		switch {
		case number == s.number && wire == s.wire:
			if depth == len(f.steps)-1 {
				found = f.locate(value, offset+n)
				break
			}
			var content []byte
			if wire == protowire.StartGroupType {
				content, _ = protowire.ConsumeGroup(number, value)
			} else {
				content, _ = protowire.ConsumeBytes(value)
				n = size - len(content)
			}
			if s.repeated {
				found = located{} // the element before this one no longer counts
			}
			var err *Error
			if found, err = f.find(content, offset+n, depth+1, found); err != nil {
				return found, err
			}
		case number == s.number && s.packable && wire == protowire.BytesType:
			content, _ := protowire.ConsumeBytes(value)
			var err *Error
			if found, err = s.last(content, offset+size-len(content), found); err != nil {
				return found, err
			}
		case s.rivals != nil:
			if rival, ok := s.rivals[number]; ok && rival == wire {
				found = located{}
			}
		}
		b = b[size:]
		offset += size
	}
	return found, nil
}

// consumeField reads the field that b begins with: its tag has n bytes, and with
// its value it has size, which is less than 0 where it cannot be read.
func consumeField(b []byte) (number protowire.Number, wire protowire.Type, n, size int) {
	// Most tags and most lengths are of one byte. There is no field 0.
	if tag := b[0]; tag >= 1<<3 && tag < 0x80 {
		number, wire, n = protowire.Number(tag>>3), protowire.Type(tag&7), 1
	} else if number, wire, n = protowire.ConsumeTag(b); n < 0 {
		return 0, 0, n, n
	}
	if wire == protowire.BytesType && n < len(b) && b[n] < 0x80 {
		if size = n + 1 + int(b[n]); size <= len(b) {
			return number, wire, n, size
		}
	}
	if size = protowire.ConsumeFieldValue(number, wire, b[n:]); size >= 0 {
		size += n
	}
	return number, wire, n, size
}

// last reads the last element of a packed list, whose elements begin at an
// offset of the whole. It takes what was found before, which stands where the
// list is empty.
func (s *step) last(packed []byte, offset int, found located) (located, *Error) {
	for len(packed) > 0 {
		n := protowire.ConsumeFieldValue(s.number, s.wire, packed)
		if n < 0 {
			return found, fault(ErrMalformed, offset, "%v", protowire.ParseError(n))
		}
		found = located{set: true, offset: offset, bits: scalarBits(packed[:n], s.wire)}
		packed = packed[n:]
		offset += n
	}
	return found, nil
}

// scalarBits reads a value that is no bytes.
func scalarBits(value []byte, wire protowire.Type) uint64 {
	switch wire {
	case protowire.VarintType:
		bits, _ := protowire.ConsumeVarint(value)
		return bits
	case protowire.Fixed32Type:
		bits, _ := protowire.ConsumeFixed32(value)
		return uint64(bits)
	}
	bits, _ := protowire.ConsumeFixed64(value)
	return bits
}

// locate reads a value of the field.
func (f *Field) locate(value []byte, offset int) located {
	found := located{set: true, offset: offset}
	if wire := f.steps[len(f.steps)-1].wire; wire != protowire.BytesType {
		found.bits = scalarBits(value, wire)
		return found
	}
	found.content, _ = protowire.ConsumeBytes(value)
	found.offset += len(value) - len(found.content)
	return found
}
