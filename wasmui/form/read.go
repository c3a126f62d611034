// SPDX-License-Identifier: Apache-2.0

package form

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

const (
	// maxNodes bounds what SetJSON makes a form of: more could not be looked
	// through, and would take seconds to draw.
	maxNodes = 3000
	// maxNesting is how deep a request may be, as ProtoJSON has it by default.
	maxNesting = 100
)

// SetJSON puts a request in ProtoJSON in the place of what is there. Where the
// form cannot show it, as of a field that the type does not have, it says why and
// where, and changes nothing. Values that are of the right form but not allowed
// are taken, for Check to find. An empty text is an empty request.
func (f *Form) SetJSON(text string) error {
	if strings.TrimSpace(text) == "" {
		text = "{}"
	}
	if err := Syntax(text); err != nil {
		return err
	}
	f.made = 0
	root := f.root(f.Root.value.name)
	if err := root.fill(json.RawMessage(text), 0); err != nil {
		return err
	}
	f.Root = root
	return nil
}

// Syntax says where a text ceases to be JSON. It is nil where all of it is.
func Syntax(text string) error {
	var any json.RawMessage
	err := json.Unmarshal([]byte(text), &any)
	if err == nil {
		return nil
	}
	where := len(text)
	// What the package returns is not wrapped, and errors.As is 25 KB of program.
	if at, ok := err.(*json.SyntaxError); ok {
		where = min(int(at.Offset), where)
	}
	before := text[:where]
	line := strings.Count(before, "\n") + 1
	column := where - strings.LastIndexByte(before, '\n') - 1
	reason := strings.TrimPrefix(err.Error(), "json: ")
	return fmt.Errorf("line %d, column %d: %s", line, max(column, 1), reason)
}

// failf says where in the request something is not as it should be.
func (n *Node) failf(format string, args ...any) error {
	path := n.Path()
	if path == "" {
		path = "the request"
	}
	return fmt.Errorf("%s %s", path, fmt.Sprintf(format, args...))
}

// fill takes the value that raw is. The node is new.
func (n *Node) fill(raw json.RawMessage, depth int) error {
	raw = bytes.TrimSpace(raw)
	isNull := string(raw) == "null"
	switch {
	case n.form.made > maxNodes:
		return fmt.Errorf("the request is too large for a form: it holds more than %d values", maxNodes)
	case depth > maxNesting:
		return fmt.Errorf("the request is nested deeper than %d messages", maxNesting)
	case isNull && n.isNullValue():
		raw = json.RawMessage(`"NULL_VALUE"`)
	case isNull && n.value.name == wellKnownPackage+"Value" && n.Kind == Raw:
	case isNull && !n.IsElement():
		return nil // as good as not given
	case isNull:
		return n.failf("must not be null")
	}
	if n.Field != nil && n.Field.Oneof != "" && !n.IsElement() {
		for _, other := range n.parent.Children {
			if other.Set && other.Field.Oneof == n.Field.Oneof {
				return n.failf("excludes %s: both are of the oneof %s", other.Field.JSONName, n.Field.Oneof)
			}
		}
		n.Set = n.Kind != Nested
	}
	switch n.Kind {
	case Nested:
		return n.fillMessage(raw, depth)
	case List:
		return n.fillList(raw, depth)
	case Map:
		return n.fillMap(raw, depth)
	}
	return n.fillText(raw)
}

// isNullValue reports whether the node is the enum that is null in JSON.
func (n *Node) isNullValue() bool { return n.value.name == wellKnownPackage+"NullValue" }

func (n *Node) fillMessage(raw json.RawMessage, depth int) error {
	members, err := n.object(raw)
	if err != nil {
		return err
	}
	n.Open()
	seen := make(map[*Node]bool)
	for _, key := range slices.Sorted(maps.Keys(members)) {
		child := n.child(key)
		if child == nil {
			return n.failf("has no field %q", key)
		}
		if seen[child] {
			return child.failf("is given twice, as %s and as %s", child.Field.JSONName, child.Field.Name)
		}
		seen[child] = true
		if err := child.fill(members[key], depth+1); err != nil {
			return err
		}
	}
	return nil
}

// child finds a field by either of its names.
func (n *Node) child(name string) *Node {
	for _, c := range n.Children {
		if c.Field.JSONName == name || c.Field.Name == name {
			return c
		}
	}
	return nil
}

func (n *Node) fillList(raw json.RawMessage, depth int) error {
	var elements []json.RawMessage
	if json.Unmarshal(raw, &elements) != nil {
		return n.failf("must be a list: [ … ]")
	}
	for _, e := range elements {
		if err := n.element().fill(e, depth+1); err != nil {
			return err
		}
	}
	return nil
}

func (n *Node) fillMap(raw json.RawMessage, depth int) error {
	members, err := n.object(raw)
	if err != nil {
		return err
	}
	for _, key := range slices.Sorted(maps.Keys(members)) {
		entry := n.element()
		entry.Key = key
		if err := entry.fill(members[key], depth+1); err != nil {
			return err
		}
	}
	return nil
}

// element is Add without anything filled in.
func (n *Node) element() *Node {
	child := n.form.node(n, n.Field, n.value)
	n.Children = append(n.Children, child)
	return child
}

func (n *Node) object(raw json.RawMessage) (map[string]json.RawMessage, error) {
	var members map[string]json.RawMessage
	if json.Unmarshal(raw, &members) != nil {
		return nil, n.failf("must be an object: { … }")
	}
	return members, nil
}

// fillText takes a value that is typed in one piece.
func (n *Node) fillText(raw json.RawMessage) error {
	if n.Kind == Raw {
		n.Text = Indent(string(raw))
		return nil
	}
	var text string
	isString := json.Unmarshal(raw, &text) == nil
	if !isString {
		text = string(raw)
	}
	isNumber := !isString && (raw[0] == '-' || raw[0] >= '0' && raw[0] <= '9')
	switch n.Kind {
	case Bool:
		if isString || text != "true" && text != "false" {
			return n.failf("must be true or false")
		}
	case Integer, Float:
		if !isNumber && !isString {
			return n.failf("must be a number")
		}
	case Choice:
		if !isNumber && !isString {
			return n.failf("must be the name of a value, in quotes, or its number")
		}
		text = n.nameOf(text, isNumber)
	default:
		if !isString {
			return n.failf("must be a string")
		}
	}
	n.Text = text
	if n.Kind == Text || n.Kind == Bytes {
		n.Set = n.Set || n.hasPresence()
	}
	return nil
}

// nameOf gives the name of an enum's value that is given by its number, where
// it has one.
func (n *Node) nameOf(text string, isNumber bool) string {
	if number, err := strconv.ParseInt(text, 10, 32); isNumber && err == nil {
		for _, o := range n.Options() {
			if int64(o.Number) == number {
				return o.Name
			}
		}
	}
	return text
}
