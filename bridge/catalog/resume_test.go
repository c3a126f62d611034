// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"bytes"
	"errors"
	"testing"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"

	streamv1 "sluice/proto/gen/sluice/stream/v1"
)

// resuming returns the odd service's method with a resume mapping.
func resuming(t testing.TB, response, request string) *Method {
	t.Helper()
	return mapped(t, &streamv1.ResumeMapping{ResponseField: response, RequestField: request})
}

// mapped is [resuming] with a whole mapping.
func mapped(t testing.TB, mapping *streamv1.ResumeMapping) *Method {
	t.Helper()
	file := oddFile()
	options := new(descriptorpb.MethodOptions)
	proto.SetExtension(options, streamv1.E_Stream, &streamv1.StreamOptions{Resume: mapping})
	file.Service[0].Method[0].Options = options
	c := fromSet(t, file)
	m := c.Lookup("odd.Odd/Watch")
	if !m.CanResume() {
		t.Fatalf("the method cannot resume: %q", texts(c.Problems()))
	}
	return m
}

// reply returns a response of the odd service in wire format.
func reply(t testing.TB, m *Method, text string) []byte {
	t.Helper()
	msg := dynamicpb.NewMessage(m.Desc.Output())
	if err := protojson.Unmarshal([]byte(text), msg); err != nil {
		t.Fatal(err)
	}
	wire, err := proto.Marshal(msg)
	if err != nil {
		t.Fatal(err)
	}
	return wire
}

// A position goes from a response, as text, into the request it resumes.
func TestResume(t *testing.T) {
	t.Parallel()
	tests := []struct {
		response, request string
		reply             string
		position          string
		body, want        string
	}{
		{"token", "f_string", `{"token":"tök en"}`, "tök en", `{"f_int32":1}`, `{"fInt32":1,"fString":"tök en"}`},
		{"token", "f_string", `{"token":"new"}`, "new", `{"f_string":"old"}`, `{"fString":"new"}`},
		{"revision", "f_uint64", `{"revision":"18446744073709551615"}`, "18446744073709551615", ``, `{"fUint64":"18446744073709551615"}`},
		{"revision", "f_int32", `{"revision":"7"}`, "7", ``, `{"fInt32":7}`},
		{"small", "f_sfixed64", `{"small":-7}`, "-7", ``, `{"fSfixed64":"-7"}`},
		{"small", "f_fixed32", `{"small":7}`, "7", ``, `{"fFixed32":7}`},
		{"cursor", "f_bytes", `{"cursor":"+/8="}`, "-_8", ``, `{"fBytes":"+/8="}`},
		{"color", "color", `{"color":"GREEN"}`, "2", ``, `{"color":"GREEN"}`},
		{"inner.revision", "origin.next.lat", `{"inner":{"revision":"-3"}}`, "-3", `{"origin":{"lon":1}}`, `{"origin":{"lon":1,"next":{"lat":-3}}}`},
		{"inner.token", "name", `{"inner":{"token":"t"}}`, "t", `{"place":{"lat":1}}`, `{"name":"t"}`},
		{"tokens", "f_string", `{"tokens":["a","b"]}`, "b", ``, `{"fString":"b"}`},
		{"inners.revision", "f_int64", `{"inners":[{"revision":"1"},{"revision":"2"}]}`, "2", ``, `{"fInt64":"2"}`},
		{"inner.revision", "place.lat", `{"inner":{"revision":"4"}}`, "4", `{"name":"x"}`, `{"place":{"lat":4}}`},
	}
	for _, test := range tests {
		m := resuming(t, test.response, test.request)
		wire := reply(t, m, test.reply)
		position, ok := m.AppendPosition([]byte("run-1-"), wire)
		if !ok || string(position) != "run-1-"+test.position {
			t.Errorf("%s of %s: position %q, %t, want %q", test.response, test.reply, position, ok, test.position)
			continue
		}
		req, err := m.RequestFromJSON([]byte(test.body))
		if err != nil {
			t.Fatal(err)
		}
		before := bytes.Clone(req.Wire)
		resumed, err := m.ResumeRequest(req, test.position)
		if err != nil {
			t.Errorf("%s into %s: %v", test.position, test.request, err)
			continue
		}
		if got := decodeOdd(t, m, resumed.Wire); got != test.want {
			t.Errorf("%s into %s of %s\n got %s\nwant %s", test.position, test.request, test.body, got, test.want)
		}
		if !bytes.Equal(req.Wire, before) {
			t.Errorf("%s into %s changed the request it was given", test.position, test.request)
		}
	}
}

// A response may come without a position.
func TestNoPosition(t *testing.T) {
	t.Parallel()
	m := resuming(t, "inner.token", "f_string")
	list := resuming(t, "inners.revision", "f_int64")
	for _, text := range []string{`{}`, `{"inners":[]}`, `{"inners":[{"revision":"1"},{}]}`} {
		if got, ok := list.AppendPosition([]byte("x"), reply(t, list, text)); ok || string(got) != "x" {
			t.Errorf("position of %s: %q, %t, want none", text, got, ok)
		}
	}
	for _, text := range []string{`{}`, `{"inner":{}}`, `{"token":"other"}`} {
		if got, ok := m.AppendPosition([]byte("x"), reply(t, m, text)); ok || string(got) != "x" {
			t.Errorf("position of %s: %q, %t, want none", text, got, ok)
		}
	}
	if got, ok := m.AppendPosition([]byte("x"), []byte("\xff")); ok || string(got) != "x" {
		t.Errorf("position of what is no message: %q, %t, want none", got, ok)
	}
	without := oddMethod(t, "Watch")
	if got, ok := without.AppendPosition([]byte("x"), reply(t, m, `{"inner":{"token":"t"}}`)); ok || string(got) != "x" {
		t.Errorf("position without a mapping: %q, %t, want none", got, ok)
	}
	if _, err := without.ResumeRequest(&Request{}, "t"); err == nil {
		t.Error("a method without a mapping resumes")
	}
}

