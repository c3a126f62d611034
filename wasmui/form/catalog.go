// SPDX-License-Identifier: Apache-2.0

package form

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Catalog is what a bridge says of its methods at GET /catalog. The zero value
// has none.
type Catalog struct {
	// Backends are the names of the backends, in the bridge's order.
	Backends []string
	// Given are those of them that did not describe their methods themselves.
	Given    []string
	Services []Service
	Methods  []Method
	// Messages and Enums are the types that the methods reach, by their full names.
	// Types that ProtoJSON gives a form of their own may be missing.
	Messages map[string]*Message
	Enums    map[string]*Enum
}

// Service is one service of a backend.
type Service struct{ Name, Backend, Comment string }

// Method is one method. Its name is "package.Service/Method".
type Method struct {
	Name, Backend string
	// Kind is "unary", "server_streaming", "client_streaming" or "bidi_streaming".
	Kind       string
	Comment    string
	Deprecated bool
	// Paths are the addresses that it is reached by.
	Paths []Path
	// Request and Response are the full names of its messages.
	Request, Response string
	Policy            Policy
}

// Path is one address of a method.
type Path struct {
	// Method is the HTTP method, Path what follows the origin. Body says which
	// field the body is, "*" for the whole request.
	Method, Path, Body string
}

// Policy is how a method's runs meet their viewers, of which a page needs but
// little.
type Policy struct {
	// Event is the type of the events that are messages, "" for none.
	Event string
	// Resume is nil where no other bridge can take a run up again.
	Resume *struct{ ResponseField, RequestField string }
}

// Message is one message type.
type Message struct {
	Comment string
	Fields  []*Field
	Oneofs  []Oneof
}

// Oneof is a group of fields of which at most one is given.
type Oneof struct{ Name, Comment string }

// Field is one field of a message.
type Field struct {
	Name, JSONName string
	Number         int32
	// Type is the type's name in a proto file, "message", "enum" and "group"
	// included; TypeName the full name for those. Of a map it is that of the values.
	Type, TypeName string
	// Label is "optional", "repeated", "map" or "required"; MapKey the type of a
	// map's keys.
	Label, MapKey string
	// Oneof is the name of the group that the field is in, "" for none.
	Oneof string
	// Presence says that a field given with its default differs from one not given.
	Presence   bool
	Default    string
	Deprecated bool
	Comment    string
}

// Enum is one enum type.
type Enum struct {
	Comment string
	Values  []EnumValue
}

// EnumValue is one value of an enum.
type EnumValue struct {
	Name    string
	Number  int32
	Comment string
}

// MaxCatalogBytes bounds what is read of a catalog.
const MaxCatalogBytes = 16 << 20

// ParseCatalog reads the JSON of GET /catalog. It fails where that is no JSON,
// too large, or holds methods without names; what it says of types is taken as
// it comes, and a type that it leaves out is edited as JSON.
func ParseCatalog(data []byte) (*Catalog, error) {
	if len(data) > MaxCatalogBytes {
		return nil, fmt.Errorf("the catalog is larger than %d MB", MaxCatalogBytes>>20)
	}
	c := new(Catalog)
	if err := json.Unmarshal(data, c); err != nil {
		return nil, fmt.Errorf("the catalog cannot be read: %w", err)
	}
	for i := range c.Methods {
		if service, short, ok := strings.Cut(c.Methods[i].Name, "/"); !ok || service == "" || short == "" {
			return nil, fmt.Errorf("the catalog has a method named %q, where package.Service/Method was expected", c.Methods[i].Name)
		}
	}
	for name, m := range c.Messages {
		if m == nil {
			delete(c.Messages, name)
			continue
		}
		m.tidy()
	}
	for name, e := range c.Enums {
		if e == nil {
			delete(c.Enums, name)
		}
	}
	return c, nil
}

// tidy leaves out fields that are not there, fills in names, and takes the oneof
// that protoc makes of an optional field of proto3 for what it is.
func (m *Message) tidy() {
	members := make(map[string]int)
	fields := m.Fields[:0]
	for _, f := range m.Fields {
		if f == nil || f.Name == "" {
			continue
		}
		if f.JSONName == "" {
			f.JSONName = f.Name
		}
		members[f.Oneof]++
		fields = append(fields, f)
	}
	m.Fields = fields
	for _, f := range fields {
		if f.Oneof == "_"+f.Name && members[f.Oneof] == 1 {
			f.Oneof, f.Presence = "", true
		}
	}
}

// oneof gives what is said of a group of fields.
func (m *Message) oneof(name string) Oneof {
	for _, o := range m.Oneofs {
		if o.Name == name {
			return o
		}
	}
	return Oneof{Name: name}
}

// Method finds a method by its name. An empty backend stands for any; nil says
// that there is none.
func (c *Catalog) Method(name, backend string) *Method {
	for i := range c.Methods {
		if m := &c.Methods[i]; m.Name == name && (backend == "" || m.Backend == backend) {
			return m
		}
	}
	return nil
}

// Reflects reports whether a method's backend describes itself to whoever calls
// it, so that a caller needs no descriptor set.
func (c *Catalog) Reflects(m *Method) bool { return !slices.Contains(c.Given, m.Backend) }

// Service is the full name of the method's service.
func (m *Method) Service() string {
	service, _, _ := strings.Cut(m.Name, "/")
	return service
}

// Short is the method's name within its service.
func (m *Method) Short() string {
	_, short, _ := strings.Cut(m.Name, "/")
	return short
}

// Streams reports whether the method answers with a stream.
func (m *Method) Streams() bool { return m.Kind == "server_streaming" }

// Runs reports whether a browser can call the method: those whose requests are
// streams too it cannot.
func (m *Method) Runs() bool { return m.Streams() || m.Kind == "unary" }

// Post is the address that takes the whole request as a JSON body.
func (m *Method) Post() string { return "/" + m.Name }

// Get is the shortest address that takes the request as a query, "" where there
// is none.
func (m *Method) Get() string {
	best := ""
	for _, p := range m.Paths {
		if p.Method == "GET" && !strings.Contains(p.Path, "{") && (best == "" || len(p.Path) < len(best)) {
			best = p.Path
		}
	}
	return best
}
