// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"

	"google.golang.org/protobuf/reflect/protoreflect"
)

type messageDoc struct {
	Comment    string     `json:"comment,omitempty"`
	Deprecated bool       `json:"deprecated,omitempty"`
	Fields     []fieldDoc `json:"fields"`
	Oneofs     []oneofDoc `json:"oneofs,omitempty"`
}

type fieldDoc struct {
	Name       string                   `json:"name"`
	JSONName   string                   `json:"jsonName"`
	Number     protoreflect.FieldNumber `json:"number"`
	Type       string                   `json:"type"`
	TypeName   string                   `json:"typeName,omitempty"`
	Label      string                   `json:"label"`
	MapKey     string                   `json:"mapKey,omitempty"`
	Oneof      protoreflect.Name        `json:"oneof,omitempty"`
	Presence   bool                     `json:"presence,omitempty"`
	Default    string                   `json:"default,omitempty"`
	Deprecated bool                     `json:"deprecated,omitempty"`
	Comment    string                   `json:"comment,omitempty"`
}

type oneofDoc struct {
	Name    protoreflect.Name `json:"name"`
	Comment string            `json:"comment,omitempty"`
}

type enumDoc struct {
	Comment    string     `json:"comment,omitempty"`
	Deprecated bool       `json:"deprecated,omitempty"`
	Values     []valueDoc `json:"values"`
}

type valueDoc struct {
	Name       protoreflect.Name       `json:"name"`
	Number     protoreflect.EnumNumber `json:"number"`
	Deprecated bool                    `json:"deprecated,omitempty"`
	Comment    string                  `json:"comment,omitempty"`
}

// typeDocs are the types that methods refer to, under the names that the
// document has for them.
type typeDocs struct {
	messages map[string]*messageDoc
	enums    map[string]*enumDoc
	sources  map[*typeResolver]*typeSource
}

// typeSource is the types of one backend that methods refer to.
type typeSource struct {
	backend string
	types   map[protoreflect.FullName]protoreflect.Descriptor
	// renamed holds the names in the document of those types that a backend
	// before this one has, under the same name, otherwise.
	renamed map[protoreflect.FullName]string
}

// describeTypes describes the types that methods of backends refer to.
func describeTypes(backends []string, methods []*Method) typeDocs {
	d := typeDocs{
		messages: make(map[string]*messageDoc),
		enums:    make(map[string]*enumDoc),
		sources:  make(map[*typeResolver]*typeSource),
	}
	var sources []*typeSource
	for _, m := range methods {
		source := d.sources[m.types]
		if source == nil {
			source = &typeSource{
				backend: m.Backend,
				types:   make(map[protoreflect.FullName]protoreflect.Descriptor),
				renamed: make(map[protoreflect.FullName]string),
			}
			d.sources[m.types] = source
			sources = append(sources, source)
		}
		source.collect(m.Desc.Input())
		source.collect(m.Desc.Output())
	}
	slices.SortStableFunc(sources, func(x, y *typeSource) int {
		return cmp.Compare(slices.Index(backends, x.backend), slices.Index(backends, y.backend))
	})
	for i, source := range sources {
		source.rename(sources[:i])
		for name, t := range source.types {
			switch doc := source.describe(t).(type) {
			case *messageDoc:
				d.messages[source.name(name)] = doc
			case *enumDoc:
				d.enums[source.name(name)] = doc
			}
		}
	}
	return d
}

// nameOf returns the name in the document of a type of a method.
func (d typeDocs) nameOf(m *Method, md protoreflect.MessageDescriptor) string {
	return d.sources[m.types].name(md.FullName())
}

// collect adds md, and what it refers to, to the types. It walks without
// recursion: how deep types refer to one another is the backend's to say.
func (s *typeSource) collect(md protoreflect.MessageDescriptor) {
	todo := []protoreflect.MessageDescriptor{md}
	for len(todo) > 0 {
		md, todo = todo[len(todo)-1], todo[:len(todo)-1]
		if _, seen := s.types[md.FullName()]; seen || wellKnown(md) != "" {
			continue
		}
		s.types[md.FullName()] = md
		for i := range md.Fields().Len() {
			field := valueOf(md.Fields().Get(i))
			if enum := field.Enum(); enum != nil {
				s.types[enum.FullName()] = enum
			}
			if message := field.Message(); message != nil {
				todo = append(todo, message)
			}
		}
	}
}

// valueOf returns the field of a map's values for a map, and any other field
// itself.
func valueOf(field protoreflect.FieldDescriptor) protoreflect.FieldDescriptor {
	if field.IsMap() {
		return field.MapValue()
	}
	return field
}

