// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"encoding/base64"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"

	"sluice/bridge/transcode"
)

// ResumeMapping names the field of a response that is its position in the
// stream and the field of a request that makes the method begin right after it,
// both as proto names joined by dots.
type ResumeMapping struct {
	ResponseField, RequestField string
}

// PositionError is the error of a position that the request's field cannot
// hold. Positions come back from browsers, who may send anything.
type PositionError struct {
	// Field is the request's field, as proto names joined by dots.
	Field string
	// Position is what was to be put into it.
	Position string
	// Expected says what the field can hold, as in "must be a whole number".
	Expected string
}

// Error names the field and what it can hold.
func (e *PositionError) Error() string {
	return fmt.Sprintf("position %s for request field %s %s", quote(e.Position), e.Field, e.Expected)
}

// resume is a resolved [ResumeMapping].
type resume struct {
	position *transcode.Field
	target   []protoreflect.FieldDescriptor // from the request down to the field
	name     string                         // the target's path
}

// newResume resolves the mapping of a method, and returns nil for a zero one.
// Its error names the field at fault.
func newResume(method protoreflect.MethodDescriptor, mapping ResumeMapping) (*resume, error) {
	switch {
	case mapping == ResumeMapping{}:
		return nil, nil
	case mapping.ResponseField == "":
		return nil, errors.New("its resume mapping has no response_field")
	case mapping.RequestField == "":
		return nil, errors.New("its resume mapping has no request_field")
	}
	source, err := positionField(method.Output(), mapping.ResponseField)
	if err != nil {
		return nil, fmt.Errorf("its resume mapping's response_field %q %w", mapping.ResponseField, err)
	}
	target, err := positionField(method.Input(), mapping.RequestField)
	if err != nil {
		return nil, fmt.Errorf("its resume mapping's request_field %q %w", mapping.RequestField, err)
	}
	from, to := source[len(source)-1], target[len(target)-1]
	if positionKind(from) != positionKind(to) {
		return nil, fmt.Errorf("its resume mapping joins response_field %q, which is %s, to request_field %q, which is %s",
			mapping.ResponseField, positionKind(from), mapping.RequestField, positionKind(to))
	}
	position, err := transcode.CompileField(method.Output(), mapping.ResponseField)
	if err != nil {
		return nil, fmt.Errorf("its resume mapping's response_field %q cannot be read: %s", mapping.ResponseField, plain(err))
	}
	return &resume{position: position, target: target, name: mapping.RequestField}, nil
}

// positionField finds the field at path below md, and says why it cannot hold a
// position where it cannot.
func positionField(md protoreflect.MessageDescriptor, path string) ([]protoreflect.FieldDescriptor, error) {
	var fields []protoreflect.FieldDescriptor
	names := strings.Split(path, ".")
	for i, name := range names {
		field := md.Fields().ByName(protoreflect.Name(name))
		if field == nil {
			return nil, fmt.Errorf("does not exist: %s has no field %q", md.FullName(), name)
		}
		if field.Cardinality() == protoreflect.Repeated {
			return nil, fmt.Errorf("is no single value: %s is repeated", field.FullName())
		}
		fields = append(fields, field)
		if i == len(names)-1 {
			break
		}
		if md = field.Message(); md == nil {
			return nil, fmt.Errorf("does not exist: %s is no message", field.FullName())
		}
	}
	if last := fields[len(fields)-1]; positionKind(last) == "" {
		return nil, fmt.Errorf("has the wrong kind: %s is a %s, and a position is a string, bytes, an integer or an enum", last.FullName(), last.Kind())
	}
	return fields, nil
}

// positionKind names the kinds between which positions travel: "" for a field
// that cannot hold one. Integers of different sizes are one kind, because a
// position that does not fit is found when it comes.
func positionKind(field protoreflect.FieldDescriptor) string {
	switch field.Kind() {
	case protoreflect.StringKind:
		return "a string"
	case protoreflect.BytesKind:
		return "bytes"
	case protoreflect.EnumKind:
		return "the enum " + string(field.Enum().FullName())
	case protoreflect.Int32Kind, protoreflect.Sint32Kind, protoreflect.Sfixed32Kind,
		protoreflect.Int64Kind, protoreflect.Sint64Kind, protoreflect.Sfixed64Kind,
		protoreflect.Uint32Kind, protoreflect.Fixed32Kind,
		protoreflect.Uint64Kind, protoreflect.Fixed64Kind:
		return "an integer"
	}
	return ""
}

