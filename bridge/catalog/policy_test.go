// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/known/durationpb"

	streamv1 "sluice/proto/gen/sluice/stream/v1"
)

// withOptions returns the catalog of a service whose only method has options.
func withOptions(t *testing.T, options *streamv1.StreamOptions) *Catalog {
	t.Helper()
	return fromSet(t, fileOf(newService("S", newMethod("M", ".p.In", ".p.Out", options))))
}

// fileOf returns a file that declares services, and messages for them.
func fileOf(services ...*descriptorpb.ServiceDescriptorProto) *descriptorpb.FileDescriptorProto {
	return &descriptorpb.FileDescriptorProto{
		Name: proto.String("p.proto"), Package: proto.String("p"), Syntax: proto.String("proto3"),
		MessageType: []*descriptorpb.DescriptorProto{
			newMessage("In", "string token = 1", "int64 revision = 2", ".p.In inner = 3", "repeated string tokens = 4"),
			newMessage("Out", "string token = 1", "int64 revision = 2", "bool done = 3", "repeated string tokens = 4", ".p.Out inner = 5", "map<string,string> labels = 6"),
		},
		Service: services,
	}
}

func TestPolicy(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		options *streamv1.StreamOptions
		want    Policy
	}{
		{"none", nil, Policy{}},
		{"empty", &streamv1.StreamOptions{}, Policy{}},
		{
			"all",
			&streamv1.StreamOptions{
				Path: "/v1/numbers:watch", Event: "number",
				OnDisconnect: streamv1.OnDisconnect_ON_DISCONNECT_LINGER, Linger: durationpb.New(5 * time.Second),
				Share: true, JoinAt: streamv1.JoinAt_JOIN_AT_LIVE,
				Resume:         &streamv1.ResumeMapping{ResponseField: "inner.token", RequestField: "token"},
				ExposeTrailers: []string{"x-took", "x-node.id_2"},
			},
			Policy{
				Path: "/v1/numbers:watch", Event: "number",
				OnDisconnect: OnDisconnectLinger, Linger: 5 * time.Second,
				Share: true, JoinAt: JoinAtLive,
				Resume:         ResumeMapping{ResponseField: "inner.token", RequestField: "token"},
				ExposeTrailers: []string{"x-took", "x-node.id_2"},
			},
		},
		{"cancel", &streamv1.StreamOptions{OnDisconnect: streamv1.OnDisconnect_ON_DISCONNECT_CANCEL}, Policy{OnDisconnect: OnDisconnectCancel}},
		{"detach", &streamv1.StreamOptions{OnDisconnect: streamv1.OnDisconnect_ON_DISCONNECT_DETACH}, Policy{OnDisconnect: OnDisconnectDetach}},
		{"start", &streamv1.StreamOptions{JoinAt: streamv1.JoinAt_JOIN_AT_START}, Policy{}},
		{"a path that begins as a reserved one", &streamv1.StreamOptions{Path: "/runsheet"}, Policy{Path: "/runsheet"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := withOptions(t, test.options)
			if diff := cmp.Diff([]string{}, texts(c.Problems())); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
			m := c.Lookup("p.S/M")
			if diff := cmp.Diff(test.want, m.Policy); diff != "" {
				t.Errorf("policy (-want +got):\n%s", diff)
			}
			if got := c.Route(test.want.Path); test.want.Path != "" && got != m {
				t.Errorf("Route(%q) = %v, want the method", test.want.Path, got)
			}
			if m.CanResume() == test.want.Resume.IsZero() {
				t.Errorf("CanResume() = %t", m.CanResume())
			}
		})
	}
}

