// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"

	"sluice/bridge/transcode"
)

// ResumeMapping says how a method goes on from a position: which field of a
// response is its position in the stream, and which field of a request makes the
// method begin there. Paths are proto names joined by dots. The zero
// ResumeMapping is none.
type ResumeMapping struct {
	// ResponseField is the path of the position in a response. Of a repeated
	// field it goes through the last element.
	ResponseField string
	// RequestField is the path of the field that takes a position.
	RequestField string
	// Inclusive says that the request's field names the first response to send,
	// and not the last one that was seen: what it takes is the position, which is
	// an integer, and 1.
	Inclusive bool
	// Set is what else a request says when it takes up a stream: values by the
	// paths of fields, as in a query. What the fields held before is forgotten.
	Set map[string]string
}

// IsZero reports whether nothing is mapped.
func (r ResumeMapping) IsZero() bool {
	return r.ResponseField == "" && r.RequestField == "" && !r.Inclusive && len(r.Set) == 0
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
	position  *transcode.Field
	target    []protoreflect.FieldDescriptor // from the request down to the field
	name      string                         // the target's path
	inclusive bool
	set       []*param
}

// newResume resolves a mapping for a method, and returns nil for a zero one. Its
// error names the key of the mapping at fault, as a [*mappingError].
func newResume(m *Method, mapping ResumeMapping) (*resume, error) {
	if mapping.IsZero() {
		return nil, nil
	}
	r := &resume{name: mapping.RequestField, inclusive: mapping.Inclusive}
	source, err := positionField(m.Desc.Output(), mapping.ResponseField, true)
	if err != nil {
		return nil, &mappingError{keyResponseField, mapping.ResponseField, err}
	}
	if r.target, err = positionField(m.Desc.Input(), mapping.RequestField, false); err != nil {
		return nil, &mappingError{keyRequestField, mapping.RequestField, err}
	}
	from, to := source[len(source)-1], r.target[len(r.target)-1]
	if positionKind(from) != positionKind(to) {
		return nil, &mappingError{keyRequestField, mapping.RequestField, fmt.Errorf("is %s, and response_field %q is %s",
			positionKind(to), mapping.ResponseField, positionKind(from))}
	}
	if r.inclusive && positionKind(to) != integerKind {
		return nil, &mappingError{keyInclusive, "true", fmt.Errorf("takes an integer, which has a next one, and request_field %q is %s",
			mapping.RequestField, positionKind(to))}
	}
	if r.position, err = transcode.CompileField(m.Desc.Output(), mapping.ResponseField); err != nil {
		return nil, &mappingError{keyResponseField, mapping.ResponseField, fmt.Errorf("cannot be read: %s", plain(err))}
	}
	return r, r.resolveSet(m, mapping)
}

// resolveSet finds the fields that are set, and tries whether they can be.
func (r *resume) resolveSet(m *Method, mapping ResumeMapping) error {
	target := &param{path: r.target, name: mapping.RequestField}
	q := query{types: m.types}
	scratch := dynamicpb.NewMessage(m.Desc.Input())
	for _, key := range slices.Sorted(maps.Keys(mapping.Set)) {
		p, fault := resolveParam(m.Desc.Input(), key)
		if fault != "" {
			return &mappingError{keySet, key, errors.New(fault)}
		}
		if p.within(target) || target.within(p) {
			return &mappingError{keySet, key, errors.New("is where the position goes")}
		}
		if oneof := sharedOneof(p, target); oneof != nil {
			return &mappingError{keySet, key, errors.New(excludes(oneof) + ", as request_field is")}
		}
		p.texts = []string{mapping.Set[key]}
		r.set = append(r.set, p)
	}
	q.fill(scratch, slices.Clone(r.set))
	if len(q.found) > 0 {
		return &mappingError{keySet, q.found[0].Field, errors.New(q.found[0].Description)}
	}
	return nil
}

// The keys of a mapping, in the option and in a route file.
const (
	keyResponseField = "response_field"
	keyRequestField  = "request_field"
	keyInclusive     = "inclusive"
	keySet           = "set"
)

// mappingError is the error of a mapping that does not fit its method.
type mappingError struct {
	key  string // of the mapping
	text string // what is there
	err  error
}