// CanResume reports whether the method can go on from a position, by the
// resume mapping of its policy.
func (m *Method) CanResume() bool { return m.resume != nil }

// AppendPosition appends the position of a response, given in protobuf's wire
// format, to dst: text as it is, integers and enum numbers in decimal, bytes in
// unpadded base64url. It reports false, and returns dst as it was, for a
// response without a position and for a method that cannot resume.
func (m *Method) AppendPosition(dst, wire []byte) ([]byte, bool) {
	if m.resume == nil {
		return dst, false
	}
	out, ok, err := m.resume.position.AppendText(dst, wire)
	if err != nil || !ok {
		return dst, false
	}
	return out, true
}

// ResumeRequest returns the request that makes the method go on right after
// position, which [Method.AppendPosition] gave for one of its responses to req.
// Req is left as it is. The error is a [*PositionError] where position is not
// one that the request can hold.
func (m *Method) ResumeRequest(req *Request, position string) (*Request, error) {
	if m.resume == nil {
		return nil, fmt.Errorf("%s cannot go on from a position: it has no resume mapping", m.FullName)
	}
	target := m.resume.target[len(m.resume.target)-1]
	value, expected := parsePosition(target, position)
	if expected != "" {
		return nil, &PositionError{Field: m.resume.name, Position: position, Expected: expected}
	}
	root := dynamicpb.NewMessage(m.Desc.Input())
	if err := (proto.UnmarshalOptions{AllowPartial: true, Resolver: m.types}).Unmarshal(req.Wire, root); err != nil {
		return nil, fmt.Errorf("the request to resume is no %s: %s", m.Desc.Input().FullName(), plain(err))
	}
	var parent protoreflect.Message = root
	for _, field := range m.resume.target[:len(m.resume.target)-1] {
		parent = parent.Mutable(field).Message()
	}
	parent.Set(target, value)
	return newRequest(root)
}

// parsePosition reads the text of a position for a field, or says what the
// field can hold.
func parsePosition(field protoreflect.FieldDescriptor, text string) (value protoreflect.Value, expected string) {
	if text == "" {
		return value, "must not be empty"
	}
	expected = expectedOf(field)
	switch field.Kind() {
	case protoreflect.StringKind:
		if utf8.ValidString(text) {
			return protoreflect.ValueOfString(text), ""
		}
	case protoreflect.BytesKind:
		if b, err := base64.RawURLEncoding.Strict().DecodeString(text); err == nil {
			return protoreflect.ValueOfBytes(b), ""
		}
		expected = "must be unpadded base64url"
	case protoreflect.EnumKind:
		if n, err := strconv.ParseInt(text, 10, 32); err == nil {
			return protoreflect.ValueOfEnum(protoreflect.EnumNumber(n)), ""
		}
		expected = fmt.Sprintf("must be a whole number from %d to %d", math.MinInt32, math.MaxInt32)
	case protoreflect.Int32Kind, protoreflect.Sint32Kind, protoreflect.Sfixed32Kind:
		if n, err := strconv.ParseInt(text, 10, 32); err == nil {
			return protoreflect.ValueOfInt32(int32(n)), ""
		}
	case protoreflect.Int64Kind, protoreflect.Sint64Kind, protoreflect.Sfixed64Kind:
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			return protoreflect.ValueOfInt64(n), ""
		}
	case protoreflect.Uint32Kind, protoreflect.Fixed32Kind:
		if n, err := strconv.ParseUint(text, 10, 32); err == nil {
			return protoreflect.ValueOfUint32(uint32(n)), ""
		}
	case protoreflect.Uint64Kind, protoreflect.Fixed64Kind:
		if n, err := strconv.ParseUint(text, 10, 64); err == nil {
			return protoreflect.ValueOfUint64(n), ""
		}
	}
	return value, expected
}
