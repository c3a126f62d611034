// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"bytes"
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"

	numbersv1 "sluice/proto/gen/sluice/numbers/v1"
	streamv1 "sluice/proto/gen/sluice/stream/v1"
)

// checkRequest holds what is true of every answer to a request that somebody
// sent: an error tells a bounded list of valid text, and a request is a message
// of its type whose bytes are those of its meaning.
func checkRequest(t *testing.T, m *Method, req *Request, err error) {
	t.Helper()
	if err != nil {
		for _, text := range violationsOf(t, err) {
			if text == "" || !utf8.ValidString(text) {
				t.Errorf("violation %q", text)
			}
		}
		if err.(*RequestError).GRPCStatus().Proto().GetDetails() == nil {
			t.Error("the violations are not in the status")
		}
		return
	}
	msg := dynamicpb.NewMessage(m.Desc.Input())
	if err := (proto.UnmarshalOptions{Resolver: m.types}).Unmarshal(req.Wire, msg); err != nil {
		t.Fatalf("the request cannot be read: %v", err)
	}
	again, err := newRequest(msg)
	if err != nil || !bytes.Equal(again.Wire, req.Wire) {
		t.Errorf("request %x is %x when written again (%v)", req.Wire, again.Wire, err)
	}
	// What a query says can be said in JSON, and is the same request then. There
	// are values that have no JSON, such as a Value of no kind; an Any whose bytes
	// are given is not written as its encoder would; and a NullValue is null
	// whatever its number.
	fields := msg.Descriptor().Fields()
	if msg.Has(fields.ByName("detail")) || msg.Has(fields.ByName("null")) {
		return
	}
	text, err := protojson.MarshalOptions{Resolver: m.types}.Marshal(msg)
	if err != nil {
		return
	}
	fromJSON, err := m.RequestFromJSON(text)
	if err != nil {
		t.Fatalf("the request's own JSON %s is refused: %v", text, err)
	}
	if !bytes.Equal(fromJSON.Wire, req.Wire) {
		t.Errorf("request %x is %x by way of its JSON %s", req.Wire, fromJSON.Wire, text)
	}
}

func FuzzRequestFromQuery(f *testing.F) {
	for _, seed := range []string{
		"", "f_int32=1&fInt32=2", "origin.lat=1&origin.next.lat=2&origin={}", "labels[a]=b&labels[[]]=c", "color=RED&colors=1&colors=x",
		"min_pause=0.2s&since=2024-02-29T12:00:00Z&mask=a,bC", "extra={\"a\":[1]}&any_value=null&any_list=[]", "detail={\"@type\":\"type.googleapis.com/odd.Point\"}",
		"points_by_flag[true]={}&colors_by_number[-1]=0&pauses[x]=1s", "w_bool=true&w_string=%ff&f_bytes=AQ", "name=a&id=1&place.lat=2&nothing={}",
		"extra.fields[a]=1&any_value.number_value=NaN", "detail.type_url=x&detail.value=AQ", "points={\"near\":{\"a\":{\"lat\":\"x\"}}}", "f_string=%00&tags=a&tags=",
	} {
		f.Add(seed)
	}
	m := oddMethod(f, "Watch")
	f.Fuzz(func(t *testing.T, query string) {
		values, err := url.ParseQuery(query)
		if err != nil {
			return
		}
		req, err := m.RequestFromQuery(values)
		checkRequest(t, m, req, err)
	})
}

