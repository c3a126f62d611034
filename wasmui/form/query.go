// SPDX-License-Identifier: Apache-2.0

package form

import (
	"net/url"
	"strings"
)

// Query is the request as query parameters, as a bridge reads them: a field of
// a message under a dotted path, a parameter for every value of a list,
// labels[color]=red for an entry of a map, and what is deeper as JSON. It is ""
// for an empty request. It is none, and false, where the request is no message
// with fields, as a StringValue or a Struct: parameters are named by fields.
func (f *Form) Query() (query string, ok bool) {
	if f.Root.Kind != Nested {
		return "", false
	}
	var out strings.Builder
	f.Root.query(&out, "")
	return out.String(), true
}

func (n *Node) query(out *strings.Builder, path string) {
	for _, c := range n.Children {
		if !c.Given() {
			continue
		}
		name := c.Field.Name
		if path != "" {
			name = path + "." + name
		} else if name == "last_event_id" {
			name = c.Field.JSONName // the parameter of that name says where a stream goes on
		}
		switch c.Kind {
		case Nested:
			before := out.Len()
			c.query(out, name)
			if out.Len() == before {
				c.parameter(out, name)
			}
		case List:
			for _, e := range c.Children {
				e.parameter(out, name)
			}
		case Map:
			for _, e := range c.Children {
				e.parameter(out, name+"["+e.Key+"]")
			}
		default:
			c.parameter(out, name)
		}
	}
}

// parameter writes one value: as its JSON, without the quotes of a string.
func (n *Node) parameter(out *strings.Builder, name string) {
	text := string(n.appendJSON(nil))
	switch {
	case n.Kind == Text:
		text = n.Text
	case n.Kind != Nested && n.Kind != Raw:
		text = strings.Trim(text, `"`)
	}
	if out.Len() > 0 {
		out.WriteByte('&')
	}
	out.WriteString(queryEscape(name) + "=" + queryEscape(text))
}

// queryEscape leaves brackets as they are, which a query may hold and people can
// read.
func queryEscape(text string) string {
	return strings.ReplaceAll(strings.ReplaceAll(url.QueryEscape(text), "%5B", "["), "%5D", "]")
}
