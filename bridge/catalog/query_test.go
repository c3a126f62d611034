// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/dynamicpb"
)

// violationsOf returns the violations of an error as "field description".
func violationsOf(t testing.TB, err error) []string {
	t.Helper()
	var bad *RequestError
	if !errors.As(err, &bad) {
		t.Fatalf("error is %T %v, want a *RequestError", err, err)
	}
	out := make([]string, len(bad.Violations))
	for i, v := range bad.Violations {
		out[i] = strings.TrimSpace(v.Field + " " + v.Description)
	}
	return out
}

func TestRequestFromQuery(t *testing.T) {
	t.Parallel()
	watch := oddMethod(t, "Watch")
	tests := []struct{ query, want string }{
		{"", `{}`},
		{"last_event_id=abc-1", `{}`},
		{"lastEventId=x", `{"lastEventId":"x"}`},
		{"f_bool=true", `{"fBool":true}`},
		{"fBool=false", `{}`},
		{"f_bool=1&w_bool=0", `{"fBool":true,"wBool":false}`},
		{"f_int32=-5&f_int64=-9223372036854775808", `{"fInt32":-5,"fInt64":"-9223372036854775808"}`},
		{"f_uint32=4294967295&f_uint64=18446744073709551615", `{"fUint32":4294967295,"fUint64":"18446744073709551615"}`},
		{"f_sint32=-1&f_sint64=-1&f_fixed32=1&f_fixed64=1&f_sfixed32=-1&f_sfixed64=-1", `{"fSint32":-1,"fSint64":"-1","fFixed32":1,"fFixed64":"1","fSfixed32":-1,"fSfixed64":"-1"}`},
		{"f_int32=010", `{"fInt32":10}`},
		{"f_float=1.5&f_double=-2e3", `{"fFloat":1.5,"fDouble":-2000}`},
		{"f_double=NaN&f_float=-Infinity", `{"fFloat":"-Infinity","fDouble":"NaN"}`},
		{"f_string=", `{}`},
		{"f_string=a%20b%26c+d", `{"fString":"a b&c d"}`},
		{"f_string=null", `{"fString":"null"}`},
		{"f_bytes=-_8", `{"fBytes":"+/8="}`},
		{"f_bytes=%2B%2F8%3D", `{"fBytes":"+/8="}`},
		{"color=RED", `{"color":"RED"}`},
		{"color=2", `{"color":"GREEN"}`},
		{"color=77", `{"color":77}`},
		{"maybe=0", `{"maybe":0}`},
		{"origin.lat=1&origin.lon=2&origin.next.lat=3", `{"origin":{"lat":1,"lon":2,"next":{"lat":3}}}`},
		{`origin={"lat":1,"next":{"notes":["a"]}}`, `{"origin":{"lat":1,"next":{"notes":["a"]}}}`},
		{"origin={}", `{"origin":{}}`},
		{"origin.notes=a&origin.notes=b", `{"origin":{"notes":["a","b"]}}`},
		{"numbers=3&numbers=1&numbers=2", `{"numbers":[3,1,2]}`},
		{"tags=a&tags=&tags=a", `{"tags":["a","","a"]}`},
		{"colors=RED&colors=2&colors=COLOR_UNSPECIFIED", `{"colors":["RED","GREEN","COLOR_UNSPECIFIED"]}`},
		{`points={"lat":1}&points={}`, `{"points":[{"lat":1},{}]}`},
		{"blobs=AQ&blobs=Ag%3D%3D", `{"blobs":["AQ==","Ag=="]}`},
		{"labels[b]=2&labels[a]=1", `{"labels":{"a":"1","b":"2"}}`},
		{"labels[]=empty&labels[a.b[0]]=odd", `{"labels":{"":"empty","a.b[0]":"odd"}}`},
		{"colorsByNumber[-1]=RED&colors_by_number[2]=0", `{"colorsByNumber":{"-1":"RED","2":"COLOR_UNSPECIFIED"}}`},
		{`points_by_flag[true]={"lat":1}`, `{"pointsByFlag":{"true":{"lat":1}}}`},
		{"pauses[x]=1.5s", `{"pauses":{"x":"1.500s"}}`},
		{`origin.near[x]={"lon":1}`, `{"origin":{"near":{"x":{"lon":1}}}}`},
		{"name=", `{"name":""}`},
		{"place.lat=1&place.lon=2", `{"place":{"lat":1,"lon":2}}`},
		{"nothing={}", `{"nothing":{}}`},
		{"min_pause=0.2s", `{"minPause":"0.200s"}`},
		{"minPause=-3s", `{"minPause":"-3s"}`},
		{"min_pause.seconds=5", `{"minPause":"5s"}`},
		{"rests=1s&rests=2s", `{"rests":["1s","2s"]}`},
		{"since=2024-02-29T12:00:00.5%2B01:00", `{"since":"2024-02-29T11:00:00.500Z"}`},
		{"mask=displayName,user.photoUrl", `{"mask":"displayName,user.photoUrl"}`},
		{"mask=", `{"mask":""}`},
		{`extra={"a":[1,null,{"b":"c"}]}`, `{"extra":{"a":[1,null,{"b":"c"}]}}`},
		{`extra.fields[a]="x"`, `{"extra":{"a":"x"}}`},
		{"any_value=null", `{"anyValue":null}`},
		{`any_value="null"`, `{"anyValue":"null"}`},
		{"any_values=1&any_values=null", `{"anyValues":[1,null]}`},
		{"any_list=[1,[]]", `{"anyList":[1,[]]}`},
		{`detail={"@type":"type.googleapis.com/odd.Point","lat":1}`, `{"detail":{"@type":"type.googleapis.com/odd.Point","lat":1}}`},
		{`detail={"@type":"type.googleapis.com/google.protobuf.Duration","value":"1s"}`, `{"detail":{"@type":"type.googleapis.com/google.protobuf.Duration","value":"1s"}}`},
		{"w_bool=false&w_int64=0&w_string=&w_bytes=&w_double=0", `{"wBool":false,"wInt64":"0","wString":"","wBytes":"","wDouble":0}`},
		{"w_int64=-9&w_string=5&w_bytes=AQ&w_double=Infinity", `{"wInt64":"-9","wString":"5","wBytes":"AQ==","wDouble":"Infinity"}`},
		{"null=NULL_VALUE", `{}`},
	}
	for _, test := range tests {
		values, err := url.ParseQuery(test.query)
		if err != nil {
			t.Fatalf("%s: %v", test.query, err)
		}
		req, err := watch.RequestFromQuery(values)
		if err != nil {
			t.Errorf("%s: %v", test.query, err)
			continue
		}
		got := decodeOdd(t, watch, req.Wire)
		if got != test.want {
			t.Errorf("%s\n got %s\nwant %s", test.query, got, test.want)
		}
	}
}

