// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// commentOf returns the comment before the declaration of d, or else the one
// after it on the same line, without the marks around it. It is "" for a
// descriptor from a source that leaves comments out, as those linked into Go
// programs do.
func commentOf(d protoreflect.Descriptor) string {
	location := d.ParentFile().SourceLocations().ByDescriptor(d)
	if comment := cleanComment(location.LeadingComments); comment != "" {
		return comment
	}
	return cleanComment(location.TrailingComments)
}

// cleanComment takes off a comment's lines the space that stands between them
// and the mark before them. What is indented further stays so, for it is an
// example. Compilers leave a second star of the mark that a comment begins with.
func cleanComment(comment string) string {
	lines := strings.Split(strings.TrimPrefix(comment, "*"), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight(strings.TrimPrefix(line, " "), " \t\r")
	}
	return strings.Trim(strings.Join(lines, "\n"), "\n")
}
