// SPDX-License-Identifier: Apache-2.0

package form

import "strings"

// Kind is how a value is filled in, and what its text has to be. The zero value
// is Text.
type Kind uint8

const (
	// Text is any string.
	Text Kind = iota
	// Bytes is base64, as ProtoJSON writes bytes.
	Bytes
	// Bool is "true" or "false".
	Bool
	// Integer is a whole number within the bounds of its type.
	Integer
	// Float is a number, NaN, Infinity or -Infinity.
	Float
	// Choice is the name of an enum's value, or the number of one without a name.
	Choice
	// Timestamp, Duration and FieldMask are the well-known types of those names, in
	// their ProtoJSON forms.
	Timestamp
	Duration
	FieldMask
	// Raw is a value that is edited as JSON: a Struct, an Any, or of a type that the
	// catalog does not describe.
	Raw
	// Nested is a message, whose Children are its fields.
	Nested
	// List is a repeated field, Map a map; their Children are the values.
	List
	Map
)

// value is the type of a single value: what a field, an element or the value of
// an entry is.
type value struct {
	kind  Kind
	proto string // the scalar's type in a proto file
	name  string // the full name of a message or an enum
	// nullable says that not given differs from the default: a wrapper.
	nullable bool
}

// wellKnown are the messages of google.protobuf with a form of their own in
// ProtoJSON, as https://protobuf.dev/programming-guides/json/ lists them.
var wellKnown = map[string]value{
	"Timestamp": {kind: Timestamp},
	"Duration":  {kind: Duration},
	"FieldMask": {kind: FieldMask},
	"Any":       {kind: Raw},
	"Struct":    {kind: Raw},
	"Value":     {kind: Raw},
	"ListValue": {kind: Raw},

	"BoolValue":   {kind: Bool, proto: "bool", nullable: true},
	"StringValue": {kind: Text, proto: "string", nullable: true},
	"BytesValue":  {kind: Bytes, proto: "bytes", nullable: true},
	"Int32Value":  {kind: Integer, proto: "int32", nullable: true},
	"Int64Value":  {kind: Integer, proto: "int64", nullable: true},
	"UInt32Value": {kind: Integer, proto: "uint32", nullable: true},
	"UInt64Value": {kind: Integer, proto: "uint64", nullable: true},
	"FloatValue":  {kind: Float, proto: "float", nullable: true},
	"DoubleValue": {kind: Float, proto: "double", nullable: true},
}

const wellKnownPackage = "google.protobuf."

// valueOf gives the type of a field's values.
func (c *Catalog) valueOf(proto, name string) value {
	switch proto {
	case "string":
		return value{kind: Text, proto: proto}
	case "bytes":
		return value{kind: Bytes, proto: proto}
	case "bool":
		return value{kind: Bool, proto: proto}
	case "float", "double":
		return value{kind: Float, proto: proto}
	case "enum":
		return value{kind: Choice, name: name}
	case "message", "group":
		return c.messageValue(name)
	}
	if _, _, ok := bounds(proto); ok {
		return value{kind: Integer, proto: proto}
	}
	return value{kind: Raw, name: name}
}

func (c *Catalog) messageValue(name string) value {
	if short, ok := strings.CutPrefix(name, wellKnownPackage); ok {
		if v, ok := wellKnown[short]; ok {
			v.name = name
			return v
		}
		if short == "Empty" {
			return value{kind: Nested, name: name}
		}
	}
	if c.Messages[name] == nil {
		return value{kind: Raw, name: name}
	}
	return value{kind: Nested, name: name}
}