// What is wrong with an option costs that option, and is told.
func TestPolicyProblems(t *testing.T) {
	t.Parallel()
	resume := func(response, request string) *streamv1.StreamOptions {
		return &streamv1.StreamOptions{Resume: &streamv1.ResumeMapping{ResponseField: response, RequestField: request}}
	}
	const noResume = "; the method is served without resume"
	tests := []struct {
		options *streamv1.StreamOptions
		want    string
	}{
		{&streamv1.StreamOptions{Path: "sse"}, `its path "sse" must begin with a slash; it has no path of its own`},
		{&streamv1.StreamOptions{Path: "/"}, `its path "/" is where the app is served; it has no path of its own`},
		{&streamv1.StreamOptions{Path: "/a/"}, `its path "/a/" must not have an empty, "." or ".." segment, nor end in a slash; it has no path of its own`},
		{&streamv1.StreamOptions{Path: "//a"}, `its path "//a" must not have an empty, "." or ".." segment, nor end in a slash; it has no path of its own`},
		{&streamv1.StreamOptions{Path: "/a/../runs"}, `its path "/a/../runs" must not have an empty, "." or ".." segment, nor end in a slash; it has no path of its own`},
		{&streamv1.StreamOptions{Path: "/a/{id}"}, `its path "/a/{id}" may hold letters, digits, '-', '.', '_', '~', ':' and '/', and no variables; it has no path of its own`},
		{&streamv1.StreamOptions{Path: "/a?b=c"}, `its path "/a?b=c" may hold letters, digits, '-', '.', '_', '~', ':' and '/', and no variables; it has no path of its own`},
		{&streamv1.StreamOptions{Path: "/a\r\nb"}, `its path "/a\r\nb" may hold letters, digits, '-', '.', '_', '~', ':' and '/', and no variables; it has no path of its own`},
		{&streamv1.StreamOptions{Path: "/runs"}, `its path "/runs" is reserved: a bridge serves /runs itself; it has no path of its own`},
		{&streamv1.StreamOptions{Path: "/runs/abc"}, `its path "/runs/abc" is reserved: a bridge serves /runs itself; it has no path of its own`},
		{&streamv1.StreamOptions{Path: "/healthz"}, `its path "/healthz" is reserved: a bridge serves /healthz itself; it has no path of its own`},
		{&streamv1.StreamOptions{Path: "/readyz"}, `its path "/readyz" is reserved: a bridge serves /readyz itself; it has no path of its own`},
		{&streamv1.StreamOptions{Path: "/metrics"}, `its path "/metrics" is reserved: a bridge serves /metrics itself; it has no path of its own`},
		{&streamv1.StreamOptions{Path: "/catalog"}, `its path "/catalog" is reserved: a bridge serves /catalog itself; it has no path of its own`},
		{&streamv1.StreamOptions{Path: "/p.S/M"}, `its path "/p.S/M" is where p.S/M is served; it has no path of its own`},
		{&streamv1.StreamOptions{Event: "end"}, `its event "end" belongs to the stream protocol; its events have no type`},
		{&streamv1.StreamOptions{Event: "reset"}, `its event "reset" belongs to the stream protocol; its events have no type`},
		{&streamv1.StreamOptions{Event: "error"}, `its event "error" is what EventSource calls a lost connection; its events have no type`},
		{&streamv1.StreamOptions{Event: "a\rb"}, `its event "a\rb" must not hold control characters; its events have no type`},
		{&streamv1.StreamOptions{Event: "a\nid: 1"}, `its event "a\nid: 1" must not hold control characters; its events have no type`},
		{&streamv1.StreamOptions{OnDisconnect: 9}, `its on_disconnect is 9, which this version does not know; the default holds`},
		{&streamv1.StreamOptions{JoinAt: 9}, `its join_at is 9, which this version does not know; late viewers begin at the start`},
		{&streamv1.StreamOptions{Linger: durationpb.New(-time.Second)}, `its linger is -1s and must be longer than 0s (ON_DISCONNECT_CANCEL does not linger); the default holds`},
		{&streamv1.StreamOptions{Linger: durationpb.New(0)}, `its linger is 0s and must be longer than 0s (ON_DISCONNECT_CANCEL does not linger); the default holds`},
		{&streamv1.StreamOptions{Linger: &durationpb.Duration{Seconds: 1, Nanos: -1}}, `its linger is no duration: 1 s and -1 ns; the default holds`},
		{&streamv1.StreamOptions{ExposeTrailers: []string{"X-Took"}}, `its exposed trailer "X-Took" must be a name of lower-case letters, digits, '-', '.' and '_'; it stays hidden`},
		{&streamv1.StreamOptions{ExposeTrailers: []string{""}}, `its exposed trailer "" must be a name of lower-case letters, digits, '-', '.' and '_'; it stays hidden`},
		{resume("", "token"), `its resume mapping's response_field is missing` + noResume},
		{resume("token", ""), `its resume mapping's request_field is missing` + noResume},
		{resume("nope", "token"), `its resume mapping's response_field "nope" does not exist: p.Out has no field "nope"` + noResume},
		{resume("token", "inner.nope"), `its resume mapping's request_field "inner.nope" does not exist: p.In has no field "nope"` + noResume},
		{resume("token", "token.x"), `its resume mapping's request_field "token.x" does not exist: p.In.token is no message` + noResume},
		{resume("token.", "token"), `its resume mapping's response_field "token." does not exist: p.Out.token is no message` + noResume},
		{resume("token", "tokens"), `its resume mapping's request_field "tokens" is no single value: p.In.tokens is repeated` + noResume},
		{resume("labels.key", "token"), `its resume mapping's response_field "labels.key" is no single value: p.Out.labels is a map` + noResume},
		{resume("done", "token"), `its resume mapping's response_field "done" has the wrong kind: p.Out.done is a bool, and a position is a string, bytes, an integer or an enum` + noResume},
		{resume("inner", "token"), `its resume mapping's response_field "inner" has the wrong kind: p.Out.inner is a message, and a position is a string, bytes, an integer or an enum` + noResume},
		{resume("token", "revision"), `its resume mapping's request_field "revision" is an integer, and response_field "token" is a string` + noResume},
	}
	for _, test := range tests {
		c := withOptions(t, test.options)
		if diff := cmp.Diff([]string{"p.S/M: " + test.want}, texts(c.Problems())); diff != "" {
			t.Errorf("%v: problems (-want +got):\n%s", test.options, diff)
		}
		m := c.Lookup("p.S/M")
		if m == nil {
			t.Errorf("%v: the method is not served", test.options)
			continue
		}
		if diff := cmp.Diff(Policy{}, m.Policy); diff != "" {
			t.Errorf("%v: policy (-want +got):\n%s", test.options, diff)
		}
		if m.CanResume() || c.Route(test.options.GetPath()) != nil {
			t.Errorf("%v: the method resumes (%t) or has its path", test.options, m.CanResume())
		}
	}
}

