// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"bytes"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestRequestFromJSON(t *testing.T) {
	t.Parallel()
	tests := []struct{ method, body, want string }{
		{"Watch", ``, `{}`},
		{"Watch", " \r\n\t", `{}`},
		{"Watch", `{}`, `{}`},
		{"Watch", ` {"f_int32" : 5 , "fString":"a"} ` + "\n", `{"fInt32":5,"fString":"a"}`},
		{"Watch", `{"f_int32":"5","f_int64":1e3,"f_uint32":null}`, `{"fInt32":5,"fInt64":"1000"}`},
		{"Watch", `{"last_event_id":"x"}`, `{"lastEventId":"x"}`},
		{"Watch", `{"minPause":"0.2s","origin":{"lat":1},"tags":["a"],"labels":{"k":"v"}}`, `{"origin":{"lat":1},"tags":["a"],"labels":{"k":"v"},"minPause":"0.200s"}`},
		{"Watch", `{"null":null,"anyValue":null}`, `{"anyValue":null}`},
		{"Watch", `{"name":"a","id":null}`, `{"name":"a"}`},
		{"Nothing", ``, `{}`},
		{"Nothing", `{}`, `{}`},
		{"Free", `{"a":[1,{"b":null}]}`, `{"a":[1,{"b":null}]}`},
		{"Free", ``, `{}`},
	}
	c := fromSet(t, oddFile())
	for _, test := range tests {
		m := c.Lookup("odd.Odd/" + test.method)
		req, err := m.RequestFromJSON([]byte(test.body))
		if err != nil {
			t.Errorf("%s: %v", test.body, err)
			continue
		}
		if got := decodeOdd(t, m, req.Wire); got != test.want {
			t.Errorf("%s\n got %s\nwant %s", test.body, got, test.want)
		}
	}
}