// rename finds the types that one of the sources before this one has under the
// same name and describes otherwise. A type that refers to a renamed one is
// another type itself, so that renaming goes on until nothing is left to rename.
func (s *typeSource) rename(before []*typeSource) {
	for again := true; again; {
		again = false
		for name, t := range s.types {
			if s.renamed[name] != "" {
				continue
			}
			for _, other := range before {
				first := other.types[name]
				if first == nil || other.renamed[name] != "" || first == t {
					continue
				}
				if !reflect.DeepEqual(other.describe(first), s.describe(t)) {
					s.renamed[name] = string(name) + "@" + s.backend
					again = true
				}
				break // whichever comes after has the name only if it is the same type
			}
		}
	}
}

// name returns the name in the document of a type called name.
func (s *typeSource) name(name protoreflect.FullName) string {
	if renamed := s.renamed[name]; renamed != "" {
		return renamed
	}
	return string(name)
}

// describe returns what the document says of a type, a *messageDoc or an
// *enumDoc.
func (s *typeSource) describe(t protoreflect.Descriptor) any {
	switch t := t.(type) {
	case protoreflect.MessageDescriptor:
		return s.describeMessage(t)
	case protoreflect.EnumDescriptor:
		return describeEnum(t)
	}
	return nil // not reached: nothing else is collected
}

func (s *typeSource) describeMessage(md protoreflect.MessageDescriptor) *messageDoc {
	doc := &messageDoc{Comment: commentOf(md), Deprecated: isDeprecated(md), Fields: []fieldDoc{}}
	for i := range md.Fields().Len() {
		doc.Fields = append(doc.Fields, s.describeField(md.Fields().Get(i)))
	}
	for i := range md.Oneofs().Len() {
		if oneof := md.Oneofs().Get(i); !oneof.IsSynthetic() {
			doc.Oneofs = append(doc.Oneofs, oneofDoc{Name: oneof.Name(), Comment: commentOf(oneof)})
		}
	}
	return doc
}

func (s *typeSource) describeField(field protoreflect.FieldDescriptor) fieldDoc {
	value := valueOf(field)
	doc := fieldDoc{
		Name:       field.TextName(),
		JSONName:   field.JSONName(),
		Number:     field.Number(),
		Type:       value.Kind().String(),
		Label:      field.Cardinality().String(),
		Presence:   field.HasPresence(),
		Default:    describeDefault(field),
		Deprecated: isDeprecated(field),
		Comment:    commentOf(field),
	}
	switch {
	case value.Message() != nil:
		doc.TypeName = s.name(value.Message().FullName())
	case value.Enum() != nil:
		doc.TypeName = s.name(value.Enum().FullName())
	}
	if field.IsMap() {
		doc.Label = "map"
		doc.MapKey = field.MapKey().Kind().String()
	}
	if oneof := field.ContainingOneof(); oneof != nil && !oneof.IsSynthetic() {
		doc.Oneof = oneof.Name()
	}
	return doc
}

// describeDefault returns the default that a field declares, as it would be
// written in a query, or "".
func describeDefault(field protoreflect.FieldDescriptor) string {
	if !field.HasDefault() {
		return ""
	}
	value := field.Default()
	switch field.Kind() {
	case protoreflect.EnumKind:
		return string(field.DefaultEnumValue().Name())
	case protoreflect.BytesKind:
		return base64.StdEncoding.EncodeToString(value.Bytes())
	case protoreflect.FloatKind:
		return describeFloat(value.Float(), 32)
	case protoreflect.DoubleKind:
		return describeFloat(value.Float(), 64)
	}
	return fmt.Sprint(value.Interface())
}

func describeFloat(f float64, bits int) string {
	if math.IsInf(f, 0) {
		return map[bool]string{true: "Infinity", false: "-Infinity"}[f > 0]
	}
	return strconv.FormatFloat(f, 'g', -1, bits)
}

func describeEnum(enum protoreflect.EnumDescriptor) *enumDoc {
	doc := &enumDoc{Comment: commentOf(enum), Deprecated: isDeprecated(enum), Values: []valueDoc{}}
	for i := range enum.Values().Len() {
		value := enum.Values().Get(i)
		doc.Values = append(doc.Values, valueDoc{
			Name:       value.Name(),
			Number:     value.Number(),
			Deprecated: isDeprecated(value),
			Comment:    commentOf(value),
		})
	}
	return doc
}
