// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"
)

// maxJudged is how many values of a bad body are looked at one by one, so that
// a bad request costs the server not much more than a good one.
const maxJudged = 10_000

// diagnosis finds out what is wrong with a body that is JSON and that protojson
// refuses. It walks the body beside the message's descriptor, and has protojson
// judge each value by itself.
type diagnosis struct {
	body    []byte
	tokens  *json.Decoder
	options protojson.UnmarshalOptions
	out     *violations
	judged  int // values that protojson has been asked about
}

// diagnose adds to out what is wrong with body, which stands in the request at
// the path where and should be a message of type md.
func diagnose(md protoreflect.MessageDescriptor, body []byte, options protojson.UnmarshalOptions, where string, out *violations) {
	d := diagnosis{body: body, tokens: json.NewDecoder(bytes.NewReader(body)), options: options, out: out}
	d.message(md, where, 1)
}

// done reports whether enough has been found, or looked at.
func (d *diagnosis) done() bool { return d.out.full() || d.judged >= maxJudged }

// next returns the first byte of the value or token to come.
func (d *diagnosis) next() byte {
	rest := bytes.TrimLeft(d.body[d.tokens.InputOffset():], jsonSpace+",:")
	if len(rest) == 0 {
		return 0
	}
	return rest[0]
}

// take consumes the next value and returns it as it is written.
func (d *diagnosis) take() json.RawMessage {
	var raw json.RawMessage
	if d.tokens.Decode(&raw) != nil {
		return nil // not reached: the body is known to be JSON
	}
	return raw
}

// expect consumes the next value and records that it should have been another.
func (d *diagnosis) expect(where, expected string) {
	d.out.add(where, "%s%s, got %s", subject(where), expected, show(d.take()))
}

// object consumes an object, calling member with each name in it, which consumes
// the value. It records a violation at the path where if no object comes next.
func (d *diagnosis) object(where, expected string, member func(name string)) {
	if d.next() != '{' {
		d.expect(where, expected)
		return
	}
	d.token()
	for d.tokens.More() && !d.done() {
		name, _ := d.token().(string)
		member(name)
	}
	if !d.done() {
		d.token()
	}
}

// token consumes one token.
func (d *diagnosis) token() json.Token {
	token, err := d.tokens.Token()
	if err != nil {
		return nil // not reached: the body is known to be JSON
	}
	return token
}

// message looks at a message, which depth counts as nested in others.
func (d *diagnosis) message(md protoreflect.MessageDescriptor, where string, depth int) {
	if wellKnown(md) != "" {
		raw := d.take()
		if !d.accepts(md, raw) {
			d.out.add(where, "%s%s, got %s", subject(where), expectedMessage(md), show(raw))
		}
		return
	}
	if depth > MaxDepth {
		d.take()
		d.out.add(where, "is nested in more than %d messages", MaxDepth)
		return
	}
	seen := make(map[protoreflect.FieldNumber]string)
	oneofs := make(map[protoreflect.Name]bool)
	d.object(where, expectedMessage(md), func(name string) {
		path := at(where, name)
		field := d.find(md, name)
		if field == nil {
			d.take()
			d.out.add(path, "%s", unknownField(md))
			return
		}
		if first, twice := seen[field.Number()]; twice {
			d.take()
			if first == name {
				d.out.add(path, "is given twice")
			} else {
				d.out.add(path, "is given twice: as %s too", quote(first))
			}
			return
		}
		seen[field.Number()] = name
		if oneof := field.ContainingOneof(); oneof != nil && (d.next() != 'n' || takesNull(field)) {
			if oneofs[oneof.Name()] {
				d.take()
				d.out.add(path, "%s", excludes(oneof))
				return
			}
			oneofs[oneof.Name()] = true
		}
		d.field(field, path, depth)
	})
}

// find returns the field of md called name, an extension by its name in
// brackets, or nil.
func (d *diagnosis) find(md protoreflect.MessageDescriptor, name string) protoreflect.FieldDescriptor {
	if !strings.HasPrefix(name, "[") || !strings.HasSuffix(name, "]") {
		return findField(md, name)
	}
	extension, err := d.options.Resolver.FindExtensionByName(protoreflect.FullName(name[1 : len(name)-1]))
	if err != nil || extension.TypeDescriptor().ContainingMessage().FullName() != md.FullName() {
		return nil
	}
	return extension.TypeDescriptor()
}

// field looks at the value of a message's field.
func (d *diagnosis) field(field protoreflect.FieldDescriptor, where string, depth int) {
	switch {
	case d.next() == 'n' && !takesNull(field):
		d.take() // as good as absent
	case field.IsMap():
		seen := make(map[any]bool)
		d.object(where, "must be a JSON object, a map of values", func(name string) {
			path := atEntry(where, name)
			key, ok := parseMapKey(field, name)
			switch {
			case !ok:
				d.take()
				d.out.add(path, "has a key that %s", expectedOf(field.MapKey()))
				return
			case seen[key.Interface()]:
				d.take()
				d.out.add(path, "is given twice")
				return
			}
			seen[key.Interface()] = true
			d.value(field.MapValue(), path, depth)
		})
	case field.IsList():
		if d.next() != '[' {
			d.expect(where, "must be a JSON array")
			return
		}
		d.token()
		for i := 0; d.tokens.More() && !d.done(); i++ {
			d.value(field, atEntry(where, strconv.Itoa(i)), depth)
		}
		if !d.done() {
			d.token()
		}
	default:
		d.value(field, where, depth)
	}
}

// value looks at one value of a field.
func (d *diagnosis) value(field protoreflect.FieldDescriptor, where string, depth int) {
	if field.Message() != nil {
		d.message(field.Message(), where, depth+1)
		return
	}
	raw := d.take()
	name, err := json.Marshal(field.JSONName())
	if err != nil {
		return // not reached: a string can be written
	}
	value := string(raw)
	if field.IsList() {
		value = "[" + value + "]"
	}
	// Protojson takes a null for an absent field, but not for a value of a list
	// or of a map.
	null := string(raw) == "null" && !takesNull(field)
	if null || !d.accepts(field.ContainingMessage(), []byte("{"+string(name)+":"+value+"}")) {
		d.out.add(where, "%s, got %s", expectedOf(field), show(raw))
	}
}

// accepts reports whether protojson takes value for a message of type md.
func (d *diagnosis) accepts(md protoreflect.MessageDescriptor, value []byte) bool {
	d.judged++
	return d.options.Unmarshal(value, dynamicpb.NewMessage(md)) == nil
}

// takesNull reports whether null is a value of the field, and not its absence.
func takesNull(field protoreflect.FieldDescriptor) bool {
	return field.Message() != nil && wellKnown(field.Message()) == "Value" ||
		field.Enum() != nil && isNull(field.Enum())
}

// show returns a JSON value as it can be shown in an error.
func show(raw json.RawMessage) string {
	switch {
	case bytes.HasPrefix(raw, []byte("{")):
		return "an object"
	case bytes.HasPrefix(raw, []byte("[")):
		return "an array"
	}
	return shorten(string(raw), maxValueText)
}
