// SPDX-License-Identifier: Apache-2.0

package transcode

import (
	"fmt"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// compiler turns descriptors into plans. It remembers those it has made, so
// that recursive schemas end and a type used twice is compiled once.
type compiler struct {
	opts  *options
	plans map[protoreflect.MessageDescriptor]*message
	fresh []protoreflect.MessageDescriptor // in plans since the outermost call
}

func newCompiler(opts *options) *compiler {
	return &compiler{opts: opts, plans: make(map[protoreflect.MessageDescriptor]*message)}
}

// compile calls fn, and forgets the plans that fn made if it fails: they may
// lead to ones that are not finished.
func (c *compiler) compile(fn func() error) error {
	c.fresh = c.fresh[:0]
	err := fn()
	if err != nil {
		for _, md := range c.fresh {
			delete(c.plans, md)
		}
	}
	return err
}

// message returns the plan of a message type, and compiles whatever is
// reachable from it.
func (c *compiler) message(md protoreflect.MessageDescriptor) (*message, error) {
	if m := c.plans[md]; m != nil {
		return m, nil
	}
	m := &message{name: md.FullName(), form: formOf(md)}
	// Before the fields, because they may lead back here.
	c.plans[md] = m
	c.fresh = append(c.fresh, md)

	if err := checkWellKnown(m.form, md); err != nil {
		return nil, err
	}
	if r := md.ExtensionRanges(); r.Len() > 0 {
		m.ranges = r
	}
	fds := md.Fields()
	fields := make([]field, fds.Len())
	for i := range fields {
		if err := c.field(&fields[i], fds.Get(i)); err != nil {
			return nil, err
		}
		if fields[i].required {
			m.required++
		}
	}
	m.setFields(fields)
	c.setDefaults(m, fds)
	return m, nil
}

// formOf tells the messages that ProtoJSON has a form of its own for.
func formOf(md protoreflect.MessageDescriptor) form {
	// The interface is how protobuf's own packages ask.
	if set, ok := md.(interface{ IsMessageSet() bool }); ok && set.IsMessageSet() {
		return formUnsupported
	}
	return wellKnownForms[md.FullName()]
}

// field compiles one field of a message, or an extension.
func (c *compiler) field(f *field, fd protoreflect.FieldDescriptor) error {
	name := fd.JSONName()
	if c.opts.protoNames {
		name = fd.TextName()
	}
	key, ok := appendString([]byte{','}, []byte(name))
	if !ok {
		return &CompileError{fd.FullName(), "its JSON name is not UTF-8"}
	}
	if n := fd.Number(); !n.IsValid() {
		return &CompileError{fd.FullName(), fmt.Sprintf("its number, %d, is not between %d and %d", n, protowire.MinValidNumber, protowire.MaxValidNumber)}
	}
	f.key = string(append(key, ':'))
	f.name = string(fd.Name())
	f.number = uint32(fd.Number())
	f.required = fd.Cardinality() == protoreflect.Required
	f.implicit = !fd.HasPresence() && !fd.IsExtension()
	if fd.IsExtension() {
		f.extension = true
		f.name = "(" + string(fd.FullName()) + ")"
	}
	if od := fd.ContainingOneof(); od != nil && !od.IsSynthetic() {
		f.oneof = uint32(od.Index()) + 1
	}
	switch {
	case fd.IsMap():
		return c.mapField(f, fd)
	case fd.IsList():
		f.shape = shapeList
	}
	if err := c.value(f, fd); err != nil {
		return err
	}
	f.packable = f.shape == shapeList && isPackable(f.wire)
	return nil
}

// isPackable reports whether values of a wire type can be packed.
func isPackable(wire uint8) bool {
	switch protowire.Type(wire) {
	case protowire.VarintType, protowire.Fixed32Type, protowire.Fixed64Type:
		return true
	}
	return false
}

// value fills in what is needed to read and write one value of a field.
func (c *compiler) value(f *field, fd protoreflect.FieldDescriptor) error {
	kind, ok := kinds[fd.Kind()]
	if !ok {
		return &CompileError{fd.FullName(), fmt.Sprintf("its kind, %v, is not known", fd.Kind())}
	}
	f.kind = kind
	f.wire = uint8(wireTypes[fd.Kind()])
	switch kind {
	case kindEnum:
		if fd.Enum().FullName() == "google.protobuf.NullValue" {
			f.kind = kindNull
			return nil
		}
		if c.opts.enumNumbers {
			f.kind = kindInt32
			return nil
		}
		var err error
		f.enum, err = newEnum(fd.Enum())
		return err
	case kindMessage:
		var err error
		f.msg, err = c.message(fd.Message())
		return err
	}
	return nil
}

// mapField compiles a map. On the wire it is a list of messages with a key and
// a value.
func (c *compiler) mapField(f *field, fd protoreflect.FieldDescriptor) error {
	f.shape = shapeMap
	f.wire = uint8(protowire.BytesType)
	entry := [2]field{{name: "key", number: 1}, {name: "value", number: 2}}
	if err := c.value(&entry[0], fd.MapKey()); err != nil {
		return err
	}
	if err := c.value(&entry[1], fd.MapValue()); err != nil {
		return err
	}
	f.entry = &message{name: fd.Message().FullName()}
	f.entry.setFields(entry[:])
	return nil
}

// setDefaults writes the text of the defaults that a message shows.
func (c *compiler) setDefaults(m *message, fds protoreflect.FieldDescriptors) {
	m.defaultAt = make([]uint32, len(m.fields)+1)
	var text strings.Builder
	for i := range m.fields {
		f := &m.fields[i]
		if f.implicit && !c.opts.noDefaults {
			text.WriteString(f.key)
			text.WriteString(f.defaultText(fds.Get(i)))
		}
		m.defaultAt[i+1] = uint32(text.Len())
	}
	m.defaults = text.String()
}

// defaultText is what an unset field with implicit presence is written as.
func (f *field) defaultText(fd protoreflect.FieldDescriptor) string {
	switch f.shape {
	case shapeMap:
		return "{}"
	case shapeList:
		return "[]"
	}
	switch f.kind {
	case kindBool:
		return "false"
	case kindString, kindBytes:
		return `""`
	case kindInt64, kindSint64, kindUint64:
		return `"0"`
	case kindNull:
		return "null"
	case kindEnum:
		return string(f.enum.append(nil, uint64(fd.Default().Enum())))
	}
	if fd.Kind() == protoreflect.EnumKind {
		return string(appendInt(nil, int64(fd.Default().Enum())))
	}
	return "0"
}
