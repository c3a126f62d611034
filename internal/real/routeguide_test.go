// SPDX-License-Identifier: Apache-2.0

package real_test

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/examples/route_guide/routeguide"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/descriptorpb"

	"sluice/bridge/sse"
	"sluice/internal/rig"
)

// startRouteGuide starts the server of gRPC's tutorials as the program that it
// is, and returns where it is and the file that describes it, since it has no
// reflection.
func startRouteGuide(t *testing.T) (addr, descriptors string) {
	t.Helper()
	addr = startOnPort(t, build(t, "google.golang.org/grpc/examples/route_guide/server"), "-port={port}")
	return addr, writeDescriptors(t, routeguide.File_examples_route_guide_routeguide_route_guide_proto)
}

// writeDescriptors writes what `buf build -o FILE` would of a file, and returns
// the file's path.
func writeDescriptors(t *testing.T, file protoreflect.FileDescriptor) string {
	t.Helper()
	set := new(descriptorpb.FileDescriptorSet)
	seen := make(map[string]bool)
	var add func(protoreflect.FileDescriptor)
	add = func(file protoreflect.FileDescriptor) {
		if seen[file.Path()] {
			return
		}
		seen[file.Path()] = true
		for i := range file.Imports().Len() {
			add(file.Imports().Get(i).FileDescriptor)
		}
		set.File = append(set.File, protodesc.ToFileDescriptorProto(file))
	}
	add(file)
	return writeSet(t, set)
}

func writeSet(t *testing.T, set *descriptorpb.FileDescriptorSet) string {
	t.Helper()
	b, err := proto.Marshal(set)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "set.binpb")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// The rectangle of the tutorial's own client.
const (
	rectangle      = "/routeguide.RouteGuide/ListFeatures?lo.latitude=400000000&lo.longitude=-750000000&hi.latitude=420000000&hi.longitude=-730000000"
	rectangleFound = 100
)

// features asks the route guide itself for what is in the rectangle.
func features(t *testing.T, addr string) []*routeguide.Feature {
	t.Helper()
	conn, err := grpc.NewClient(addr, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	stream, err := routeguide.NewRouteGuideClient(conn).ListFeatures(t.Context(), &routeguide.Rectangle{
		Lo: &routeguide.Point{Latitude: 400000000, Longitude: -750000000},
		Hi: &routeguide.Point{Latitude: 420000000, Longitude: -730000000},
	})
	if err != nil {
		t.Fatal(err)
	}
	var all []*routeguide.Feature
	for {
		feature, err := stream.Recv()
		if err == io.EOF {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, feature)
	}
}

func featureOf(t *testing.T, e sse.Event) *routeguide.Feature {
	t.Helper()
	f := new(routeguide.Feature)
	if err := protojson.Unmarshal(e.Data, f); err != nil {
		t.Fatalf("an event's data is no Feature: %v\n%s", err, e.Data)
	}
	return f
}

// Both programs as they are shipped: the features in a rectangle are those that
// the route guide gives its own client, also over connections that are cut
// again and again.
func TestRouteGuide(t *testing.T) {
	t.Parallel()
	addr, descriptors := startRouteGuide(t)
	want := features(t, addr)
	if len(want) != rectangleFound {
		t.Fatalf("the route guide has %d features in the rectangle, not %d as its data", len(want), rectangleFound)
	}
	_, url := startSluice(t, "127.0.0.1:0", "--backend="+addr, "--descriptor-set="+descriptors)
	proxy := rig.NewProxy(t, strings.TrimPrefix(url, "http://"))
	for cutAfter := 400; cutAfter < 8000; cutAfter += 900 {
		proxy.Break(rig.Fault{Cut: true, CutAfter: cutAfter})
	}
	var got []*routeguide.Feature
	viewer := &rig.Viewer{URL: "http://" + proxy.Addr() + rectangle, Client: client, Event: func(e sse.Event) { got = append(got, featureOf(t, e)) }}
	end, err := viewer.Read(t.Context())
	if err != nil || end != okEnd {
		t.Fatalf("the end is %q, %v", end, err)
	}
	if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
		t.Errorf("features in the rectangle (-want +got):\n%s", diff)
	}
	if viewer.Connections < 3 {
		t.Errorf("the stream came over %d connections: hardly any was cut", viewer.Connections)
	}
}

// The route guide's other methods: one that is unary, by GET and by POST, and
// two that a bridge cannot call.
func TestRouteGuideOtherMethods(t *testing.T) {
	t.Parallel()
	addr, descriptors := startRouteGuide(t)
	_, url := startSluice(t, "127.0.0.1:0", "--backend="+addr, "--descriptor-set="+descriptors)
	guide := url + "/routeguide.RouteGuide/"
	for _, r := range []request{
		{method: http.MethodGet, url: guide + "GetFeature?latitude=409146138&longitude=-746188906"},
		{method: http.MethodPost, url: guide + "GetFeature", body: `{"latitude": 409146138, "longitude": -746188906}`},
	} {
		events, end := r.read(t)
		if len(events) != 1 || end != okEnd {
			t.Fatalf("%s %s has %d messages and the end %s", r.method, r.url, len(events), end)
		}
		want := &routeguide.Feature{
			Name:     "Berkshire Valley Management Area Trail, Jefferson, NJ, USA",
			Location: &routeguide.Point{Latitude: 409146138, Longitude: -746188906},
		}
		if diff := cmp.Diff(want, featureOf(t, events[0]), protocmp.Transform()); diff != "" {
			t.Errorf("%s %s (-want +got):\n%s", r.method, r.url, diff)
		}
	}
	for _, method := range []string{"RecordRoute", "RouteChat"} {
		status, body := request{method: http.MethodPost, url: guide + method, body: "{}"}.refused(t)
		if status != http.StatusNotImplemented || endCode(t, body) != "UNIMPLEMENTED" {
			t.Errorf("%s is answered by %d %s", method, status, body)
		}
	}
	status, body := request{method: http.MethodGet, url: guide + "ListFeatures?lo.latitude=north"}.refused(t)
	if status != http.StatusBadRequest || !strings.Contains(body, "lo.latitude") {
		t.Errorf("a latitude that is none is answered by %d %s", status, body)
	}
}
