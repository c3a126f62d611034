// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	statuspb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/known/anypb"
)

func TestMerge(t *testing.T) {
	t.Parallel()
	c, err := Merge(
		Part{"orders", fromSet(t, shopFile("shop.v1", newService("Orders", empty("Watch"))), shopFile("grpc.health.v1", newService("Health", empty("Check"))))},
		Part{"away", nil},
		Part{"stock", fromSet(t, shopFile("stock.v1", newService("Stock", empty("Watch"))), shopFile("grpc.health.v1", newService("Health", empty("Check"))))},
	)
	if err != nil {
		t.Fatal(err)
	}
	got := make(map[string]string)
	for _, m := range c.Methods() {
		got[m.FullName] = m.Backend
	}
	want := map[string]string{"grpc.health.v1.Health/Check": "orders", "shop.v1.Orders/Watch": "orders", "stock.v1.Stock/Watch": "stock"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("backends of methods (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"orders", "away", "stock"}, c.Backends()); diff != "" {
		t.Errorf("backends (-want +got):\n%s", diff)
	}
	problems := []string{`grpc.health.v1.Health: is offered by backend "orders" and by backend "stock"; the first one's is served`}
	if diff := cmp.Diff(problems, texts(c.Problems())); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
	if b, _ := c.Match("GET", "/stock.v1.Stock/Watch"); b == nil || b.Method.Backend != "stock" {
		t.Errorf("the path leads to %+v", b)
	}
}

func TestMergeRefuses(t *testing.T) {
	t.Parallel()
	orders := fromSet(t, shopFile("shop.v1", newService("Orders", empty("Watch"))))
	_, err := Merge(Part{"a", orders}, Part{"b", nil}, Part{"c", fromSet(t, shopFile("shop.v1", newService("Orders", empty("Other"))))})
	var clash *ClashError
	if !errors.As(err, &clash) || *clash != (ClashError{"shop.v1.Orders", [2]string{"a", "c"}}) {
		t.Errorf("two backends with a service: %v", err)
	}
	const want = `service shop.v1.Orders is offered by backend "a" and by backend "c"; one of them has to go without it`
	if err == nil || err.Error() != want {
		t.Errorf("error %v\nwant %s", err, want)
	}
	if _, err := Merge(Part{"a", orders}, Part{"a", nil}); err == nil || err.Error() != `two backends are called "a"` {
		t.Errorf("two backends of one name: %v", err)
	}
}

// Nothing is a catalog too, which says so.
func TestMergeNothing(t *testing.T) {
	t.Parallel()
	for name, parts := range map[string][]Part{"no part": nil, "none reached": {{"", nil}}} {
		c, err := Merge(parts...)
		if err != nil || len(c.Methods()) > 0 || len(c.Problems()) > 0 {
			t.Errorf("%s: %v, %v", name, c, err)
			continue
		}
		if got := string(c.StatusJSON(status.New(codes.Internal, "x"), nil)); got != `{"code":"INTERNAL","message":"x"}` {
			t.Errorf("%s: a status is %s", name, got)
		}
	}
}

// twoShapes are two backends that declare p.Thing, and what holds it, otherwise,
// and p.Same alike.
func twoShapes(t testing.TB) *Catalog {
	t.Helper()
	file := func(service, field string) *descriptorpb.FileDescriptorProto {
		return &descriptorpb.FileDescriptorProto{
			Name: proto.String("p.proto"), Package: proto.String("p"), Syntax: proto.String("proto3"),
			EnumType: []*descriptorpb.EnumDescriptorProto{newEnum("State", "NONE", "OF_"+service)},
			MessageType: []*descriptorpb.DescriptorProto{
				newMessage("Thing", field, "enum .p.State state = 2"),
				newMessage("Holder", ".p.Thing thing = 1"),
				newMessage("Same", "string name = 1"),
			},
			Service: []*descriptorpb.ServiceDescriptorProto{newService(service, newMethod("Watch", ".p.Holder", ".p.Holder", nil), newMethod("Same", ".p.Same", ".p.Same", nil))},
		}
	}
	c, err := Merge(Part{"one", fromSet(t, file("A", "int32 x = 1"))}, Part{"two", fromSet(t, file("B", "string y = 1"))})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Types of one name do not disturb each other.
func TestMergeKeepsTypesApart(t *testing.T) {
	t.Parallel()
	c := twoShapes(t)
	for name, body := range map[string]string{"p.A/Watch": `{"thing":{"x":7}}`, "p.B/Watch": `{"thing":{"y":"7"}}`} {
		m := c.Lookup(name)
		req, err := m.RequestFromJSON([]byte(body))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		out, err := m.AppendResponse(nil, req.Wire, 1<<20)
		var got, want any
		if err := errors.Join(err, json.Unmarshal(out, &got), json.Unmarshal([]byte(body), &want)); err != nil {
			t.Fatal(err)
		}
		delete(got.(map[string]any)["thing"].(map[string]any), "state")
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		// A detail of that type is read as the method's own backend has it.
		st := status.FromProto(&statuspb.Status{Code: int32(codes.Aborted), Details: []*anypb.Any{{TypeUrl: "x/p.Holder", Value: req.Wire}}})
		wantStatus := `{"code":"ABORTED","details":[{"@type":"x/p.Holder",` + body[1:] + `]}`
		if got := string(m.StatusJSON(st, nil)); got != wantStatus {
			t.Errorf("%s: status %s\nwant %s", name, got, wantStatus)
		}
	}
}

// In the description, such types have names of their own.
func TestMergeDescribesTypesApart(t *testing.T) {
	t.Parallel()
	var d document
	if err := json.Unmarshal(twoShapes(t).Describe(), &d); err != nil {
		t.Fatal(err)
	}
	fields := make(map[string]string)
	for name, message := range d.Messages {
		for _, f := range message.Fields {
			fields[name+"."+f.Name] = f.Type + " " + f.TypeName
		}
	}
	want := map[string]string{
		"p.Holder.thing": "message p.Thing", "p.Holder@two.thing": "message p.Thing@two",
		"p.Thing.x": "int32 ", "p.Thing.state": "enum p.State",
		"p.Thing@two.y": "string ", "p.Thing@two.state": "enum p.State@two",
		"p.Same.name": "string ",
	}
	if diff := cmp.Diff(want, fields); diff != "" {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
	requests := make(map[string]string)
	for _, m := range d.Methods {
		requests[m.Name] = m.Request
	}
	wantRequests := map[string]string{"p.A/Watch": "p.Holder", "p.B/Watch": "p.Holder@two", "p.A/Same": "p.Same", "p.B/Same": "p.Same"}
	if diff := cmp.Diff(wantRequests, requests); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
	if len(d.Enums) != 2 || d.Enums["p.State@two"] == nil {
		t.Errorf("enums %v", d.Enums)
	}
}

func TestEqual(t *testing.T) {
	t.Parallel()
	part := func(name string, files ...*descriptorpb.FileDescriptorProto) *Catalog {
		c, err := Merge(Part{name, fromSet(t, files...)})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	base := func() *descriptorpb.FileDescriptorProto {
		return fileOf(newService("S", newMethod("M", ".p.In", ".p.Out", nil)))
	}
	c := part("a", base())
	if !c.Equal(c) || !c.Equal(part("a", base())) || !part("a", base()).Equal(c) {
		t.Error("a catalog is not equal to one from the same files")
	}
	more := base()
	more.MessageType[0].Field = append(more.MessageType[0].Field, newMessage("X", "int32 more = 9").Field...)
	renumbered := base()
	renumbered.MessageType[1].Field[0].Number = proto.Int32(9)
	method := fileOf(newService("S", newMethod("M", ".p.In", ".p.Out", nil), newMethod("N", ".p.In", ".p.Out", nil)))
	commented := base()
	commented.SourceCodeInfo = &descriptorpb.SourceCodeInfo{Location: []*descriptorpb.SourceCodeInfo_Location{{
		Path: []int32{6, 0}, Span: []int32{1, 1, 1}, LeadingComments: proto.String("new"),
	}}}
	policy, err := c.WithRoutes(parseRoutes(t, "routes: [{method: p.S/M, timeout: 1s}]"))
	if err != nil {
		t.Fatal(err)
	}
	for name, other := range map[string]*Catalog{
		"another backend":            part("b", base()),
		"a field more":               part("a", more),
		"a field of another number":  part("a", renumbered),
		"a method more":              part("a", method),
		"a comment":                  part("a", commented),
		"a policy":                   policy,
		"nothing":                    nil,
		"a file more":                part("a", base(), oddFile()),
		"the same without its label": fromSet(t, base()),
		"hidden":                     c.WithExposure(Exposure{Hide: []string{"**"}}),
	} {
		if c.Equal(other) || other.Equal(c) {
			t.Errorf("%s makes no difference", name)
		}
	}
	var none *Catalog
	if merged, err := Merge(); err != nil || !none.Equal(nil) || !none.Equal(merged) || !merged.Equal(none) {
		t.Error("nothing is not equal to nothing")
	}
}
