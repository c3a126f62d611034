// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/reflection"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/known/durationpb"

	streamv1 "sluice/proto/gen/sluice/stream/v1"
)

// toldFile is a proto2 file with everything that a description tells. Its
// comments are at the paths that protoc gives them.
func toldFile() *descriptorpb.FileDescriptorProto {
	comment := func(leading, trailing string, path ...int32) *descriptorpb.SourceCodeInfo_Location {
		l := &descriptorpb.SourceCodeInfo_Location{Path: path, Span: []int32{1, 1, 1}}
		if leading != "" {
			l.LeadingComments = proto.String(leading)
		}
		if trailing != "" {
			l.TrailingComments = proto.String(trailing)
		}
		return l
	}
	request := newMessage(
		"Request",
		"required string id = 1", "optional enum .told.State state = 2", "repeated .told.Part parts = 3", "map<int32,.told.Part> by_number = 4",
		"oneof pick bytes raw = 5", "oneof pick double much = 6", ".google.protobuf.Duration pause = 7", "float small = 8", "int64 big = 9", "bool on = 10",
		"string text = 11", "double least = 12", "float none = 13",
	)
	for _, field := range request.Field {
		field.Proto3Optional = nil // which proto2 does not need
	}
	request.OneofDecl = request.OneofDecl[:1]
	request.Field[1].OneofIndex = nil
	for i, text := range map[int]string{1: "OPEN", 4: `\001\377`, 5: "inf", 7: "1.5", 8: "-9223372036854775808", 9: "true", 10: `a"b`, 11: "-inf", 12: "nan"} {
		request.Field[i].DefaultValue = proto.String(text)
	}
	request.Field[0].Options = &descriptorpb.FieldOptions{Deprecated: proto.Bool(true)}
	group := &descriptorpb.FieldDescriptorProto{
		Name: proto.String("grouped"), Number: proto.Int32(14), Label: descriptorpb.FieldDescriptorProto_LABEL_OPTIONAL.Enum(),
		Type: descriptorpb.FieldDescriptorProto_TYPE_GROUP.Enum(), TypeName: proto.String(".told.Request.Grouped"),
	}
	request.Field = append(request.Field, group)
	request.NestedType = append(request.NestedType, newMessage("Grouped", "int32 in = 1"))
	state := newEnum("State", "NONE", "OPEN")
	state.Value[1].Options = &descriptorpb.EnumValueOptions{Deprecated: proto.Bool(true)}
	watch := newMethod("Watch", ".told.Request", ".told.Part", &streamv1.StreamOptions{
		Path: "/told", Event: "part", OnDisconnect: streamv1.OnDisconnect_ON_DISCONNECT_LINGER, Linger: durationpb.New(30e9),
		Share: true, JoinAt: streamv1.JoinAt_JOIN_AT_LIVE, ExposeTrailers: []string{"x-node"},
		Resume: &streamv1.ResumeMapping{ResponseField: "at", RequestField: "big", Inclusive: true, Set: map[string]string{"on": "true"}},
	})
	watch.Options.Deprecated = proto.Bool(true)
	service := newService("Told", watch)
	service.Options = &descriptorpb.ServiceOptions{Deprecated: proto.Bool(true)}
	return &descriptorpb.FileDescriptorProto{
		Name: proto.String("told.proto"), Package: proto.String("told"), Syntax: proto.String("proto2"),
		Dependency:  []string{"google/protobuf/duration.proto"},
		EnumType:    []*descriptorpb.EnumDescriptorProto{state},
		MessageType: []*descriptorpb.DescriptorProto{request, newMessage("Part", "int64 at = 1", ".told.Part part = 2"), newMessage("Unused")},
		Service:     []*descriptorpb.ServiceDescriptorProto{service},
		SourceCodeInfo: &descriptorpb.SourceCodeInfo{Location: []*descriptorpb.SourceCodeInfo_Location{
			comment(" Told tells.\n\n   an example\n", "", 6, 0),
			comment(" Watch watches.\n", " not this\n", 6, 0, 2, 0),
			comment(" Request asks.\n", "", 4, 0),
			comment("", " The id.  \n", 4, 0, 2, 0),
			comment("*\n In stars.\n", "", 4, 0, 2, 1),
			comment(" One of them.\n", "", 4, 0, 8, 0),
			comment(" State is one.\n", "", 5, 0),
			comment("", " It is open.\n", 5, 0, 2, 1),
		}},
	}
}