// Positions come back from browsers, who may send anything.
func TestMalformedPosition(t *testing.T) {
	t.Parallel()
	const from = "must be a whole number from "
	tests := []struct{ response, request, position, want string }{
		{"token", "f_string", "", `position "" for request field f_string must not be empty`},
		{"token", "f_string", "\xff", `position "\xff" for request field f_string must be a string of valid UTF-8`},
		{"cursor", "f_bytes", "*", `position "*" for request field f_bytes must be unpadded base64url`},
		{"cursor", "f_bytes", "AQ==", `position "AQ==" for request field f_bytes must be unpadded base64url`},
		{"cursor", "f_bytes", "AR", `position "AR" for request field f_bytes must be unpadded base64url`},
		{"color", "color", "RED", `position "RED" for request field color ` + from + `-2147483648 to 2147483647`},
		{"revision", "f_int32", "2147483648", `position "2147483648" for request field f_int32 ` + from + `-2147483648 to 2147483647`},
		{"revision", "f_int64", "x", `position "x" for request field f_int64 ` + from + `-9223372036854775808 to 9223372036854775807`},
		{"small", "f_uint32", "-1", `position "-1" for request field f_uint32 ` + from + `0 to 4294967295`},
		{"small", "origin.lat", "1.5", `position "1.5" for request field origin.lat ` + from + `-2147483648 to 2147483647`},
		{"small", "f_uint64", "-1", `position "-1" for request field f_uint64 ` + from + `0 to 18446744073709551615`},
	}
	for _, test := range tests {
		m := resuming(t, test.response, test.request)
		_, err := m.ResumeRequest(&Request{}, test.position)
		var bad *PositionError
		if !errors.As(err, &bad) || err.Error() != test.want {
			t.Errorf("%q into %s: %T %v\nwant *PositionError %s", test.position, test.request, err, err, test.want)
		}
	}
	m := resuming(t, "token", "f_string")
	if _, err := m.ResumeRequest(&Request{Wire: []byte("\xff")}, "t"); err == nil {
		t.Error("bytes that are no request are resumed")
	}
}

// Where a request names the first response to send, it gets the next position.
func TestResumeInclusive(t *testing.T) {
	t.Parallel()
	const whole = "must be a whole number from "
	const last = "is the last one that the field can hold, and has no next"
	tests := []struct{ field, position, want, fault string }{
		{"f_int32", "-1", `{}`, ""},
		{"f_int32", "41", `{"fInt32":42}`, ""},
		{"f_int32", "2147483647", "", last},
		{"f_int32", "x", "", whole + "-2147483648 to 2147483647"},
		{"f_sfixed32", "-2147483648", `{"fSfixed32":-2147483647}`, ""},
		{"f_int64", "9223372036854775806", `{"fInt64":"9223372036854775807"}`, ""},
		{"f_int64", "9223372036854775807", "", last},
		{"f_int64", "-9223372036854775808", `{"fInt64":"-9223372036854775807"}`, ""},
		{"f_uint32", "4294967294", `{"fUint32":4294967295}`, ""},
		{"f_uint32", "4294967295", "", last},
		{"f_uint64", "9223372036854775807", `{"fUint64":"9223372036854775808"}`, ""},
		{"f_uint64", "18446744073709551614", `{"fUint64":"18446744073709551615"}`, ""},
		{"f_uint64", "18446744073709551615", "", last},
	}
	for _, test := range tests {
		m := mapped(t, &streamv1.ResumeMapping{ResponseField: "revision", RequestField: test.field, Inclusive: true})
		resumed, err := m.ResumeRequest(&Request{}, test.position)
		if test.fault != "" {
			var bad *PositionError
			if !errors.As(err, &bad) || bad.Expected != test.fault {
				t.Errorf("%s into %s: %v, want %s", test.position, test.field, err, test.fault)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s into %s: %v", test.position, test.field, err)
		} else if got := decodeOdd(t, m, resumed.Wire); got != test.want {
			t.Errorf("%s into %s: %s, want %s", test.position, test.field, got, test.want)
		}
	}
}

// What a mapping sets takes the place of what was there, a oneof's other member
// too, and is not in a request that is not resumed.
func TestResumeSet(t *testing.T) {
	t.Parallel()
	m := mapped(t, &streamv1.ResumeMapping{
		ResponseField: "token", RequestField: "f_string",
		Set: map[string]string{
			"f_int32": "0", "color": "RED", "tags": "new", "labels[a]": "1", "labels[b]": "2", "place.lat": "3",
			"origin": `{"lon":4}`, "min_pause": "5s", "extra": `{"x":null}`,
		},
	})
	req, err := m.RequestFromJSON([]byte(`{"fInt32":9,"fInt64":"9","color":2,"tags":["a","b"],"labels":{"a":"9","c":"9"},"name":"n","origin":{"lat":9}}`))
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"fInt64":"9","fString":"p","color":"RED","origin":{"lon":4},"tags":["new"],"labels":{"a":"1","b":"2","c":"9"},"place":{"lat":3},"minPause":"5s","extra":{"x":null}}`
	for range 2 { // setting leaves nothing behind
		resumed, err := m.ResumeRequest(req, "p")
		if err != nil {
			t.Fatal(err)
		}
		if got := decodeOdd(t, m, resumed.Wire); got != want {
			t.Errorf(" got %s\nwant %s", got, want)
		}
	}
	first, err := m.RequestFromQuery(nil)
	if err != nil || len(first.Wire) > 0 {
		t.Errorf("a first request is %x, %v", first.Wire, err)
	}
}
