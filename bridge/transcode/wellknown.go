// SPDX-License-Identifier: Apache-2.0

package transcode

import (
	"fmt"
	"math"
	"strconv"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// wellKnownForms are the messages with a JSON form of their own. See
// https://protobuf.dev/programming-guides/json. google.protobuf.Empty is not
// among them: it is an object without members like any other.
var wellKnownForms = map[protoreflect.FullName]form{
	"google.protobuf.Any":         formAny,
	"google.protobuf.Timestamp":   formTimestamp,
	"google.protobuf.Duration":    formDuration,
	"google.protobuf.FieldMask":   formFieldMask,
	"google.protobuf.Struct":      formStruct,
	"google.protobuf.ListValue":   formList,
	"google.protobuf.Value":       formValue,
	"google.protobuf.BoolValue":   formWrapper,
	"google.protobuf.Int32Value":  formWrapper,
	"google.protobuf.Int64Value":  formWrapper,
	"google.protobuf.UInt32Value": formWrapper,
	"google.protobuf.UInt64Value": formWrapper,
	"google.protobuf.FloatValue":  formWrapper,
	"google.protobuf.DoubleValue": formWrapper,
	"google.protobuf.StringValue": formWrapper,
	"google.protobuf.BytesValue":  formWrapper,
}

// anyKind in wellKnownShapes stands for every scalar kind.
const anyKind protoreflect.Kind = 0

// wellKnownShapes are the fields that a form relies on, in order, numbered from
// 1.
var wellKnownShapes = map[form][]struct {
	kind        protoreflect.Kind
	cardinality protoreflect.Cardinality
}{
	formAny:       {{protoreflect.StringKind, protoreflect.Optional}, {protoreflect.BytesKind, protoreflect.Optional}},
	formTimestamp: {{protoreflect.Int64Kind, protoreflect.Optional}, {protoreflect.Int32Kind, protoreflect.Optional}},
	formDuration:  {{protoreflect.Int64Kind, protoreflect.Optional}, {protoreflect.Int32Kind, protoreflect.Optional}},
	formFieldMask: {{protoreflect.StringKind, protoreflect.Repeated}},
	formStruct:    {{protoreflect.MessageKind, protoreflect.Repeated}},
	formList:      {{protoreflect.MessageKind, protoreflect.Repeated}},
	formWrapper:   {{anyKind, protoreflect.Optional}},
	formValue: {
		{protoreflect.EnumKind, protoreflect.Optional},
		{protoreflect.DoubleKind, protoreflect.Optional},
		{protoreflect.StringKind, protoreflect.Optional},
		{protoreflect.BoolKind, protoreflect.Optional},
		{protoreflect.MessageKind, protoreflect.Optional},
		{protoreflect.MessageKind, protoreflect.Optional},
	},
}

// checkWellKnown refuses a type that bears a well-known name and is something
// else, because it could not be written.
func checkWellKnown(f form, md protoreflect.MessageDescriptor) error {
	shape, fds := wellKnownShapes[f], md.Fields()
	if shape == nil {
		return nil
	}
	if fds.Len() != len(shape) {
		return &CompileError{md.FullName(), fmt.Sprintf("it has %d fields, and the well-known type of that name %d", fds.Len(), len(shape))}
	}
	for i, want := range shape {
		fd := fds.Get(i)
		if int(fd.Number()) != i+1 || fd.Cardinality() != want.cardinality ||
			fd.Kind() != want.kind && (want.kind != anyKind || fd.Message() != nil) ||
			fd.IsMap() != (f == formStruct) {
			return &CompileError{fd.FullName(), "it is not what the well-known type of that name has in its place"}
		}
	}
	return nil
}

// custom writes a message that has a form of its own.
func (r *run) custom(out []byte, m *message, pos, end, depth int) ([]byte, *Error) {
	switch m.form {
	case formAny:
		return r.any(out, m, pos, end, depth)
	case formUnsupported:
		return out, fault(ErrValue, pos, "%s is a MessageSet, which ProtoJSON does not know", m.name)
	}

	base := len(r.entries)
	if err := r.scan(m, pos, end); err != nil {
		return out, err
	}
	entries := r.entries[base:]
	var err *Error
	switch m.form {
	case formTimestamp:
		out, err = appendTimestamp(out, entries, pos)
	case formDuration:
		out, err = appendDuration(out, entries, pos)
	case formFieldMask:
		out, err = r.fieldMask(out, entries)
	case formWrapper:
		out, err = r.wrapper(out, &m.fields[0], entries, pos, depth)
	case formValue:
		out, err = r.dynamicValue(out, m, entries, pos, depth)
	case formStruct:
		start := len(out)
		if len(entries) > 0 {
			out, _, err = r.mapMembers(out, &m.fields[0], entries, depth)
		}
		if err == nil {
			out = closeObject(out, start)
		}
	case formList:
		start := len(out)
		for i := range entries {
			out, err = r.value(append(out, ','), &m.fields[0], &entries[i], depth)
			if err == nil && len(out) > r.limit {
				err = r.tooLarge(int(entries[i].start))
			}
			if err != nil {
				return out, err.in("values[" + strconv.Itoa(i) + "]")
			}
		}
		out = closeArray(out, start)
	}
	r.entries = r.entries[:base]
	return out, err
}

// wrapper writes a message like google.protobuf.Int64Value as the value in it.
func (r *run) wrapper(out []byte, f *field, entries []entry, pos, depth int) ([]byte, *Error) {
	if len(entries) == 0 {
		zero := entry{start: uint32(pos)}
		if !f.isScalar() {
			zero.value = uint64(pos)
		}
		return r.value(out, f, &zero, depth)
	}
	out, err := r.value(out, f, &entries[0], depth)
	if err != nil {
		return out, err.in(f.name)
	}
	return out, nil
}

// dynamicValue writes a google.protobuf.Value, which has one of its fields set
// and is written as that.
func (r *run) dynamicValue(out []byte, m *message, entries []entry, pos, depth int) ([]byte, *Error) {
	if len(entries) == 0 {
		return out, fault(ErrValue, pos, "google.protobuf.Value has nothing in it")
	}
	f := m.field(entries[0].code >> 1)
	if f.kind == kindDouble {
		if v := math.Float64frombits(entries[0].value); math.IsNaN(v) || math.IsInf(v, 0) {
			return out, fault(ErrValue, pos, "google.protobuf.Value holds %v", v)
		}
	}
	out, err := r.value(out, f, &entries[0], depth)
	if err != nil {
		return out, err.in(f.name)
	}
	return out, nil
}

// fieldMask writes a google.protobuf.FieldMask: its paths in camel case, joined
// by commas.
func (r *run) fieldMask(out []byte, entries []entry) ([]byte, *Error) {
	out = append(out, '"')
	for i := range entries {
		if i > 0 {
			out = append(out, ',')
		}
		pos, end := entries[i].content()
		var ok bool
		if out, ok = appendCamelPath(out, r.wire[pos:end]); !ok {
			path := r.wire[pos:min(end, pos+maxKeyStep)]
			return out, fault(ErrValue, pos, "path %q of a google.protobuf.FieldMask has no camel case that leads back to it", path).
				in("paths[" + strconv.Itoa(i) + "]")
		}
	}
	return append(out, '"'), nil
}

// appendCamelPath writes a path of names like foo_bar.baz as fooBar.baz. It
// refuses what is not such a path, and names that the change would lose: ones
// with capitals, or with an underscore before anything but a letter.
func appendCamelPath(out, path []byte) ([]byte, bool) {
	first := true // of a name
	for i := 0; i < len(path); i++ {
		c := path[i]
		switch {
		case 'a' <= c && c <= 'z':
		case '0' <= c && c <= '9' && !first:
		case c == '_' && i+1 < len(path) && 'a' <= path[i+1] && path[i+1] <= 'z':
			i++
			c = path[i] - 'a' + 'A'
		case c == '.' && !first:
			first = true
			out = append(out, c)
			continue
		default:
			return out, false
		}
		first = false
		out = append(out, c)
	}
	return out, !first
}