func TestDescribe(t *testing.T) {
	t.Parallel()
	c, err := Merge(Part{"teller", fromSet(t, toldFile())})
	if err == nil {
		c, err = c.WithRoutes(parseRoutes(t, "routes: [{method: told.Told/Watch, timeout: 1m, max_timeout: 1h}]"))
	}
	if err != nil {
		t.Fatal(err)
	}
	const want = `{
"backends":["teller"],
"given":["teller"],
"services":[{"name":"told.Told","backend":"teller","comment":"Told tells.\n\n  an example","deprecated":true}],
"methods":[{"name":"told.Told/Watch","backend":"teller","kind":"server_streaming","comment":"Watch watches.","deprecated":true,
 "paths":[{"method":"GET","path":"/told"},{"method":"POST","path":"/told","body":"*"},{"method":"GET","path":"/told.Told/Watch"},{"method":"POST","path":"/told.Told/Watch","body":"*"}],
 "request":"told.Request","response":"told.Part",
 "policy":{"event":"part","onDisconnect":"linger","linger":"30s","share":true,"joinAt":"live","exposeTrailers":["x-node"],"timeout":"1m0s","maxTimeout":"1h0m0s",
  "resume":{"responseField":"at","requestField":"big","inclusive":true,"set":{"on":"true"}}}}],
"messages":{
 "told.Part":{"fields":[{"name":"at","jsonName":"at","number":1,"type":"int64","label":"optional","presence":true},{"name":"part","jsonName":"part","number":2,"type":"message","typeName":"told.Part","label":"optional","presence":true}]},
 "told.Request":{"comment":"Request asks.","fields":[
  {"name":"id","jsonName":"id","number":1,"type":"string","label":"required","presence":true,"deprecated":true,"comment":"The id."},
  {"name":"state","jsonName":"state","number":2,"type":"enum","typeName":"told.State","label":"optional","presence":true,"default":"OPEN","comment":"In stars."},
  {"name":"parts","jsonName":"parts","number":3,"type":"message","typeName":"told.Part","label":"repeated"},
  {"name":"by_number","jsonName":"byNumber","number":4,"type":"message","typeName":"told.Part","label":"map","mapKey":"int32"},
  {"name":"raw","jsonName":"raw","number":5,"type":"bytes","label":"optional","oneof":"pick","presence":true,"default":"Af8="},
  {"name":"much","jsonName":"much","number":6,"type":"double","label":"optional","oneof":"pick","presence":true,"default":"Infinity"},
  {"name":"pause","jsonName":"pause","number":7,"type":"message","typeName":"google.protobuf.Duration","label":"optional","presence":true},
  {"name":"small","jsonName":"small","number":8,"type":"float","label":"optional","presence":true,"default":"1.5"},
  {"name":"big","jsonName":"big","number":9,"type":"int64","label":"optional","presence":true,"default":"-9223372036854775808"},
  {"name":"on","jsonName":"on","number":10,"type":"bool","label":"optional","presence":true,"default":"true"},
  {"name":"text","jsonName":"text","number":11,"type":"string","label":"optional","presence":true,"default":"a\"b"},
  {"name":"least","jsonName":"least","number":12,"type":"double","label":"optional","presence":true,"default":"-Infinity"},
  {"name":"none","jsonName":"none","number":13,"type":"float","label":"optional","presence":true,"default":"NaN"},
  {"name":"Grouped","jsonName":"grouped","number":14,"type":"group","typeName":"told.Request.Grouped","label":"optional","presence":true}],
  "oneofs":[{"name":"pick","comment":"One of them."}]},
 "told.Request.Grouped":{"fields":[{"name":"in","jsonName":"in","number":1,"type":"int32","label":"optional","presence":true}]}},
"enums":{"told.State":{"comment":"State is one.","values":[{"name":"NONE","number":0},{"name":"OPEN","number":1,"deprecated":true,"comment":"It is open."}]}}}`
	// Lines and what begins them are this test's own.
	compact := strings.NewReplacer("\n  ", "", "\n ", "", "\n", "").Replace(want)
	if got := string(c.Describe()); got != compact {
		var gotDoc, wantDoc document
		if err := json.Unmarshal([]byte(compact), &wantDoc); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(got), &gotDoc); err != nil {
			t.Fatal(err)
		}
		t.Errorf("(-want +got):\n%s\n%s", cmp.Diff(wantDoc, gotDoc), got)
	}
}

