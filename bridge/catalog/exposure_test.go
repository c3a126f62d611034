// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/known/emptypb"

	streamv1 "sluice/proto/gen/sluice/stream/v1"
)

// shopFile declares services in a package, each with methods without fields.
func shopFile(pkg string, services ...*descriptorpb.ServiceDescriptorProto) *descriptorpb.FileDescriptorProto {
	return &descriptorpb.FileDescriptorProto{
		Name: proto.String(pkg + ".proto"), Package: proto.String(pkg), Syntax: proto.String("proto3"),
		Dependency: []string{emptypb.File_google_protobuf_empty_proto.Path()},
		Service:    services,
	}
}

// empty returns a method without fields.
func empty(name string) *descriptorpb.MethodDescriptorProto {
	return newMethod(name, ".google.protobuf.Empty", ".google.protobuf.Empty", nil)
}

func shop(t testing.TB) *Catalog {
	t.Helper()
	return fromSet(
		t,
		shopFile("shop.v1", newService("Orders", empty("Watch"), empty("WatchAll"), empty("Delete")), newService("Stock", empty("Watch"))),
		shopFile("shop.v2", newService("Orders", empty("Watch"))),
		shopFile("grpc.channelz.v1", newService("Channelz", empty("GetServers"))),
		shopFile("grpc.health.v1", newService("Health", empty("Check"))),
	)
}

func TestExposure(t *testing.T) {
	t.Parallel()
	const (
		channelz = "grpc.channelz.v1.Channelz/GetServers"
		health   = "grpc.health.v1.Health/Check"
		remove   = "shop.v1.Orders/Delete"
		watch    = "shop.v1.Orders/Watch"
		all      = "shop.v1.Orders/WatchAll"
		stock    = "shop.v1.Stock/Watch"
		newer    = "shop.v2.Orders/Watch"
	)
	tests := []struct {
		expose, hide []string
		want         []string
		problems     []string
	}{
		{nil, nil, []string{health, remove, watch, all, stock, newer}, nil},
		{[]string{"**"}, nil, []string{channelz, health, remove, watch, all, stock, newer}, nil},
		{[]string{"grpc.channelz.v1.Channelz"}, nil, []string{channelz}, nil},
		{nil, []string{"grpc.**", "**/Delete*"}, []string{watch, all, stock, newer}, nil},
		{[]string{"shop.v1.Orders"}, nil, []string{remove, watch, all}, nil},
		{[]string{"shop.v1.Orders/Watch"}, nil, []string{watch}, nil},
		{[]string{"shop.v1.Orders/Watch*"}, nil, []string{watch, all}, nil},
		{[]string{"shop.*.Orders"}, nil, []string{remove, watch, all, newer}, nil},
		{[]string{"shop.*"}, nil, nil, []string{`the pattern "shop.*" matches no method`}},
		{[]string{"shop.**"}, nil, []string{remove, watch, all, stock, newer}, nil},
		{[]string{"shop.v1.*/W*h"}, nil, []string{watch, stock}, nil},
		{[]string{"*/Watch"}, nil, nil, []string{`the pattern "*/Watch" matches no method`}},
		{[]string{"**/Watch"}, nil, []string{watch, stock, newer}, nil},
		{[]string{"**Orders"}, nil, []string{remove, watch, all, newer}, nil},
		{[]string{"**"}, []string{"**"}, nil, nil},
		{[]string{"shop.v1.Orders"}, []string{"shop.v1.Orders/Delete", "none.*"}, []string{watch, all}, []string{`the pattern "none.*" matches no method`}},
		{[]string{"shop.v1.Order"}, nil, nil, []string{`the pattern "shop.v1.Order" matches no method`}},
		{[]string{"shopXv1.Orders"}, nil, nil, []string{`the pattern "shopXv1.Orders" matches no method`}},
	}
	c := shop(t)
	for _, test := range tests {
		e := Exposure{Expose: test.expose, Hide: test.hide}
		if err := e.Check(); err != nil {
			t.Errorf("%+v: %v", e, err)
		}
		got := c.WithExposure(e)
		if diff := cmp.Diff(append([]string{}, test.want...), fullNames(got.Methods())); diff != "" {
			t.Errorf("%+v: methods (-want +got):\n%s", e, diff)
		}
		if diff := cmp.Diff(append([]string{}, test.problems...), texts(got.Problems())); diff != "" {
			t.Errorf("%+v: problems (-want +got):\n%s", e, diff)
		}
		for _, m := range c.Methods() {
			b, _ := got.Match("GET", "/"+m.FullName)
			if offered := got.Lookup(m.FullName) != nil; offered != (b != nil) {
				t.Errorf("%+v: %s is found at its path: %t, and by its name: %t", e, m.FullName, b != nil, offered)
			}
		}
	}
	if got := len(c.Methods()); got != 7 {
		t.Errorf("the catalog itself has %d methods left", got)
	}
	if got := (*Catalog)(nil).WithExposure(Exposure{}); got != nil {
		t.Errorf("no catalog became %v", got)
	}
}

func TestExposureCheck(t *testing.T) {
	t.Parallel()
	tests := []struct{ pattern, want string }{
		{"", `must be a pattern such as "pkg.Service/Method", "pkg.Service" or "pkg.**"`},
		{"/shop.Orders/Watch", "must not begin with a slash"},
		{"shop/Orders/Watch", "must have one slash at most, before the method's name"},
		{"shop.***", `must not have more than two "*" after one another`},
		{"shop.[a]", `must hold letters, digits, '_', '.', '/' and '*', got '['`},
		{"shop.ä", `must hold letters, digits, '_', '.', '/' and '*', got 'ä'`},
	}
	for _, test := range tests {
		for name, e := range map[string]Exposure{"expose": {Expose: []string{"ok", test.pattern}}, "hide": {Hide: []string{test.pattern}}} {
			want := name + " " + quote(test.pattern) + " " + test.want
			if err := e.Check(); err == nil || err.Error() != want {
				t.Errorf("%+v: %v\nwant %s", e, err, want)
			}
		}
	}
	// What cannot be read hides nothing by chance, and exposes nothing either.
	if got := fullNames(shop(t).WithExposure(Exposure{Expose: []string{"shop.***"}}).Methods()); len(got) > 0 {
		t.Errorf("a pattern that cannot be read exposes %v", got)
	}
}

// A path that two methods ask for is free when one of them is hidden.
func TestExposureFreesPaths(t *testing.T) {
	t.Parallel()
	path := &streamv1.StreamOptions{Path: "/a"}
	c := fromSet(t, fileOf(newService("S", newMethod("M", ".p.In", ".p.Out", path), newMethod("N", ".p.In", ".p.Out", path))))
	if m := c.Route("/a"); m != nil {
		t.Errorf("/a leads to %s and is asked for by two", m.FullName)
	}
	if m := c.WithExposure(Exposure{Hide: []string{"p.S/M"}}).Route("/a"); m == nil || m.FullName != "p.S/N" {
		t.Errorf("/a leads to %v and is asked for by p.S/N alone", m)
	}
}
