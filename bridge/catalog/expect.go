// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"fmt"
	"math"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// maxNames is how many names of fields or enum values an error lists.
const maxNames = 16

// expectedOf says what one value of the field must be: of a list or map, each
// of its values.
func expectedOf(field protoreflect.FieldDescriptor) string {
	switch field.Kind() {
	case protoreflect.BoolKind:
		return "must be true or false"
	case protoreflect.Int32Kind, protoreflect.Sint32Kind, protoreflect.Sfixed32Kind:
		return fmt.Sprintf("must be a whole number from %d to %d", math.MinInt32, math.MaxInt32)
	case protoreflect.Int64Kind, protoreflect.Sint64Kind, protoreflect.Sfixed64Kind:
		return fmt.Sprintf("must be a whole number from %d to %d", math.MinInt64, math.MaxInt64)
	case protoreflect.Uint32Kind, protoreflect.Fixed32Kind:
		return fmt.Sprintf("must be a whole number from 0 to %d", math.MaxUint32)
	case protoreflect.Uint64Kind, protoreflect.Fixed64Kind:
		return fmt.Sprintf("must be a whole number from 0 to %d", uint64(math.MaxUint64))
	case protoreflect.FloatKind:
		return `must be a number of at most 3.4e38 in size, "NaN", "Infinity" or "-Infinity"`
	case protoreflect.DoubleKind:
		return `must be a number, "NaN", "Infinity" or "-Infinity"`
	case protoreflect.StringKind:
		return "must be a string of valid UTF-8"
	case protoreflect.BytesKind:
		return "must be base64"
	case protoreflect.EnumKind:
		return expectedEnum(field.Enum())
	default:
		return expectedMessage(field.Message())
	}
}

// expectedMessage says what a value of a message type must be.
func expectedMessage(md protoreflect.MessageDescriptor) string {
	name := wellKnown(md)
	switch {
	case isWrapper(name):
		return expectedOf(md.Fields().ByNumber(1))
	case name == "Timestamp":
		return `must be a time such as "2006-01-02T15:04:05.5Z"`
	case name == "Duration":
		return `must be a duration in seconds such as "0.2s"`
	case name == "FieldMask":
		return `must be field paths in lowerCamelCase, joined by commas, such as "user.displayName,photo"`
	case name == "Any":
		return `must be a JSON object with an "@type" that is known here and the fields of that type`
	case name == "Value":
		return "must be a JSON value"
	case name == "ListValue":
		return "must be a JSON array"
	}
	return "must be a JSON object"
}

// expectedEnum says what a value of an enum must be.
func expectedEnum(enum protoreflect.EnumDescriptor) string {
	if isNull(enum) {
		return "must be null"
	}
	names := make([]string, enum.Values().Len())
	for i := range names {
		names[i] = string(enum.Values().Get(i).Name())
	}
	return "must be one of " + list(names) + ", or its number"
}

// unknownField says that md has no such field, and which ones it has.
func unknownField(md protoreflect.MessageDescriptor) string {
	names := make([]string, md.Fields().Len())
	for i := range names {
		names[i] = md.Fields().Get(i).TextName()
	}
	if len(names) == 0 {
		return fmt.Sprintf("is not a field of %s, which has none", md.FullName())
	}
	return fmt.Sprintf("is not a field of %s, which has %s", md.FullName(), list(names))
}

// excludes says that a field cannot be given beside others of its oneof.
func excludes(oneof protoreflect.OneofDescriptor) string {
	names := make([]string, oneof.Fields().Len())
	for i := range names {
		names[i] = oneof.Fields().Get(i).TextName()
	}
	return "cannot be given beside another of " + list(names)
}

// list joins names with commas, and counts those that are too many to show.
func list(names []string) string {
	if more := len(names) - maxNames; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:maxNames], ", "), more)
	}
	return strings.Join(names, ", ")
}

// findField finds a field by the name that a caller gave it, which is its JSON
// name or its proto name, in the order in which ProtoJSON looks for them.
func findField(md protoreflect.MessageDescriptor, name string) protoreflect.FieldDescriptor {
	if field := md.Fields().ByJSONName(name); field != nil {
		return field
	}
	return md.Fields().ByTextName(name)
}