func (e *mappingError) Error() string {
	if e.text == "" {
		return fmt.Sprintf("its resume mapping's %s %v", e.key, e.err)
	}
	return fmt.Sprintf("its resume mapping's %s %q %v", e.key, e.text, e.err)
}

// positionField finds the field at path below md, and says why it cannot hold a
// position where it cannot. Lists on the way will do where last says that their
// last element is meant.
func positionField(md protoreflect.MessageDescriptor, path string, last bool) ([]protoreflect.FieldDescriptor, error) {
	if path == "" {
		return nil, errors.New("is missing")
	}
	var fields []protoreflect.FieldDescriptor
	names := strings.Split(path, ".")
	for i, name := range names {
		field := md.Fields().ByName(protoreflect.Name(name))
		if field == nil {
			return nil, fmt.Errorf("does not exist: %s has no field %q", md.FullName(), name)
		}
		switch {
		case field.IsMap():
			return nil, fmt.Errorf("is no single value: %s is a map", field.FullName())
		case field.IsList() && !last:
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
	if field := fields[len(fields)-1]; positionKind(field) == "" {
		return nil, fmt.Errorf("has the wrong kind: %s is a %s, and a position is a string, bytes, an integer or an enum", field.FullName(), field.Kind())
	}
	return fields, nil
}

// integerKind is the kind of positions that have a next one.
const integerKind = "an integer"

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
		return integerKind
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
// position, which [Method.AppendPosition] gave for one of its responses to req:
// req with the position in it, and what else the mapping sets. Req is left as it
// is. The error is a [*PositionError] where position is not
// one that the request can hold.
func (m *Method) ResumeRequest(req *Request, position string) (*Request, error) {
	if m.resume == nil {
		return nil, fmt.Errorf("%s cannot go on from a position: it has no resume mapping", m.FullName)
	}
	target := m.resume.target[len(m.resume.target)-1]
	value, expected := parsePosition(target, position)
	if expected == "" && m.resume.inclusive {
		value, expected = next(target, value)
	}
	if expected != "" {
		return nil, &PositionError{Field: m.resume.name, Position: position, Expected: expected}
	}
	root := dynamicpb.NewMessage(m.Desc.Input())
	if err := (proto.UnmarshalOptions{AllowPartial: true, Resolver: m.types}).Unmarshal(req.Wire, root); err != nil {
		return nil, fmt.Errorf("the request to resume is no %s: %s", m.Desc.Input().FullName(), plain(err))
	}
	if err := m.resume.apply(root, m.types); err != nil {
		return nil, err
	}
	parentOf(root, m.resume.target).Set(target, value)
	return newRequest(root)
}

// apply sets what the mapping sets beside the position.
func (r *resume) apply(root protoreflect.Message, types *typeResolver) error {
	for _, p := range r.set {
		// Members of the oneofs that the way leads through give way to it.
		parent := parentOf(root, p.path)
		if oneof := p.field().ContainingOneof(); oneof != nil {
			if other := parent.WhichOneof(oneof); other != nil {
				parent.Clear(other)
			}
		}
		if !p.field().IsMap() {
			parent.Clear(p.field())
		} else if key, ok := parseMapKey(p.field(), p.mapKey); ok {
			parent.Mutable(p.field()).Map().Clear(key)
		}
	}
	q := query{types: types}
	q.fill(root, slices.Clone(r.set))
	return q.err()
}

// parentOf returns the message in root that the last field of a path is in.
func parentOf(root protoreflect.Message, path []protoreflect.FieldDescriptor) protoreflect.Message {
	for _, field := range path[:len(path)-1] {
		root = root.Mutable(field).Message()
	}
	return root
}

// next returns the integer after value, or says that the field cannot hold it.
func next(field protoreflect.FieldDescriptor, value protoreflect.Value) (protoreflect.Value, string) {
	text := value.String()
	var after string
	if n, err := strconv.ParseInt(text, 10, 64); err == nil && n < math.MaxInt64 {
		after = strconv.FormatInt(n+1, 10)
	} else if n, err := strconv.ParseUint(text, 10, 64); err == nil && n < math.MaxUint64 {
		after = strconv.FormatUint(n+1, 10)
	}
	if value, expected := parsePosition(field, after); expected == "" {
		return value, ""
	}
	return value, "is the last one that the field can hold, and has no next"
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
