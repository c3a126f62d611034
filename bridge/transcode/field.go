// SPDX-License-Identifier: Apache-2.0

package transcode

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// Field reads one field out of the wire bytes of a message and passes over all
// else. Like a [Program] it is compiled once, by [CompileField], and may be used
// by any number of goroutines at once.
type Field struct {
	message protoreflect.FullName
	path    []protoreflect.FieldNumber
	groups  []bool // whether the message at that step is delimited by tags
	kind    protoreflect.Kind
}

// CompileField returns the field at a path of names as in the .proto file,
// joined by dots, as in "header.revision". Each name but the last is of a
// message that is not repeated, and the last of a string, bytes, an integer, an
// enum or a bool, not repeated either. What else a path may be is an error that
// says so.
func CompileField(md protoreflect.MessageDescriptor, path string) (*Field, error) {
	f := &Field{message: md.FullName()}
	for name := range strings.SplitSeq(path, ".") {
		if md == nil {
			return nil, fmt.Errorf("transcode: %s: there is nothing within %q to find %q in", f.message, path, name)
		}
		fd := md.Fields().ByName(protoreflect.Name(name))
		if fd == nil {
			return nil, fmt.Errorf("transcode: %s: %s has no field %q", f.message, md.FullName(), name)
		}
		if fd.IsList() || fd.IsMap() {
			return nil, fmt.Errorf("transcode: %s: %s is repeated, and one value is needed", f.message, fd.FullName())
		}
		f.path = append(f.path, fd.Number())
		f.groups = append(f.groups, fd.Kind() == protoreflect.GroupKind)
		f.kind, md = fd.Kind(), fd.Message()
	}
	switch f.kind {
	case protoreflect.MessageKind, protoreflect.GroupKind, protoreflect.FloatKind, protoreflect.DoubleKind:
		return nil, fmt.Errorf("transcode: %s: %q is a %v, and a string, bytes, an integer, an enum or a bool is needed", f.message, path, f.kind)
	}
	return f, nil
}

// AppendText appends the field's value as text to dst: integers and enums in
// decimal, bools as true and false, strings as they are, and bytes in base64
// for URLs without padding. It returns false, and dst unchanged, where the field
// is not set or is empty or zero, and an [*Error] where the bytes are not a
// message.
func (f *Field) AppendText(dst, wire []byte) ([]byte, bool, error) {
	value, found, err := f.find(wire, 0)
	if err != nil || !found {
		return dst, false, err
	}
	if value.bytes == nil && value.bits == 0 {
		return dst, false, nil
	}
	switch f.kind {
	case protoreflect.StringKind:
		return append(dst, value.bytes...), len(value.bytes) > 0, nil
	case protoreflect.BytesKind:
		return base64.RawURLEncoding.AppendEncode(dst, value.bytes), len(value.bytes) > 0, nil
	case protoreflect.BoolKind:
		return append(dst, "true"...), true, nil
	case protoreflect.Uint32Kind, protoreflect.Fixed32Kind:
		return strconv.AppendUint(dst, uint64(uint32(value.bits)), 10), true, nil
	case protoreflect.Uint64Kind, protoreflect.Fixed64Kind:
		return strconv.AppendUint(dst, value.bits, 10), true, nil
	case protoreflect.Sint32Kind, protoreflect.Sint64Kind:
		return strconv.AppendInt(dst, zigzag(value.bits), 10), true, nil
	case protoreflect.Int64Kind, protoreflect.Sfixed64Kind:
		return strconv.AppendInt(dst, int64(value.bits), 10), true, nil
	default: // int32, sfixed32 and enums
		return strconv.AppendInt(dst, int64(int32(value.bits)), 10), true, nil
	}
}

// scalar is a value as the wire has it.
type scalar struct {
	bits  uint64
	bytes []byte
}

// find looks for the rest of the path, from step on, in wire. Of a field that
// comes more than once the last counts; of a message that does, all parts.
func (f *Field) find(wire []byte, step int) (value scalar, found bool, err error) {
	last := step == len(f.path)-1
	for pos := 0; pos < len(wire); {
		number, kind, n := protowire.ConsumeTag(wire[pos:])
		if n < 0 {
			return scalar{}, false, f.malformed(pos, n)
		}
		start := pos + n
		size := protowire.ConsumeFieldValue(number, kind, wire[start:])
		if size < 0 {
			return scalar{}, false, f.malformed(start, size)
		}
		body := wire[start : start+size]
		pos = start + size
		if number != f.path[step] {
			continue
		}
		switch {
		case !last:
			if f.groups[step] != (kind == protowire.StartGroupType) || !f.groups[step] && kind != protowire.BytesType {
				continue // a field that the schema does not know by that type
			}
			inner, _ := protowire.ConsumeBytes(body)
			if f.groups[step] {
				inner, _ = protowire.ConsumeGroup(number, body)
			}
			v, ok, err := f.find(inner, step+1)
			if err != nil {
				return scalar{}, false, err
			}
			if ok {
				value, found = v, true
			}
		case kind == wireKind(f.kind):
			value, found = readScalar(kind, body), true
		}
	}
	return value, found, nil
}

// wireKind returns how values of a kind are written.
func wireKind(k protoreflect.Kind) protowire.Type {
	switch k {
	case protoreflect.StringKind, protoreflect.BytesKind:
		return protowire.BytesType
	case protoreflect.Fixed32Kind, protoreflect.Sfixed32Kind:
		return protowire.Fixed32Type
	case protoreflect.Fixed64Kind, protoreflect.Sfixed64Kind:
		return protowire.Fixed64Type
	default:
		return protowire.VarintType
	}
}

// readScalar reads a value that is known to be whole.
func readScalar(kind protowire.Type, body []byte) (v scalar) {
	switch kind {
	case protowire.BytesType:
		v.bytes, _ = protowire.ConsumeBytes(body)
	case protowire.Fixed32Type:
		bits, _ := protowire.ConsumeFixed32(body)
		v.bits = uint64(bits)
	case protowire.Fixed64Type:
		v.bits, _ = protowire.ConsumeFixed64(body)
	default:
		v.bits, _ = protowire.ConsumeVarint(body)
	}
	return v
}

func (f *Field) malformed(pos, n int) error {
	return &Error{Message: f.message, Offset: pos, Reason: ErrMalformed, Detail: protowire.ParseError(n).Error()}
}
