// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// soundness tells messages that can be read and written from those that refer
// to what the source did not describe. It remembers which ones it has found
// sound; the zero value is ready.
type soundness struct {
	known map[protoreflect.FullName]bool
}

// missing returns the name of a type that md refers to, itself or through its
// fields, and that is not described, or "". It walks without recursion: how
// deep types refer to one another is the backend's to say.
func (s *soundness) missing(md protoreflect.MessageDescriptor) string {
	visited := make(map[protoreflect.FullName]bool)
	todo := []protoreflect.MessageDescriptor{md}
	for len(todo) > 0 {
		md, todo = todo[len(todo)-1], todo[:len(todo)-1]
		if md.IsPlaceholder() {
			return typeName(md)
		}
		if s.known[md.FullName()] || visited[md.FullName()] {
			continue
		}
		visited[md.FullName()] = true
		for i := range md.Fields().Len() {
			field := md.Fields().Get(i)
			if enum := field.Enum(); enum != nil && enum.IsPlaceholder() {
				return typeName(enum)
			}
			if message := field.Message(); message != nil {
				todo = append(todo, message)
			}
		}
	}
	// All that was visited is sound, now that nothing is missing anywhere.
	if s.known == nil {
		s.known = make(map[protoreflect.FullName]bool, len(visited))
	}
	for name := range visited {
		s.known[name] = true
	}
	return ""
}

// missingFor is [soundness.missing] for the type of a field, and for the
// message that it extends.
func (s *soundness) missingFor(field protoreflect.FieldDescriptor) string {
	if field.ContainingMessage().IsPlaceholder() {
		return typeName(field.ContainingMessage())
	}
	if enum := field.Enum(); enum != nil && enum.IsPlaceholder() {
		return typeName(enum)
	}
	if message := field.Message(); message != nil {
		return s.missing(message)
	}
	return ""
}

// typeName returns the name of a type that may be a placeholder, whose name
// begins with "*." where the source gave only its end.
func typeName(d protoreflect.Descriptor) string {
	return strings.TrimPrefix(string(d.FullName()), "*.")
}