// One bad option leaves the others in force.
func TestPolicyKeepsTheRest(t *testing.T) {
	t.Parallel()
	c := withOptions(t, &streamv1.StreamOptions{
		Path: "/numbers", Event: "error", Share: true,
		ExposeTrailers: []string{"Bad", "x-good"},
		Resume:         &streamv1.ResumeMapping{ResponseField: "revision", RequestField: "nope"},
	})
	want := Policy{Path: "/numbers", Share: true, ExposeTrailers: []string{"x-good"}}
	if diff := cmp.Diff(want, c.Lookup("p.S/M").Policy); diff != "" {
		t.Errorf("policy (-want +got):\n%s", diff)
	}
	if got := len(c.Problems()); got != 3 {
		t.Errorf("%d problems, want 3: %q", got, texts(c.Problems()))
	}
}

// A path that several methods ask for goes to none of them.
func TestPathClash(t *testing.T) {
	t.Parallel()
	c := fromSet(t, fileOf(newService(
		"S",
		newMethod("C", ".p.In", ".p.Out", &streamv1.StreamOptions{Path: "/same"}),
		newMethod("A", ".p.In", ".p.Out", &streamv1.StreamOptions{Path: "/same"}),
		newMethod("B", ".p.In", ".p.Out", &streamv1.StreamOptions{Path: "/same"}),
		newMethod("D", ".p.In", ".p.Out", &streamv1.StreamOptions{Path: "/other"}),
		newMethod("E", ".p.In", ".p.Out", &streamv1.StreamOptions{Path: "/p.S/D"}),
	)))
	want := []string{
		`p.S/A: its path "/same" is asked for by p.S/B and p.S/C too; none of them is served there`,
		`p.S/E: its path "/p.S/D" is where p.S/D is served; it has no path of its own`,
	}
	if diff := cmp.Diff(want, texts(c.Problems())); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
	if got := c.Route("/same"); got != nil {
		t.Errorf("Route(/same) = %s, want none", got.FullName)
	}
	if got := c.Route("/other"); got != c.Lookup("p.S/D") {
		t.Errorf("Route(/other) = %v, want p.S/D", got)
	}
	for _, m := range c.Methods() {
		if m.Policy.Path != "" && c.Route(m.Policy.Path) != m {
			t.Errorf("%s claims the path %q, which is not its", m.FullName, m.Policy.Path)
		}
	}
}

