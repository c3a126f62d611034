// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"bytes"
	"errors"
	"net/url"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	testgrpc "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	numbersv1 "sluice/proto/gen/sluice/numbers/v1"
)

// numbersCatalog is the catalog of the service that is linked into this test.
func numbersCatalog(t testing.TB) *Catalog {
	t.Helper()
	files := new(protoregistry.Files)
	if err := files.RegisterFile(numbersv1.File_sluice_numbers_v1_numbers_proto); err != nil {
		t.Fatal(err)
	}
	c, err := New(files)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

const generateName = "sluice.numbers.v1.NumberService/Generate"

func TestCatalog(t *testing.T) {
	t.Parallel()
	c := numbersCatalog(t)
	m := c.Lookup(generateName)
	if m == nil || c.Route("/sse") != m {
		t.Fatalf("Lookup gives %v and Route %v", m, c.Route("/sse"))
	}
	if diff := cmp.Diff([]string{generateName}, fullNames(c.Methods())); diff != "" {
		t.Errorf("methods (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]Problem(nil), c.Problems()); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
	want := Policy{
		Path: "/sse", OnDisconnect: OnDisconnectLinger,
		Resume: ResumeMapping{ResponseField: "resume_token", RequestField: "resume_token"},
	}
	if diff := cmp.Diff(want, m.Policy); diff != "" {
		t.Errorf("policy (-want +got):\n%s", diff)
	}
	if !m.ServerStreaming() || m.ClientStreaming() || !m.CanResume() {
		t.Errorf("streaming %t and %t, resume %t", m.ServerStreaming(), m.ClientStreaming(), m.CanResume())
	}
	for _, unknown := range []string{"", "/", generateName + "/", "/" + generateName, "sluice.numbers.v1.NumberService", "sluice.numbers.v1.NumberService.Generate"} {
		if c.Lookup(unknown) != nil || c.Route(unknown) != nil {
			t.Errorf("%q is a method", unknown)
		}
	}
}

// The whole way of the number stream: parameters in, a response out, and a
// request that goes on from it.
func TestNumbers(t *testing.T) {
	t.Parallel()
	m := numbersCatalog(t).Lookup(generateName)
	query, err := url.ParseQuery("count=5&min_pause=0.2s&max_pause=1s&sequence=SEQUENCE_PRIMES&lowerBound=0&last_event_id=x-1")
	if err != nil {
		t.Fatal(err)
	}
	fromQuery, err := m.RequestFromQuery(query)
	if err != nil {
		t.Fatal(err)
	}
	want, err := proto.MarshalOptions{Deterministic: true}.Marshal(&numbersv1.GenerateRequest{
		Count: 5, MinPause: durationpb.New(2e8), MaxPause: durationpb.New(1e9),
		Sequence: numbersv1.Sequence_SEQUENCE_PRIMES, LowerBound: proto.Float64(0),
	})
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(fromQuery.Wire, want) {
		t.Errorf("from query parameters: %x, want %x", fromQuery.Wire, want)
	}
	fromJSON, err := m.RequestFromJSON([]byte(`{"lower_bound":0,"sequence":4e0,"maxPause":"1s","minPause":"0.200s","count":"5"}`))
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(fromJSON.Wire, want) {
		t.Error("another sequence has the same bytes")
	}
	fromJSON, err = m.RequestFromJSON([]byte(`{"lower_bound":0,"sequence":5,"maxPause":"1s","minPause":"0.200s","count":"5"}`))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(fromJSON.Wire, want) {
		t.Errorf("from a JSON body: %x, want %x", fromJSON.Wire, want)
	}

	wire, err := proto.Marshal(&numbersv1.GenerateResponse{
		Position: 3, CreateTime: &timestamppb.Timestamp{Seconds: 1, Nanos: 5e8}, ResumeToken: "v1-abc",
	})
	if err != nil {
		t.Fatal(err)
	}
	response, err := m.AppendResponse([]byte("data: "), wire, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := string(response), `data: {"position":3,"value":0,"createTime":"1970-01-01T00:00:01.500Z","resumeToken":"v1-abc"}`; got != want {
		t.Errorf("response %s, want %s", got, want)
	}
	if got, err := m.AppendResponse([]byte("data: "), []byte("\xff"), 1<<20); err == nil || string(got) != "data: " {
		t.Errorf("a broken response: %q, %v", got, err)
	}
	position, ok := m.AppendPosition(nil, wire)
	if !ok || string(position) != "v1-abc" {
		t.Errorf("position %q, %t", position, ok)
	}
	resumed, err := m.ResumeRequest(fromQuery, string(position))
	if err != nil {
		t.Fatal(err)
	}
	got := new(numbersv1.GenerateRequest)
	if err := proto.Unmarshal(resumed.Wire, got); err != nil {
		t.Fatal(err)
	}
	if got.GetResumeToken() != "v1-abc" || got.GetCount() != 5 {
		t.Errorf("resumed request %v", got)
	}
}

// The error that the number stream's page shows beside its field.
func TestNumbersViolation(t *testing.T) {
	t.Parallel()
	_, err := numbersCatalog(t).Lookup(generateName).RequestFromQuery(url.Values{"count": {"x"}})
	want := []Violation{{Field: "count", Description: `must be a whole number from 0 to 4294967295, got "x"`}}
	if diff := cmp.Diff(want, err.(*RequestError).Violations); diff != "" {
		t.Errorf("violations (-want +got):\n%s", diff)
	}
}

// A service that nobody here wrote, with every kind of streaming.
func TestInterop(t *testing.T) {
	t.Parallel()
	files := new(protoregistry.Files)
	if err := files.RegisterFile(testgrpc.File_grpc_testing_test_proto); err != nil {
		t.Fatal(err)
	}
	c, err := New(files)
	if err != nil {
		t.Fatal(err)
	}
	streaming := map[string][2]bool{
		"UnaryCall": {false, false}, "StreamingOutputCall": {true, false}, "StreamingInputCall": {false, true}, "FullDuplexCall": {true, true},
	}
	for name, want := range streaming {
		m := c.Lookup("grpc.testing.TestService/" + name)
		if m == nil || m.ServerStreaming() != want[0] || m.ClientStreaming() != want[1] {
			t.Errorf("%s: %v, want server and client streaming %v", name, m, want)
		}
	}
	m := c.Lookup("grpc.testing.TestService/StreamingOutputCall")
	query, err := url.ParseQuery(`response_type=COMPRESSABLE&response_parameters={"size":8,"intervalUs":5}&response_parameters={"compressed":{"value":true}}` +
		`&payload.type=0&payload.body=AAE&response_status.code=3&responseStatus.message=no`)
	if err != nil {
		t.Fatal(err)
	}
	req, err := m.RequestFromQuery(query)
	if err != nil {
		t.Fatal(err)
	}
	got := new(testgrpc.StreamingOutputCallRequest)
	if err := proto.Unmarshal(req.Wire, got); err != nil {
		t.Fatal(err)
	}
	want := &testgrpc.StreamingOutputCallRequest{
		ResponseParameters: []*testgrpc.ResponseParameters{{Size: 8, IntervalUs: 5}, {Compressed: &testgrpc.BoolValue{Value: true}}},
		Payload:            &testgrpc.Payload{Body: []byte{0, 1}},
		ResponseStatus:     &testgrpc.EchoStatus{Code: 3, Message: "no"},
	}
	// grpc.testing.BoolValue is no well-known type, for all its name.
	if _, err := m.RequestFromQuery(url.Values{"response_parameters": {`{"compressed":true}`}}); err == nil {
		t.Error("a message that is called BoolValue is taken for the well-known type")
	}
	if !proto.Equal(got, want) {
		t.Errorf("request %v, want %v", got, want)
	}
}

// A proto2 request with required fields and a group is as good as another.
func TestRequired(t *testing.T) {
	t.Parallel()
	file := &descriptorpb.FileDescriptorProto{
		Name: proto.String("two.proto"), Package: proto.String("two"), Syntax: proto.String("proto2"),
		MessageType: []*descriptorpb.DescriptorProto{
			newMessage("In", "required string id = 1", "repeated .two.Part parts = 2", "map<string,.two.Part> named = 3", ".two.Part part = 4"),
			newMessage("Part", "required int32 size = 1"),
			newMessage("Out", "required int32 size = 1"),
		},
		Service: []*descriptorpb.ServiceDescriptorProto{newService("S", newMethod("M", ".two.In", ".two.Out", nil))},
	}
	group := newMessage("Grouped", "optional int32 x = 1")
	group.Field[0].Proto3Optional, group.Field[0].OneofIndex, group.OneofDecl = nil, nil, nil
	file.MessageType[0].NestedType = append(file.MessageType[0].NestedType, group)
	file.MessageType[0].Field = append(file.MessageType[0].Field, &descriptorpb.FieldDescriptorProto{
		Name: proto.String("grouped"), Number: proto.Int32(5), Label: descriptorpb.FieldDescriptorProto_LABEL_OPTIONAL.Enum(),
		Type: descriptorpb.FieldDescriptorProto_TYPE_GROUP.Enum(), TypeName: proto.String(".two.In.Grouped"),
	})
	file.MessageType[0].ExtensionRange = []*descriptorpb.DescriptorProto_ExtensionRange{{Start: proto.Int32(100), End: proto.Int32(200)}}
	file.Extension = []*descriptorpb.FieldDescriptorProto{{
		Name: proto.String("more"), Number: proto.Int32(100), Extendee: proto.String(".two.In"),
		Type: descriptorpb.FieldDescriptorProto_TYPE_INT32.Enum(), Label: descriptorpb.FieldDescriptorProto_LABEL_OPTIONAL.Enum(),
	}}
	c := fromSet(t, file)
	m := c.Lookup("two.S/M")

	_, err := m.RequestFromJSON([]byte(`{"parts":[{"size":1},{}],"named":{"b":{},"a":{"size":1}},"part":{}}`))
	if diff := cmp.Diff([]string{"id is required", "named[b].size is required", "part.size is required", "parts[1].size is required"}, violationsOf(t, err)); diff != "" {
		t.Errorf("violations (-want +got):\n%s", diff)
	}
	_, err = m.RequestFromQuery(url.Values{"part.size": {"1"}})
	if diff := cmp.Diff([]string{"id is required"}, violationsOf(t, err)); diff != "" {
		t.Errorf("violations (-want +got):\n%s", diff)
	}
	_, err = m.RequestFromJSON([]byte(`{"id":"x","[two.more]":"y","grouped":{"x":"z"}}`))
	want := []string{"[two.more] " + int32s + `, got "y"`, "grouped.x " + int32s + `, got "z"`}
	if diff := cmp.Diff(want, violationsOf(t, err)); diff != "" {
		t.Errorf("violations (-want +got):\n%s", diff)
	}
	req, err := m.RequestFromJSON([]byte(`{"id":"x","[two.more]":7,"grouped":{"x":1}}`))
	if err != nil {
		t.Fatal(err)
	}
	if want := []byte("\xa0\x06\x07\x0a\x01x\x2b\x08\x01\x2c"); !bytes.Equal(req.Wire, want) {
		t.Errorf("request %x, want %x", req.Wire, want)
	}
	if _, err := m.RequestFromQuery(url.Values{"id": {"x"}, "Grouped.x": {"1"}}); err != nil {
		t.Errorf("a group by its message's name: %v", err)
	}
}

// A method whose responses have no JSON costs no other.
func TestResponseWithoutJSON(t *testing.T) {
	t.Parallel()
	file := fileOf(newService("S", newMethod("Bad", ".p.In", ".p.Odd", nil), newMethod("Good", ".p.Odd", ".p.In", nil)))
	odd := newMessage("Odd", "string token = 1")
	odd.Field[0].JsonName = proto.String("\xff")
	file.MessageType = append(file.MessageType, odd)
	c := fromSet(t, file)
	if diff := cmp.Diff([]string{"p.S/Good"}, fullNames(c.Methods())); diff != "" {
		t.Errorf("methods (-want +got):\n%s", diff)
	}
	want := []string{"p.S/Bad: left out: its response cannot be written as JSON: cannot compile p.Odd.token: its JSON name is not UTF-8"}
	if diff := cmp.Diff(want, texts(c.Problems())); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
	// Requests are still told what they may hold.
	_, err := c.Lookup("p.S/Good").RequestFromJSON([]byte(`{"token":5}`))
	if diff := cmp.Diff([]string{"token must be a string of valid UTF-8, got 5"}, violationsOf(t, err)); diff != "" {
		t.Errorf("violations (-want +got):\n%s", diff)
	}
}

// A nil catalog is an empty one.
func TestNilCatalog(t *testing.T) {
	t.Parallel()
	var c *Catalog
	if c.Lookup("a.B/C") != nil || c.Route("/sse") != nil || c.Methods() != nil || c.Problems() != nil {
		t.Error("a nil catalog holds something")
	}
}

func TestNewWithoutServices(t *testing.T) {
	t.Parallel()
	files := new(protoregistry.Files)
	if _, err := New(files); !errors.Is(err, ErrNoServices) {
		t.Errorf("no file: %v, want ErrNoServices", err)
	}
	if err := files.RegisterFile(errdetails.File_google_rpc_error_details_proto); err != nil {
		t.Fatal(err)
	}
	if _, err := New(files); !errors.Is(err, ErrNoServices) {
		t.Errorf("no service: %v, want ErrNoServices", err)
	}
}

// What a caller does with the slices that it is given changes nothing.
func TestCatalogIsImmutable(t *testing.T) {
	t.Parallel()
	c := withOptions(t, nil)
	c.Methods()[0] = nil
	if c.Methods()[0] == nil {
		t.Error("a caller changed the catalog's methods")
	}
	odd := fromSet(t, fileOf(newService("S", newMethod("M", ".p.In", ".p.None", nil), newMethod("N", ".p.In", ".p.Out", nil))))
	odd.Problems()[0].Text = ""
	if odd.Problems()[0].Text == "" {
		t.Error("a caller changed the catalog's problems")
	}
}

// One catalog serves every request at once.
func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	m := resuming(t, "token", "f_string")
	c := fromSet(t, oddFile())
	wire := reply(t, m, `{"token":"t"}`)
	st := (&RequestError{Violations: []Violation{{Field: "f", Description: "d"}}}).GRPCStatus()
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			for range 50 {
				req, err := m.RequestFromJSON([]byte(`{"detail":{"@type":"type.googleapis.com/odd.Point","lat":1},"color":"RED"}`))
				if err != nil {
					t.Error(err)
					return
				}
				if _, err := m.RequestFromQuery(url.Values{"color": {"RED"}, "labels[a]": {"b"}, "min_pause": {"1s"}}); err != nil {
					t.Error(err)
				}
				if _, err := m.RequestFromJSON([]byte(`{"color":"BLUE"}`)); err == nil {
					t.Error("a wrong enum is taken")
				}
				if _, err := m.ResumeRequest(req, "t"); err != nil {
					t.Error(err)
				}
				if _, err := m.AppendResponse(nil, wire, 1<<20); err != nil {
					t.Error(err)
				}
				if _, ok := m.AppendPosition(nil, wire); !ok {
					t.Error("no position")
				}
				if st.Code() != codes.InvalidArgument || len(c.StatusJSON(st, nil)) == 0 || c.Lookup("odd.Odd/Watch") == nil {
					t.Error("no status or no method")
				}
			}
		})
	}
	wait.Wait()
}