// decodeOdd returns a request to m, in wire format, as compact ProtoJSON.
func decodeOdd(t testing.TB, m *Method, wire []byte) string {
	t.Helper()
	msg := dynamicpb.NewMessage(m.Desc.Input())
	if err := proto.Unmarshal(wire, msg); err != nil {
		t.Fatal(err)
	}
	out, err := protojson.MarshalOptions{Resolver: m.types}.Marshal(msg)
	if err != nil {
		t.Fatal(err)
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, out); err != nil {
		t.Fatal(err)
	}
	return compact.String()
}

// What an unknown field of a request of [oddFile] is told, and a whole number
// that is none.
const (
	notOfRequest = "is not a field of odd.Request, which has f_bool, f_int32, f_int64, f_uint32, f_uint64, f_sint32, f_sint64, " +
		"f_fixed32, f_fixed64, f_sfixed32, f_sfixed64, f_float, f_double, f_string, f_bytes, color and 31 more"
	notOfPoint = "is not a field of odd.Point, which has lat, lon, next, notes, near"
	int32s     = "must be a whole number from -2147483648 to 2147483647"
)

func TestRequestFromQueryViolations(t *testing.T) {
	t.Parallel()
	watch := oddMethod(t, "Watch")
	tests := []struct {
		query string
		want  []string
	}{
		{"f_int32=x", []string{`f_int32 ` + int32s + `, got "x"`}},
		{"fInt32=x", []string{`fInt32 ` + int32s + `, got "x"`}},
		{"f_int32=", []string{`f_int32 ` + int32s + `, got ""`}},
		{"f_int32=1.0", []string{`f_int32 ` + int32s + `, got "1.0"`}},
		{"f_int32=0x10", []string{`f_int32 ` + int32s + `, got "0x10"`}},
		{"f_int32=1_0", []string{`f_int32 ` + int32s + `, got "1_0"`}},
		{"f_int32=2147483648", []string{`f_int32 ` + int32s + `, got "2147483648"`}},
		{"f_int64=9223372036854775808", []string{`f_int64 must be a whole number from -9223372036854775808 to 9223372036854775807, got "9223372036854775808"`}},
		{"f_uint32=-1", []string{`f_uint32 must be a whole number from 0 to 4294967295, got "-1"`}},
		{"f_uint64=18446744073709551616", []string{`f_uint64 must be a whole number from 0 to 18446744073709551615, got "18446744073709551616"`}},
		{"f_bool", []string{`f_bool must be true or false, got ""`}},
		{"f_bool=yes", []string{`f_bool must be true or false, got "yes"`}},
		{"f_float=1e39", []string{`f_float must be a number of at most 3.4e38 in size, "NaN", "Infinity" or "-Infinity", got "1e39"`}},
		{"f_double=inf", []string{`f_double must be a number, "NaN", "Infinity" or "-Infinity", got "inf"`}},
		{"f_string=%ff", []string{`f_string must be a string of valid UTF-8, got "\xff"`}},
		{"f_bytes=*", []string{`f_bytes must be base64, got "*"`}},
		{"color=red", []string{`color must be one of COLOR_UNSPECIFIED, RED, GREEN, or its number, got "red"`}},
		{"color=2147483648", []string{`color must be one of COLOR_UNSPECIFIED, RED, GREEN, or its number, got "2147483648"`}},
		{"f_int32=1&f_int32=2", []string{`f_int32 is given 2 times and takes one value`}},
		{"f_int32=1&fInt32=1", []string{`f_int32 is given twice: as "fInt32" too`}},
		{"f_int32=1&fInt32=1&f_bool=x", []string{`f_bool must be true or false, got "x"`, `f_int32 is given twice: as "fInt32" too`}},
		{"tags=a&f_string=1&f_string=2", []string{`f_string is given 2 times and takes one value`}},
		{"min_pause=1s&min_pause=2s", []string{`min_pause is given 2 times and takes one value`}},
		{"numbers=1&numbers=x&numbers=y", []string{`numbers ` + int32s + `, got "x"`, `numbers ` + int32s + `, got "y"`}},
		{"min_pause=200ms", []string{`min_pause must be a duration in seconds such as "0.2s", got "200ms"`}},
		{"min_pause=0.0000000001s", []string{`min_pause must be a duration in seconds such as "0.2s", got "0.0000000001s"`}},
		{"min_pause=\"1s\"", []string{`min_pause must be a duration in seconds such as "0.2s", got "\"1s\""`}},
		{"min_pause=1s&min_pause.nanos=1", []string{`min_pause.nanos is given twice: in "min_pause" too`}},
		{"minPause=1s&min_pause.nanos=1", []string{`min_pause.nanos is given twice: in "minPause" too`}},
		{"since=yesterday", []string{`since must be a time such as "2006-01-02T15:04:05.5Z", got "yesterday"`}},
		{"since=%ff", []string{`since must be a time such as "2006-01-02T15:04:05.5Z", got "\xff"`}},
		{"mask=display_name", []string{`mask must be field paths in lowerCamelCase, joined by commas, such as "user.displayName,photo", got "display_name"`}},
		{"extra=[]", []string{`extra must be a JSON object, got an array`}},
		{"any_value=hello", []string{`any_value is not JSON: invalid character 'h' looking for beginning of value at line 1, column 1`}},
		{"any_list={}", []string{`any_list must be a JSON array, got an object`}},
		{"nothing=", []string{`nothing is not JSON: unexpected end of JSON input`}},
		{`detail={"@type":"type.googleapis.com/odd.None"}`, []string{`detail must be a JSON object with an "@type" that is known here and the fields of that type, got an object`}},
		{"w_bool=1.5", []string{`w_bool must be true or false, got "1.5"`}},
		{"w_string=%ff", []string{`w_string must be a string of valid UTF-8, got "\xff"`}},
		{"origin=null", []string{`origin must be a JSON object, got null`}},
		{"origin=", []string{`origin is not JSON: unexpected end of JSON input`}},
		{`origin={}, "f_int32": 5`, []string{`origin is not JSON: invalid character ',' after top-level value at line 1, column 3`}},
		{`origin={"lat":"x","far":1}`, []string{`origin.lat ` + int32s + `, got "x"`, `origin.far ` + notOfPoint}},
		{`origin={"lat":1}&origin.lon=2`, []string{`origin.lon is given twice: in "origin" too`}},
		{`origin={"lat":1}&origin.near[x]={}`, []string{`origin.near[x] is given twice: in "origin" too`}},
		{`points={"lat":1}&points={"lat":"x"}`, []string{`points.lat ` + int32s + `, got "x"`}},
		{"nope=1", []string{`nope ` + notOfRequest}},
		{"origin.far=1", []string{`origin.far names no field: "far" ` + notOfPoint}},
		{"f_int32.x=1", []string{`f_int32.x names no field: "f_int32" is a single value without fields`}},
		{"points.lat=1", []string{`points.lat names no field: "points" is repeated, and each of its values is given whole, in JSON`}},
		{"near.x=1", []string{`near.x ` + notOfRequest}},
		{"points_by_flag.x=1", []string{`points_by_flag.x names no field: "points_by_flag" is a map, whose entries are written as points_by_flag[key]=value`}},
		{"labels=x", []string{`labels is a map, whose entries are written as labels[key]=value`}},
		{"tags[0]=x", []string{`tags[0] is not a map: its name takes no brackets`}},
		{"labels[a]=x&labels[a]=y", []string{`labels[a] is given 2 times and takes one value`}},
		{"colors_by_number[1]=RED&colorsByNumber[01]=RED", []string{`colors_by_number[1] is given twice`}},
		{"colors_by_number[x]=RED", []string{`colors_by_number[x] has a key that ` + int32s + `, got "x"`}},
		{"colors_by_number[1]=BLUE", []string{`colors_by_number[1] must be one of COLOR_UNSPECIFIED, RED, GREEN, or its number, got "BLUE"`}},
		{"points_by_flag[1]={}", []string{`points_by_flag[1] has a key that must be true or false, got "1"`}},
		{"labels[%ff]=x", []string{"labels[\ufffd] has a key that must be a string of valid UTF-8, got \"\\xff\""}},
		{"name=a&id=1", []string{`name cannot be given beside another of name, id, place, nothing`}},
		{"id=1&place.lat=1", []string{`place.lat cannot be given beside another of name, id, place, nothing`}},
		{"null=1", []string{`null must be null, got "1"`}},
		{"LAST_EVENT_ID=x", []string{`LAST_EVENT_ID ` + notOfRequest}},
	}
	for _, test := range tests {
		values, err := url.ParseQuery(test.query)
		if err != nil {
			t.Fatalf("%s: %v", test.query, err)
		}
		req, err := watch.RequestFromQuery(values)
		if err == nil {
			t.Errorf("%s: accepted as %s", test.query, decodeOdd(t, watch, req.Wire))
			continue
		}
		if diff := cmp.Diff(test.want, violationsOf(t, err)); diff != "" {
			t.Errorf("%s: violations (-want +got):\n%s", test.query, diff)
		}
	}
}
