// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"fmt"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

// wellKnownPackage holds the types to which ProtoJSON gives a form of their own.
const wellKnownPackage = "google.protobuf"

// wellKnownTypes are the messages of that package that have such a form, as
// https://protobuf.dev/programming-guides/json/ lists them.
var wellKnownTypes = map[protoreflect.Name]bool{
	"Any": true, "Timestamp": true, "Duration": true, "FieldMask": true, "Empty": true,
	"Struct": true, "Value": true, "ListValue": true,
	"BoolValue": true, "StringValue": true, "BytesValue": true,
	"Int32Value": true, "Int64Value": true, "UInt32Value": true, "UInt64Value": true,
	"FloatValue": true, "DoubleValue": true,
}

// wellKnown returns the name of md within google.protobuf where its JSON has a
// form of its own, and "" for every other message.
func wellKnown(md protoreflect.MessageDescriptor) protoreflect.Name {
	if md.Parent().FullName() == wellKnownPackage && wellKnownTypes[md.Name()] {
		return md.Name()
	}
	return ""
}

// isWrapper reports whether a well-known type is a scalar made optional.
func isWrapper(name protoreflect.Name) bool {
	return name != "Value" && name != "ListValue" && strings.HasSuffix(string(name), "Value")
}

// isText reports whether the JSON of a well-known type is a single value that a
// path or a query can hold: a string, a number or a bool.
func isText(name protoreflect.Name) bool {
	return isWrapper(name) || name == "Timestamp" || name == "Duration" || name == "FieldMask"
}

// isNull reports whether an enum is the one whose only value is JSON's null.
func isNull(enum protoreflect.EnumDescriptor) bool {
	return enum.FullName() == wellKnownPackage+".NullValue"
}

// checkWellKnown fails where files declare a well-known type otherwise than the
// rest of the world: encoders reach for the fields of those types by number and
// do not expect to miss them.
func checkWellKnown(files *protoregistry.Files) error {
	for name := range wellKnownTypes {
		full := protoreflect.FullName(wellKnownPackage).Append(name)
		got, err := files.FindDescriptorByName(full)
		if err != nil {
			continue
		}
		want, err := protoregistry.GlobalTypes.FindMessageByName(full)
		if err != nil {
			return fmt.Errorf("well-known type %s is not linked into this program: %w", full, err)
		}
		message, ok := got.(protoreflect.MessageDescriptor)
		if !ok || !sameFields(message, want.Descriptor()) {
			return fmt.Errorf("%s declares %s otherwise than the well-known type of that name", got.ParentFile().Path(), full)
		}
	}
	return nil
}

// sameFields reports whether got has each field of want, alike in number, kind
// and type. Fields that it has beside them are no obstacle.
func sameFields(got, want protoreflect.MessageDescriptor) bool {
	for i := range want.Fields().Len() {
		w := want.Fields().Get(i)
		g := got.Fields().ByNumber(w.Number())
		if g == nil || g.Name() != w.Name() || g.Kind() != w.Kind() || g.Cardinality() != w.Cardinality() || g.IsMap() != w.IsMap() {
			return false
		}
		if w.IsMap() && (g.MapKey().Kind() != w.MapKey().Kind() || g.MapValue().Kind() != w.MapValue().Kind()) {
			return false
		}
		if w.Message() != nil && g.Message().FullName() != w.Message().FullName() {
			return false
		}
		if of := w.ContainingOneof(); of != nil && (g.ContainingOneof() == nil || g.ContainingOneof().Name() != of.Name()) {
			return false
		}
	}
	return true
}