func TestRequestFromJSONViolations(t *testing.T) {
	t.Parallel()
	tests := []struct {
		body string
		want []string
	}{
		{`{`, []string{`the body is not JSON: unexpected end of JSON input`}},
		{"{\n  \"f_int32\": 5x\n}", []string{`the body is not JSON: invalid character 'x' after object key:value pair at line 2, column 15`}},
		{"{\"f_string\": \"\u00e4\u00e4\", x}", []string{`the body is not JSON: invalid character 'x' looking for beginning of object key string at line 1, column 20`}},
		{`{} {}`, []string{`the body is not JSON: invalid character '{' after top-level value at line 1, column 4`}},
		{`{},`, []string{`the body is not JSON: invalid character ',' after top-level value at line 1, column 3`}},
		{"{\"f_string\":\"\xff\"}", []string{`the body is not JSON: it is not valid UTF-8`}},
		{"\ufeff{}", []string{"the body is not JSON: invalid character '\\ufeff' looking for beginning of value at line 1, column 1"}},
		{`{"f_bool": trüe}`, []string{"the body is not JSON: invalid character 'ü' in literal true (expecting 'u') at line 1, column 14"}},
		{`null`, []string{`the body must be a JSON object, got null`}},
		{`[]`, []string{`the body must be a JSON object, got an array`}},
		{`"x"`, []string{`the body must be a JSON object, got "x"`}},
		{`{"f_int32":"x"}`, []string{`f_int32 ` + int32s + `, got "x"`}},
		{`{"f_int32":1.5,"f_bool":"true","f_string":5}`, []string{
			`f_int32 ` + int32s + `, got 1.5`, `f_bool must be true or false, got "true"`, `f_string must be a string of valid UTF-8, got 5`,
		}},
		{`{"f_int32":{},"f_int64":[1]}`, []string{
			`f_int32 ` + int32s + `, got an object`, `f_int64 must be a whole number from -9223372036854775808 to 9223372036854775807, got an array`,
		}},
		{`{"f_string":"\ud800"}`, []string{`f_string must be a string of valid UTF-8, got "\ud800"`}},
		{`{"color":"BLUE"}`, []string{`color must be one of COLOR_UNSPECIFIED, RED, GREEN, or its number, got "BLUE"`}},
		{`{"nope":1}`, []string{`nope ` + notOfRequest}},
		{`{"[odd.ext]":1}`, []string{`[odd.ext] ` + notOfRequest}},
		{`{"":1}`, []string{notOfRequest}},
		{`{"f_int32":1,"f_int32":2}`, []string{`f_int32 is given twice`}},
		{`{"f_int32":1,"fInt32":2}`, []string{`fInt32 is given twice: as "f_int32" too`}},
		{`{"f_int32":null,"f_int32":null}`, []string{`f_int32 is given twice`}},
		{`{"name":"a","place":{"lat":1}}`, []string{`place cannot be given beside another of name, id, place, nothing`}},
		{`{"origin":{"lat":"x","next":{"far":1}}}`, []string{`origin.lat ` + int32s + `, got "x"`, `origin.next.far ` + notOfPoint}},
		{`{"origin":5}`, []string{`origin must be a JSON object, got 5`}},
		{`{"origin":[]}`, []string{`origin must be a JSON object, got an array`}},
		{`{"numbers":5}`, []string{`numbers must be a JSON array, got 5`}},
		{`{"numbers":[1,"x",null,2]}`, []string{`numbers[1] ` + int32s + `, got "x"`, `numbers[2] ` + int32s + `, got null`}},
		{`{"points":[{},null,{"lat":{}}]}`, []string{`points[1] must be a JSON object, got null`, `points[2].lat ` + int32s + `, got an object`}},
		{`{"labels":[]}`, []string{`labels must be a JSON object, a map of values, got an array`}},
		{`{"labels":{"k":5,"n":null}}`, []string{`labels[k] must be a string of valid UTF-8, got 5`, `labels[n] must be a string of valid UTF-8, got null`}},
		{`{"labels":{"k":"a","k":"b"}}`, []string{`labels[k] is given twice`}},
		{`{"colorsByNumber":{"1":"RED","01":"RED"}}`, []string{`colorsByNumber[01] is given twice`}},
		{`{"colorsByNumber":{"x":"RED"}}`, []string{`colorsByNumber[x] has a key that ` + int32s}},
		{`{"pointsByFlag":{"1":{}}}`, []string{`pointsByFlag[1] has a key that must be true or false`}},
		{`{"pointsByFlag":{"true":{"lat":"x"}}}`, []string{`pointsByFlag[true].lat ` + int32s + `, got "x"`}},
		{`{"pauses":{"a":null,"b":"1"}}`, []string{
			`pauses[a] must be a duration in seconds such as "0.2s", got null`, `pauses[b] must be a duration in seconds such as "0.2s", got "1"`,
		}},
		{`{"minPause":1}`, []string{`minPause must be a duration in seconds such as "0.2s", got 1`}},
		{`{"rests":["1s","x"]}`, []string{`rests[1] must be a duration in seconds such as "0.2s", got "x"`}},
		{`{"wInt64":"x"}`, []string{`wInt64 must be a whole number from -9223372036854775808 to 9223372036854775807, got "x"`}},
		{`{"null":1.5}`, []string{`null must be null, got 1.5`}},
		{`{"extra":{"a":1,"a":2}}`, []string{`extra must be a JSON object, got an object`}},
		{`{"nothing":{"x":1}}`, []string{`nothing must be a JSON object, got an object`}},
		{`{"detail":{"@type":"odd.Nope"}}`, []string{`detail must be a JSON object with an "@type" that is known here and the fields of that type, got an object`}},
		{`{"f_string":5,"tags":["` + strings.Repeat("x", 500) + `",1]}`, []string{`f_string must be a string of valid UTF-8, got 5`, `tags[1] must be a string of valid UTF-8, got 1`}},
		{`{"f_int32":"` + strings.Repeat("ä", 500) + `"}`, []string{`f_int32 ` + int32s + `, got "` + strings.Repeat("ä", 31) + `…`}},
	}
	watch := oddMethod(t, "Watch")
	for _, test := range tests {
		req, err := watch.RequestFromJSON([]byte(test.body))
		if err == nil {
			t.Errorf("%s: accepted as %s", test.body, decodeOdd(t, watch, req.Wire))
			continue
		}
		if diff := cmp.Diff(test.want, violationsOf(t, err)); diff != "" {
			t.Errorf("%s: violations (-want +got):\n%s", test.body, diff)
		}
	}
}

// A request type may be a well-known type itself.
func TestRequestFromJSONWellKnown(t *testing.T) {
	t.Parallel()
	tests := []struct{ method, body, want string }{
		{"Nothing", `{"x":1}`, `the body must be a JSON object, got an object`},
		{"Nothing", `null`, `the body must be a JSON object, got null`},
		{"Free", `[]`, `the body must be a JSON object, got an array`},
	}
	for _, test := range tests {
		_, err := oddMethod(t, test.method).RequestFromJSON([]byte(test.body))
		if diff := cmp.Diff([]string{test.want}, violationsOf(t, err)); diff != "" {
			t.Errorf("%s: violations (-want +got):\n%s", test.body, diff)
		}
	}
}

