// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"time"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
)

// Describe returns the catalog as JSON on one line, for pages that offer its
// methods to people. It is made once, and must not be changed. Keys without a
// value are left out.
//
//	{"backends":["orders"],"given":["orders"],
//	 "services":[{"name":"shop.v1.Orders","backend":"orders","comment":"…","deprecated":true}],
//	 "methods":[{"name":"shop.v1.Orders/Watch","backend":"orders","kind":"server_streaming","comment":"…","deprecated":true,
//	   "paths":[{"method":"GET","path":"/v1/{shop=shops/*}/orders:watch"},{"method":"POST","path":"/shop.v1.Orders/Watch","body":"*"}],
//	   "request":"shop.v1.WatchRequest","response":"shop.v1.Order",
//	   "policy":{"event":"order","onDisconnect":"linger","linger":"30s","share":true,"joinAt":"live","exposeTrailers":["x-node"],
//	     "timeout":"1m0s","maxTimeout":"1h0m0s",
//	     "resume":{"responseField":"revision","requestField":"start","inclusive":true,"set":{"mode":"FROM"}}}}],
//	 "messages":{"shop.v1.Order":{"comment":"…",
//	   "fields":[{"name":"state","jsonName":"state","number":1,"type":"enum","typeName":"shop.v1.State","label":"optional",
//	     "mapKey":"string","oneof":"kind","presence":true,"default":"OPEN","deprecated":true,"comment":"…"}],
//	   "oneofs":[{"name":"kind","comment":"…"}]}},
//	 "enums":{"shop.v1.State":{"comment":"…","values":[{"name":"OPEN","number":0,"deprecated":true,"comment":"…"}]}}}
//
// Given are the backends that did not describe their methods themselves, by
// reflection: who calls one directly needs a descriptor set too.
//
// Methods, services and the keys of objects are sorted; fields and values are in
// the order of their declaration. Durations are as Go writes them. A field's
// label is "optional", "repeated", "map" or "required", and its type the name
// that .proto files have for it, or "message", "group" or "enum"; those of a map
// are of its values. Presence says that a field can be told to be unset from
// being zero. Messages and enums are those that requests and responses of the
// methods refer to. The well-known types of google.protobuf that have a JSON
// form of their own are named but not described.
//
// A type that a backend declares otherwise than one before it is called
// "name@backend" wherever the document refers to it.
func (c *Catalog) Describe() []byte {
	if c == nil || c.described == nil {
		return new(Catalog).describe()
	}
	return c.described()
}

// document is what [Catalog.Describe] writes, in that order.
type document struct {
	Backends []string               `json:"backends"`
	Given    []string               `json:"given,omitempty"`
	Services []serviceDoc           `json:"services"`
	Methods  []methodDoc            `json:"methods"`
	Messages map[string]*messageDoc `json:"messages"`
	Enums    map[string]*enumDoc    `json:"enums"`
}

type serviceDoc struct {
	Name       protoreflect.FullName `json:"name"`
	Backend    string                `json:"backend,omitempty"`
	Comment    string                `json:"comment,omitempty"`
	Deprecated bool                  `json:"deprecated,omitempty"`
}

type methodDoc struct {
	Name       string    `json:"name"`
	Backend    string    `json:"backend,omitempty"`
	Kind       string    `json:"kind"`
	Comment    string    `json:"comment,omitempty"`
	Deprecated bool      `json:"deprecated,omitempty"`
	Paths      []pathDoc `json:"paths"`
	Request    string    `json:"request"`
	Response   string    `json:"response"`
	Policy     policyDoc `json:"policy"`
}

type pathDoc struct {
	Method string `json:"method"`
	Path   string `json:"path"`
	Body   string `json:"body,omitempty"`
}

