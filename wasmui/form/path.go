// SPDX-License-Identifier: Apache-2.0

package form

import (
	"strconv"
	"strings"
)

// Path is where the node is in the request, in proto names: "filter.sizes[2]",
// "labels[color]"; "" for the request itself.
func (n *Node) Path() string {
	if n.parent == nil {
		return ""
	}
	path := n.parent.Path()
	switch {
	case n.InMap():
		return path + "[" + n.Key + "]"
	case n.IsElement():
		for i, c := range n.parent.Children {
			if c == n {
				return path + "[" + strconv.Itoa(i) + "]"
			}
		}
	case path != "":
		return path + "." + n.Field.Name
	}
	return n.Field.Name
}

// Find gives the node at a path, or the nearest one that holds it: the one to
// show where a server names a field that is not open. Servers name fields in
// proto names or in those of JSON, and elements as a[0] or a.0.
func (f *Form) Find(path string) *Node {
	n := f.Root
	for rest := path; rest != ""; {
		var part string
		part, rest = cutPath(rest)
		next := n.step(part)
		if next == nil {
			break
		}
		n = next
	}
	return n
}

// cutPath gives the first part of a path, without its punctuation.
func cutPath(path string) (part, rest string) {
	if inner, ok := strings.CutPrefix(path, "["); ok {
		if end := strings.IndexByte(inner, ']'); end >= 0 {
			return strings.Trim(inner[:end], `"'`), strings.TrimPrefix(inner[end+1:], ".")
		}
		return inner, ""
	}
	end := strings.IndexAny(path, ".[")
	if end < 0 {
		return path, ""
	}
	return path[:end], strings.TrimPrefix(path[end:], ".")
}

func (n *Node) step(part string) *Node {
	switch n.Kind {
	case Nested:
		return n.child(part)
	case List:
		if i, err := strconv.Atoi(part); err == nil && i >= 0 && i < len(n.Children) {
			return n.Children[i]
		}
	case Map:
		for _, c := range n.Children {
			if c.Key == part {
				return c
			}
		}
	}
	return nil
}