func FuzzRequestFromJSON(f *testing.F) {
	for _, seed := range []string{
		``, `{}`, `{"f_int32":1,"fInt32":2}`, `{"origin":{"lat":"x","next":{"near":{"a":{}}}}}`, `{"labels":{"a":"b","a":1}}`, `{"colors":["RED",1,null,"x"]}`,
		`{"minPause":"0.2s","since":"2024-02-29T12:00:00Z","mask":"a,bC"}`, `{"extra":{"a":[1]},"anyValue":null,"anyList":[[]]}`, `{"detail":{"@type":"type.googleapis.com/odd.Point","lat":1}}`,
		`{"pointsByFlag":{"true":{},"x":{}},"colorsByNumber":{"01":0,"1":0}}`, `{"wBool":1,"fBytes":"*","name":"a","id":1}`, `{"null":null,"anyValues":[null]}`, `{"f_string":"\ud800"}`, `[[[`, "\ufeff{}",
		`{"detail":{"@type":"type.googleapis.com/google.protobuf.Any","value":{"@type":"type.googleapis.com/google.protobuf.Value","value":1}}}`,
	} {
		f.Add([]byte(seed))
	}
	m := oddMethod(f, "Watch")
	f.Fuzz(func(t *testing.T, body []byte) {
		req, err := m.RequestFromJSON(body)
		checkRequest(t, m, req, err)
	})
}

func FuzzResumeRequest(f *testing.F) {
	for _, seed := range []string{"", "0", "-1", "18446744073709551616", "AQ", "a b", "\xff"} {
		f.Add(seed)
	}
	methods := []*Method{
		resuming(f, "token", "f_string"), resuming(f, "revision", "f_uint64"), resuming(f, "cursor", "f_bytes"), resuming(f, "color", "color"),
	}
	f.Fuzz(func(t *testing.T, position string) {
		for _, m := range methods {
			req, err := m.ResumeRequest(&Request{}, position)
			if err == nil {
				checkRequest(t, m, req, nil)
			}
		}
	})
}

// Descriptors come from whoever answers at the backend's address.
func FuzzFromDescriptorSet(f *testing.F) {
	f.Add(newSet(f, oddFile()))
	f.Add(newSet(f, fileOf(newService("S", newMethod("M", ".p.In", ".p.None", &streamv1.StreamOptions{
		Path: "/a", Event: "e", Resume: &streamv1.ResumeMapping{ResponseField: "inner.token", RequestField: "inner.token"},
	})))))
	annotated := oddFile()
	annotated.Service[0].Method[0].Options = new(descriptorpb.MethodOptions)
	proto.SetExtension(annotated.Service[0].Method[0].Options, annotations.E_Http, get("/v1/{name=odd/*}/{origin.lat}:watch"))
	f.Add(newSet(f, annotated))
	f.Add(newSet(f, withImports(numbersv1.File_sluice_numbers_v1_numbers_proto)...))
	f.Fuzz(func(t *testing.T, set []byte) {
		c, err := FromDescriptorSet(set)
		if err != nil {
			return
		}
		if again, err := FromDescriptorSet(set); err != nil || !c.Equal(again) || !bytes.Equal(c.Describe(), again.Describe()) {
			t.Errorf("the same set makes another catalog: %v", err)
		}
		var d document
		if err := json.Unmarshal(c.Describe(), &d); err != nil || len(d.Methods) != len(c.Methods()) {
			t.Errorf("the description %s: %v", c.Describe(), err)
		}
		for _, m := range c.Methods() {
			for _, way := range m.Paths() {
				if b, allow := c.Match(way.Method, way.Template); b == nil && !strings.ContainsAny(way.Template, "{*") {
					t.Errorf("%+v of %s leads to %v", way, m.FullName, allow)
				}
			}
			if c.Lookup(m.FullName) != m || m.Policy.Path != "" && c.Route(m.Policy.Path) != m {
				t.Errorf("%s is listed and not found", m.FullName)
			}
			req, err := m.RequestFromQuery(url.Values{"token": {"a"}, "inner.token": {"b"}, "f_int32": {"x"}})
			if err != nil {
				req = &Request{}
			}
			if _, err := m.ResumeRequest(req, "1"); err == nil && !m.CanResume() {
				t.Errorf("%s resumes without a mapping", m.FullName)
			}
			if _, err := m.AppendResponse(nil, req.Wire, 1<<20); err == nil {
				m.AppendPosition(nil, req.Wire)
			}
		}
	})
}