type policyDoc struct {
	Event          string     `json:"event,omitempty"`
	OnDisconnect   string     `json:"onDisconnect,omitempty"`
	Linger         string     `json:"linger,omitempty"`
	Share          bool       `json:"share,omitempty"`
	JoinAt         string     `json:"joinAt"`
	ExposeTrailers []string   `json:"exposeTrailers,omitempty"`
	Timeout        string     `json:"timeout,omitempty"`
	MaxTimeout     string     `json:"maxTimeout,omitempty"`
	Resume         *resumeDoc `json:"resume,omitempty"`
}

type resumeDoc struct {
	ResponseField string            `json:"responseField"`
	RequestField  string            `json:"requestField"`
	Inclusive     bool              `json:"inclusive,omitempty"`
	Set           map[string]string `json:"set,omitempty"`
}

// describe writes the document.
func (c *Catalog) describe() []byte {
	d := document{Backends: c.backends, Services: []serviceDoc{}, Methods: []methodDoc{}}
	if d.Backends == nil {
		d.Backends = []string{}
	}
	types := describeTypes(c.backends, c.methods)
	d.Messages, d.Enums = types.messages, types.enums
	given := make(map[string]bool)
	for _, m := range c.methods {
		given[m.Backend] = given[m.Backend] || m.given
		service := m.Desc.Parent()
		// Methods are sorted by their names, which begin with that of the service.
		if n := len(d.Services); n == 0 || d.Services[n-1].Name != service.FullName() {
			d.Services = append(d.Services, serviceDoc{
				Name:       service.FullName(),
				Backend:    m.Backend,
				Comment:    commentOf(service),
				Deprecated: isDeprecated(service),
			})
		}
		d.Methods = append(d.Methods, methodDoc{
			Name:       m.FullName,
			Backend:    m.Backend,
			Kind:       m.Kind().String(),
			Comment:    commentOf(m.Desc),
			Deprecated: isDeprecated(m.Desc),
			Paths:      describePaths(m),
			Request:    types.nameOf(m, m.Desc.Input()),
			Response:   types.nameOf(m, m.Desc.Output()),
			Policy:     describePolicy(m.Policy),
		})
	}
	for _, name := range c.backends {
		if given[name] {
			d.Given = append(d.Given, name)
		}
	}
	return compactJSON(d)
}

func describePaths(m *Method) []pathDoc {
	docs := []pathDoc{}
	for _, p := range m.Paths() {
		docs = append(docs, pathDoc{p.Method, p.Template, p.Body})
	}
	return docs
}

func describePolicy(p Policy) policyDoc {
	doc := policyDoc{
		Event:          p.Event,
		Linger:         describeDuration(p.Linger),
		Share:          p.Share,
		JoinAt:         p.JoinAt.String(),
		ExposeTrailers: p.ExposeTrailers,
		Timeout:        describeDuration(p.Timeout),
		MaxTimeout:     describeDuration(p.MaxTimeout),
	}
	if p.OnDisconnect != OnDisconnectDefault {
		doc.OnDisconnect = p.OnDisconnect.String()
	}
	if !p.Resume.IsZero() {
		doc.Resume = &resumeDoc{
			ResponseField: p.Resume.ResponseField,
			RequestField:  p.Resume.RequestField,
			Inclusive:     p.Resume.Inclusive,
			Set:           p.Resume.Set,
		}
	}
	return doc
}

// describeDuration returns a duration as text, and none for 0.
func describeDuration(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return d.String()
}

// isDeprecated reports whether d is marked as deprecated where it is declared.
func isDeprecated(d protoreflect.Descriptor) bool {
	switch options := d.Options().(type) {
	case *descriptorpb.ServiceOptions:
		return options.GetDeprecated()
	case *descriptorpb.MethodOptions:
		return options.GetDeprecated()
	case *descriptorpb.MessageOptions:
		return options.GetDeprecated()
	case *descriptorpb.FieldOptions:
		return options.GetDeprecated()
	case *descriptorpb.EnumOptions:
		return options.GetDeprecated()
	case *descriptorpb.EnumValueOptions:
		return options.GetDeprecated()
	}
	return false
}
