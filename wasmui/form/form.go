// SPDX-License-Identifier: Apache-2.0

package form

import (
	"slices"
	"sync/atomic"
)

// Form is a request that is being filled in: a tree of what was typed. A
// message's fields come into being when it is added, so that one that holds
// itself has an end.
type Form struct {
	// Root is the request itself. SetJSON puts another in its place.
	Root *Node

	catalog *Catalog
	made    int // nodes made since SetJSON began, which it bounds
}

// New gives an empty request of a message type.
func New(c *Catalog, message string) *Form {
	f := &Form{catalog: c}
	f.Root = f.root(message)
	return f
}

func (f *Form) root(message string) *Node {
	n := f.node(nil, nil, f.catalog.messageValue(message))
	n.Open()
	return n
}

// Node is one value of a request: the request, a field, an element of a list or
// an entry of a map.
type Node struct {
	// ID tells the node from every other, of any form.
	ID   int64
	Kind Kind
	// Field is the field that the node is, or is an element or an entry of; nil for
	// the request.
	Field *Field
	// Text is what was typed, for every kind but Nested, List and Map; Key is the key
	// of an entry of a map.
	Text, Key string
	// Set says that a message is there, that an empty string is meant, or that the
	// field is the one chosen of its oneof.
	Set bool
	// Children are the fields of a message in their order, or the values of a list
	// or a map.
	Children []*Node
	// Wrong is what the last Check, or the server, found wrong; "" for nothing.
	Wrong string

	form   *Form
	parent *Node
	value  value
}

// lastID is the ID of the node that was made last.
var lastID atomic.Int64

func (f *Form) node(parent *Node, field *Field, v value) *Node {
	f.made++
	return &Node{ID: lastID.Add(1), Kind: v.kind, Field: field, form: f, parent: parent, value: v}
}

// Open adds a message, with its fields yet to be given. It does nothing to
// other kinds, and to one that is there.
func (n *Node) Open() {
	if n.Kind != Nested {
		return
	}
	n.Set = true
	if n.Children != nil {
		return
	}
	message := n.form.catalog.Messages[n.value.name]
	if message == nil {
		return // an Empty
	}
	for _, field := range message.Fields {
		v := n.form.catalog.valueOf(field.Type, field.TypeName)
		child := n.form.node(n, field, v)
		switch field.Label {
		case "repeated":
			child.Kind = List
		case "map":
			child.Kind = Map
		}
		n.Children = append(n.Children, child)
	}
}

// Type takes what a person has typed. An empty text is an empty string where that
// differs from none, until Leave.
func (n *Node) Type(text string) {
	n.Text, n.Wrong = text, ""
	if n.Field != nil && n.Field.Oneof != "" {
		n.Choose()
	} else if n.Kind == Text || n.Kind == Bytes {
		n.Set = n.hasPresence()
	}
}

// Leave takes a value back, and all that is in it.
func (n *Node) Leave() {
	n.Text, n.Wrong, n.Set, n.Children = "", "", false, nil
}

// Choose makes the node the one that is given of its oneof. What was typed into
// the others stays there.
func (n *Node) Choose() {
	if n.Field == nil || n.Field.Oneof == "" || n.IsElement() {
		return
	}
	for _, other := range n.parent.Children {
		if other != n && other.Field.Oneof == n.Field.Oneof {
			other.Set, other.Wrong = false, ""
		}
	}
	n.Set = true
	n.Open()
	n.preset()
}

// preset fills in what a value that has to be given is most likely to be.
func (n *Node) preset() {
	switch options := n.Options(); {
	case n.Text != "":
	case n.Kind == Bool:
		n.Text = "true"
	case len(options) > 0:
		n.Text = options[0].Name
	}
}

// Add appends an element to a list or an entry to a map, and gives it.
func (n *Node) Add() *Node {
	child := n.form.node(n, n.Field, n.value)
	child.Open()
	child.preset()
	n.Children = append(n.Children, child)
	return child
}

// Remove takes an element or an entry away.
func (n *Node) Remove() {
	if n.IsElement() && n.parent != nil {
		n.parent.Children = slices.DeleteFunc(n.parent.Children, func(c *Node) bool { return c == n })
	}
}

// IsElement reports whether the node is the request, an element or an entry:
// whatever it holds is sent.
func (n *Node) IsElement() bool {
	return n.parent == nil || n.parent.Kind == List || n.parent.Kind == Map
}

// InMap reports whether the node is an entry of a map, and has a key.
func (n *Node) InMap() bool { return n.parent != nil && n.parent.Kind == Map }

// Parent is what the node is a part of, nil for the request.
func (n *Node) Parent() *Node { return n.parent }

// hasPresence reports whether a default that is given differs from none.
func (n *Node) hasPresence() bool {
	return !n.IsElement() && (n.Field.Presence || n.value.nullable)
}

// Given reports whether the node is part of the request.
func (n *Node) Given() bool {
	switch {
	case n.IsElement():
		return true
	case n.Kind == List, n.Kind == Map:
		return len(n.Children) > 0
	case n.Kind == Nested, n.Field.Oneof != "":
		return n.Set
	}
	return n.Text != "" || n.Set
}

// CanLeave reports whether Leave is what takes the value back: no text that is
// erased does.
func (n *Node) CanLeave() bool {
	if n.IsElement() || n.Field.Oneof != "" {
		return false
	}
	return n.Kind == Nested && n.Set || n.hasPresence() && n.Set
}

// Options are the values of an enum, nil for other kinds.
func (n *Node) Options() []EnumValue {
	if e := n.form.catalog.Enums[n.value.name]; n.Kind == Choice && e != nil {
		return e.Values
	}
	return nil
}

// TypeName is the type of the node's values as a person would write it in a
// proto file, without the package: "uint32", "Duration".
func (n *Node) TypeName() string {
	name := n.value.name
	if name == "" {
		name = n.value.proto
	}
	for i := len(name) - 1; i >= 0; i-- {
		if name[i] == '.' {
			return name[i+1:]
		}
	}
	return name
}

// Member is a field of a message, or a oneof in place of all its fields.
type Member struct {
	// Field is nil for a oneof.
	Field *Node
	// Oneof and what it may be; Chosen is nil while none is.
	Oneof   Oneof
	Choices []*Node
	Chosen  *Node
}

// Members are the fields of a message, with oneofs where their first field is.
func (n *Node) Members() []Member {
	var members []Member
	at := make(map[string]int)
	for _, child := range n.Children {
		name := child.Field.Oneof
		if name == "" {
			members = append(members, Member{Field: child})
			continue
		}
		i, known := at[name]
		if !known {
			i = len(members)
			at[name] = i
			members = append(members, Member{Oneof: n.form.catalog.Messages[n.value.name].oneof(name)})
		}
		m := &members[i]
		m.Choices = append(m.Choices, child)
		if child.Set {
			m.Chosen = child
		}
	}
	return members
}

// ChooseNone leaves out whatever is chosen of a oneof.
func (n *Node) ChooseNone(oneof string) {
	for _, child := range n.Children {
		if child.Field.Oneof == oneof {
			child.Set, child.Wrong = false, ""
		}
	}
}

// Walk calls f for the node and for all under it, a parent before its children.
func (n *Node) Walk(f func(*Node)) {
	f(n)
	for _, child := range n.Children {
		child.Walk(f)
	}
}