// Messages may nest only so deep, whichever way they come.
func TestRequestDepth(t *testing.T) {
	t.Parallel()
	watch := oddMethod(t, "Watch")
	nested := func(depth int) string {
		return `{"origin":` + strings.Repeat(`{"next":`, depth) + `{}` + strings.Repeat(`}`, depth) + `}`
	}
	// The request and the origin are two of the messages.
	if _, err := watch.RequestFromJSON([]byte(nested(MaxDepth - 2))); err != nil {
		t.Errorf("%d messages deep: %v", MaxDepth, err)
	}
	for _, depth := range []int{MaxDepth - 1, 5_000, 100_000} {
		if _, err := watch.RequestFromJSON([]byte(nested(depth))); len(violationsOf(t, err)) != 1 {
			t.Errorf("%d messages deep: %v, want one violation", depth+2, err)
		}
	}
	deep := "origin" + strings.Repeat(".next", MaxDepth-2) + ".lat"
	if _, err := watch.RequestFromQuery(map[string][]string{deep: {"1"}}); err != nil {
		t.Errorf("a path of %d fields: %v", MaxDepth, err)
	}
	deep = "origin" + strings.Repeat(".next", MaxDepth-1) + ".lat"
	_, err := watch.RequestFromQuery(map[string][]string{deep: {"1"}})
	if got := violationsOf(t, err); len(got) != 1 || !strings.HasSuffix(got[0], "… names a field nested deeper than 100 messages") {
		t.Errorf("a path of %d fields: %q", MaxDepth+1, got)
	}
}

// However bad a request is, what it is told stays small and is valid UTF-8.
func TestRequestErrorIsBounded(t *testing.T) {
	t.Parallel()
	watch := oddMethod(t, "Watch")
	var body bytes.Buffer
	body.WriteString(`{"f_int32":1`)
	query := make(map[string][]string)
	for i := range 1000 {
		fmt.Fprintf(&body, `,"%s%d":"%s"`, strings.Repeat("é", 300), i, strings.Repeat("x", 1000))
		query[fmt.Sprintf("%s%d\xff", strings.Repeat("é", 300), i)] = []string{strings.Repeat("\xff", 1000)}
	}
	body.WriteString(`}`)
	_, fromJSON := watch.RequestFromJSON(body.Bytes())
	_, fromQuery := watch.RequestFromQuery(query)
	_, oneValue := watch.RequestFromQuery(map[string][]string{"f_int32": {strings.Repeat("\xff", 1_000_000)}})
	for name, err := range map[string]error{"JSON": fromJSON, "query": fromQuery, "value": oneValue} {
		violations := violationsOf(t, err)
		if len(violations) > maxViolations {
			t.Errorf("%s: %d violations, want at most %d", name, len(violations), maxViolations)
		}
		for _, text := range violations {
			if len(text) > 600 || !utf8.ValidString(text) {
				t.Errorf("%s: a violation of %d bytes: %q", name, len(text), text)
			}
		}
	}
}

// The search for what is wrong in a body gives up where it would cost too much,
// and still says something of use.
func TestRequestFromJSONGivesUp(t *testing.T) {
	t.Parallel()
	body := `{"numbers":[` + strings.Repeat("1,", 2*maxJudged) + `"x"]}`
	_, err := oddMethod(t, "Watch").RequestFromJSON([]byte(body))
	want := []string{`the body cannot be read: (line 1:40013): invalid value for int32 field numbers: "x"`}
	if diff := cmp.Diff(want, violationsOf(t, err)); diff != "" {
		t.Errorf("violations (-want +got):\n%s", diff)
	}
}

// Long keys around many values do not make the search for what is wrong dear.
func TestRequestFromJSONLongKeys(t *testing.T) {
	long := strings.Repeat("k", 200_000)
	entries := make([]string, 20_000)
	for i := range entries {
		entries[i] = fmt.Sprintf(`"%d":{}`, i)
	}
	body := []byte(`{"origin":{"near":{"` + long + `":{"near":{` + strings.Join(entries, ",") + `},"lat":"x"}}}}`)
	watch := oddMethod(t, "Watch")
	// Not in parallel with other tests, for it looks at what the program allocates.
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := watch.RequestFromJSON(body)
	runtime.ReadMemStats(&after)
	want := "origin.near[" + strings.Repeat("k", maxFieldText-len("origin.near[")) + "… " + int32s + `, got "x"`
	if diff := cmp.Diff([]string{want}, violationsOf(t, err)); diff != "" {
		t.Errorf("violations (-want +got):\n%s", diff)
	}
	if got := after.TotalAlloc - before.TotalAlloc; got > 100<<20 {
		t.Errorf("a body of %d bytes made the search allocate %d bytes", len(body), got)
	}
}