// What is named in a description can be used as it is named there.
func TestDescribeNamesWork(t *testing.T) {
	t.Parallel()
	c := fromSet(t, toldFile())
	m := c.Lookup("told.Told/Watch")
	if _, err := m.RequestFromJSON([]byte(`{"id":"a","Grouped":{"in":1},"byNumber":{"1":{}}}`)); err != nil {
		t.Error(err)
	}
	if _, err := m.RequestFromQuery(map[string][]string{"id": {"a"}, "Grouped.in": {"1"}, "by_number[1]": {"{}"}}); err != nil {
		t.Error(err)
	}
}

// Descriptors that are linked in have no comments, and a catalog of nothing has
// a description too.
func TestDescribeWithout(t *testing.T) {
	t.Parallel()
	files := new(protoregistry.Files)
	if err := files.RegisterFile(streamv1.File_sluice_stream_v1_options_proto); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(numbersCatalog(t).Describe()), `"comment"`) {
		t.Error("there is a comment in what has none")
	}
	const want = `{"backends":[],"services":[],"methods":[],"messages":{},"enums":{}}`
	if got := string((*Catalog)(nil).Describe()); got != want {
		t.Errorf("no catalog is %s", got)
	}
	if got := string(new(Catalog).Describe()); got != want {
		t.Errorf("an empty catalog is %s", got)
	}
}

// Of several backends those are told whose methods were given.
func TestDescribeGiven(t *testing.T) {
	t.Parallel()
	asked, err := Reflect(t.Context(), serve(t, func(s *grpc.Server) {
		registerAll(s)
		reflection.Register(s)
	}))
	if err != nil {
		t.Fatal(err)
	}
	c, err := Merge(Part{"teller", fromSet(t, toldFile())}, Part{"asked", asked}, Part{"away", nil})
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"backends":["teller","asked","away"],"given":["teller"],`
	for _, c := range []*Catalog{c, c.WithExposure(Exposure{})} {
		if got := string(c.Describe()); !strings.HasPrefix(got, want) {
			t.Errorf("it begins with %.80s, want %s", got, want)
		}
	}
}

func TestKind(t *testing.T) {
	t.Parallel()
	file := oddFile()
	both := proto.CloneOf(file.Service[0].Method[0])
	both.Name, both.ClientStreaming = proto.String("Talk"), proto.Bool(true)
	file.Service[0].Method = append(file.Service[0].Method, both)
	c := fromSet(t, file)
	for name, want := range map[string]string{"Watch": "server_streaming", "Once": "unary", "Upload": "client_streaming", "Talk": "bidi_streaming"} {
		if got := c.Lookup("odd.Odd/" + name).Kind().String(); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
	if got := Kind(9).String(); got != "Kind(9)" {
		t.Errorf("an unknown kind is %s", got)
	}
}