// An option that another project put under the same number is not ours.
func TestForeignOption(t *testing.T) {
	t.Parallel()
	number := streamv1.E_Stream.TypeDescriptor().Number()
	theirs := &descriptorpb.FileDescriptorProto{
		Name: proto.String("theirs.proto"), Package: proto.String("theirs"), Syntax: proto.String("proto3"),
		Dependency: []string{"google/protobuf/descriptor.proto"},
		Extension: []*descriptorpb.FieldDescriptorProto{{
			Name: proto.String("topic"), Number: proto.Int32(int32(number)), Extendee: proto.String(".google.protobuf.MethodOptions"),
			Type: descriptorpb.FieldDescriptorProto_TYPE_STRING.Enum(), Label: descriptorpb.FieldDescriptorProto_LABEL_OPTIONAL.Enum(),
		}},
	}
	method := newMethod("M", ".p.In", ".p.Out", nil)
	method.Options = new(descriptorpb.MethodOptions)
	wire := protowire.AppendString(protowire.AppendTag(nil, number, protowire.BytesType), "\x0a\x04/sse")
	method.Options.ProtoReflect().SetUnknown(wire)
	file := fileOf(newService("S", method))

	// Without the declaration there is no telling it from ours.
	if c := fromSet(t, file); c.Route("/sse") == nil {
		t.Error("an undeclared option of our number is not taken for ours")
	}
	file.Dependency = []string{"theirs.proto"}
	c := fromSet(t, theirs, file)
	if diff := cmp.Diff([]string{}, texts(c.Problems())); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
	if c.Route("/sse") != nil {
		t.Error("another project's option is taken for ours")
	}
}

// An option that is no message costs nothing but itself.
func TestUnreadableOption(t *testing.T) {
	t.Parallel()
	method := newMethod("M", ".p.In", ".p.Out", nil)
	method.Options = new(descriptorpb.MethodOptions)
	method.Options.ProtoReflect().SetUnknown(
		protowire.AppendString(protowire.AppendTag(nil, streamv1.E_Stream.TypeDescriptor().Number(), protowire.BytesType), "\xff"))
	c := fromSet(t, fileOf(newService("S", method)))
	want := []string{"p.S/M: its option (sluice.stream.v1.stream) cannot be read and is ignored: cannot parse invalid wire-format data"}
	if diff := cmp.Diff(want, texts(c.Problems())); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
	if c.Lookup("p.S/M") == nil {
		t.Error("the method is not served")
	}
}

func TestPolicyNames(t *testing.T) {
	t.Parallel()
	for want, got := range map[string]string{
		"default": OnDisconnectDefault.String(), "cancel": OnDisconnectCancel.String(), "linger": OnDisconnectLinger.String(),
		"detach": OnDisconnectDetach.String(), "OnDisconnect(9)": OnDisconnect(9).String(),
		"start": JoinAtStart.String(), "live": JoinAtLive.String(), "JoinAt(9)": JoinAt(9).String(),
	} {
		if got != want {
			t.Errorf("name %q, want %q", got, want)
		}
	}
}
