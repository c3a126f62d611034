// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"
)

func get(path string) *annotations.HttpRule {
	return &annotations.HttpRule{Pattern: &annotations.HttpRule_Get{Get: path}}
}

func post(path, body string) *annotations.HttpRule {
	return &annotations.HttpRule{Pattern: &annotations.HttpRule_Post{Post: path}, Body: body}
}

// oddRules returns the odd service, its method Watch with rules of google.api.http.
func oddRules(t testing.TB, rules ...*annotations.HttpRule) *Catalog {
	t.Helper()
	file := oddFile()
	rule := proto.CloneOf(rules[0])
	rule.AdditionalBindings = rules[1:]
	options := new(descriptorpb.MethodOptions)
	proto.SetExtension(options, annotations.E_Http, rule)
	file.Service[0].Method[0].Options = options
	return fromSet(t, file)
}

func TestMatch(t *testing.T) {
	t.Parallel()
	c := oddRules(
		t, get("/v1/odd/{name}"), get("/v1/odd/fixed"), post("/v1/odd/{name}", "*"), post("/v1/odd/{name}:go", "*"),
		get("/v1/{f_string=**}"), post("/v1/{f_string=odd/*/*}", "origin"), get("/v1/{f_string=odd/*}/{id}/x"),
	)
	if diff := cmp.Diff([]string{}, texts(c.Problems())); diff != "" {
		t.Fatalf("problems (-want +got):\n%s", diff)
	}
	const watch = "/odd.Odd/Watch"
	tests := []struct {
		method, path string
		template     string // "" for none
		allow        []string
	}{
		{"GET", watch, watch, nil},
		{"POST", watch, watch, nil},
		{"GET", "/odd.Odd/W%61tch", watch, nil},
		{"PUT", watch, "", []string{"GET", "POST"}},
		{"OPTIONS", watch, "", []string{"GET", "POST"}},
		{"GET", "/odd.Odd/None", "", nil},
		{"GET", "odd.Odd/Watch", "", nil},
		{"GET", "", "", nil},
		{"GET", "/", "", nil},
		{"GET", "/v2", "", nil},
		{"GET", "/v1/odd/a", "/v1/odd/{name}", nil},
		{"GET", "/v1/odd/fixed", "/v1/odd/fixed", nil},
		{"POST", "/v1/odd/fixed", "/v1/odd/{name}", nil},
		{"DELETE", "/v1/odd/fixed", "", []string{"GET", "POST"}},
		{"POST", "/v1/odd/a:go", "/v1/odd/{name}:go", nil},
		{"GET", "/v1/odd/a:go", "/v1/odd/{name}", nil},
		{"GET", "/v1/odd/a:stop", "/v1/odd/{name}", nil},
		{"GET", "/v1", "/v1/{f_string=**}", nil},
		{"POST", "/v1", "", []string{"GET"}},
		{"GET", "/v1/odd/a/b", "/v1/{f_string=**}", nil},
		{"POST", "/v1/odd/a/b", "/v1/{f_string=odd/*/*}", nil},
		{"GET", "/v1/odd/a/7/x", "/v1/{f_string=odd/*}/{id}/x", nil},
		{"GET", "/v1/odd/a/7/y", "/v1/{f_string=**}", nil},
	}
	for _, test := range tests {
		b, allow := c.Match(test.method, test.path)
		template := ""
		if b != nil {
			template = b.Path.Template
			if b.Path.Method != test.method || b.Method != c.Lookup("odd.Odd/Watch") {
				t.Errorf("%s %s: %+v", test.method, test.path, b)
			}
		}
		if template != test.template || !slices.Equal(allow, test.allow) {
			t.Errorf("%s %s: %q, allow %q, want %q, allow %q", test.method, test.path, template, allow, test.template, test.allow)
		}
	}
	if b, allow := (*Catalog)(nil).Match("GET", watch); b != nil || allow != nil {
		t.Errorf("no catalog: %v, %v", b, allow)
	}
	for _, way := range c.Lookup("odd.Odd/Watch").Paths() {
		path := strings.NewReplacer("{name}", "n", "{f_string=**}", "s", "{f_string=odd/*/*}", "odd/1/2", "{f_string=odd/*}", "odd/1", "{id}", "1").Replace(way.Template)
		if b, _ := c.Match(way.Method, path); b == nil || b.Path != way {
			t.Errorf("%s %s leads to %+v", way.Method, path, b)
		}
	}
}

// binding is what came with a path, and the request that it makes.
type binding struct {
	method, path, query, form, body string
	want                            string
}

// request makes the request of a test.
func (test binding) request(t *testing.T, c *Catalog) (*Binding, *Request, error) {
	t.Helper()
	b, allow := c.Match(test.method, test.path)
	if b == nil {
		t.Fatalf("%s %s is not found, but with %v", test.method, test.path, allow)
	}
	query, err := url.ParseQuery(test.query)
	if err != nil {
		t.Fatal(err)
	}
	form, err := url.ParseQuery(test.form)
	if err != nil {
		t.Fatal(err)
	}
	req, err := b.Request(query, form, []byte(test.body))
	return b, req, err
}

// boundRules are ways to every kind of field that a path can hold.
func boundRules(t testing.TB) *Catalog {
	return oddRules(
		t, get("/q/{f_int32}"), get("/e/{color}/{f_bool}"), get("/n/{origin.lat}/{origin.next.lat}"), get("/w/{w_int64}/{since}/{min_pause}/{mask}"),
		get("/b/{f_bytes}/{f_double}/{maybe}"), post("/all/{name}", "*"), post("/one/{origin.lat}", "place"), post("/list/{id}", "points"),
		post("/map/{id}", "labels"), post("/scalar/{id}", "f_string"), post("/none/{id}", ""), post("/pause/{min_pause}", "*"),
		post("/place/{place.lat}", "*"), get("/s/{name=x/**}"), post("/wrapped", "w_bytes"),
	)
}

func TestBindingRequest(t *testing.T) {
	t.Parallel()
	c := boundRules(t)
	if diff := cmp.Diff([]string{}, texts(c.Problems())); diff != "" {
		t.Fatalf("problems (-want +got):\n%s", diff)
	}
	for _, test := range []binding{
		{"GET", "/q/-5", "", "", "", `{"fInt32":-5}`},
		{"GET", "/q/5", "f_string=a&last_event_id=x&labels[a]=b", "", "", `{"fInt32":5,"fString":"a","labels":{"a":"b"}}`},
		{"GET", "/q/5", "", "", " \r\n", `{"fInt32":5}`},
		{"GET", "/e/GREEN/true", "", "", "", `{"fBool":true,"color":"GREEN"}`},
		{"GET", "/e/1/false", "", "", "", `{"color":"RED"}`},
		{"GET", "/n/1/2", "origin.lon=3", "", "", `{"origin":{"lat":1,"lon":3,"next":{"lat":2}}}`},
		{"GET", "/w/9/2024-02-29T12:00:00Z/0.2s/a,bC", "", "", "", `{"minPause":"0.200s","since":"2024-02-29T12:00:00Z","mask":"a,bC","wInt64":"9"}`},
		{"GET", "/b/-_8/NaN/0", "", "", "", `{"fDouble":"NaN","fBytes":"+/8=","maybe":0}`},
		{"GET", "/s/x/a%2Fb/c%20d", "", "", "", `{"name":"x/a%2Fb/c d"}`},
		{"POST", "/all/a%2Fb", "", "", "", `{"name":"a/b"}`},
		{"POST", "/all/a", "last_event_id=x", "", `{"fInt32":1}`, `{"fInt32":1,"name":"a"}`},
		{"POST", "/all/a", "", "", `{"name":"a"}`, `{"name":"a"}`},
		{"POST", "/all/a", "", "f_int32=1&tags=x&tags=y&labels[k]=v", "", `{"fInt32":1,"tags":["x","y"],"labels":{"k":"v"},"name":"a"}`},
		{"POST", "/one/1", "origin.lon=2", "", `{"lat":5}`, `{"origin":{"lat":1,"lon":2},"place":{"lat":5}}`},
		{"POST", "/one/1", "", "", ``, `{"origin":{"lat":1}}`},
		{"POST", "/one/1", "", "place.lon=7", ``, `{"origin":{"lat":1},"place":{"lon":7}}`},
		{"POST", "/list/4", "", "", `[{"lat":1},{}]`, `{"points":[{"lat":1},{}],"id":"4"}`},
		{"POST", "/map/4", "f_int32=1", "", `{"a":"b"}`, `{"fInt32":1,"labels":{"a":"b"},"id":"4"}`},
		{"POST", "/scalar/4", "", "", `"text"`, `{"fString":"text","id":"4"}`},
		{"POST", "/scalar/4", "", "", `null`, `{"id":"4"}`},
		{"POST", "/none/4", "f_int32=1", "", "", `{"fInt32":1,"id":"4"}`},
		{"POST", "/pause/1s", "", "", `{"minPause":"1s"}`, `{"minPause":"1s"}`},
		{"POST", "/place/1", "", "", `{"place":{"lon":2}}`, `{"place":{"lat":1,"lon":2}}`},
		{"POST", "/wrapped", "", "", `"AQ=="`, `{"wBytes":"AQ=="}`},
		{"POST", "/odd.Odd/Watch", "", "", `{"fInt32":1}`, `{"fInt32":1}`},
		{"POST", "/odd.Odd/Watch", "", "f_int32=1", ``, `{"fInt32":1}`},
		{"GET", "/odd.Odd/Watch", "f_int32=1", "", ``, `{"fInt32":1}`},
	} {
		b, req, err := test.request(t, c)
		if err != nil {
			t.Errorf("%+v: %v", test, err)
			continue
		}
		if got := decodeOdd(t, b.Method, req.Wire); got != test.want {
			t.Errorf("%+v\n got %s", test, got)
		}
	}
}

func TestBindingViolations(t *testing.T) {
	t.Parallel()
	c := boundRules(t)
	const whole = "must be a whole number from -2147483648 to 2147483647, got "
	const pick = "cannot be given beside another of name, id, place, nothing"
	for _, test := range []binding{
		{"GET", "/q/x", "", "", "", "f_int32 " + whole + `"x"`},
		{"GET", "/q/5", "f_int32=5", "", "", "f_int32 is given twice: in the path too"},
		{"GET", "/q/5", "fInt32=5", "", "", "fInt32 is given twice: in the path too"},
		{"GET", "/n/1/2", "origin={}", "", "", `origin.lat is given twice: in "origin" too|origin.next.lat is given twice: in "origin" too`},
		{"GET", "/q/5", "nope=1", "", "", "nope " + notOfRequest},
		{"GET", "/q/5", "", "", "{}", "takes no body: its fields are in the path and in the query"},
		{"GET", "/q/5", "", "a=b", "", "takes no body: its fields are in the path and in the query"},
		{"POST", "/none/4", "", "", "{}", "takes no body: its fields are in the path and in the query"},
		{"POST", "/all/a", "f_int32=1", "", `{}`, "f_int32 belongs into the body of a POST, not into its query"},
		{"POST", "/all/a", "", "", `{"name":"b"}`, `name is given twice: in the path as "a", and otherwise in the body`},
		{"POST", "/all/a", "", "", `{"id":"1"}`, "name " + pick},
		{"POST", "/all/a", "", "", `{"fInt32":"x"}`, "fInt32 " + whole + `"x"`},
		{"POST", "/all/a", "", "name=a", "", "name is given twice: in the path too"},
		{"POST", "/all/a", "", "id=1", "", "name " + pick},
		{"POST", "/pause/2s", "", "", `{"minPause":"1s"}`, `min_pause is given twice: in the path as "2s", and otherwise in the body`},
		{"POST", "/pause/x", "", "", `{"minPause":"1s"}`, `min_pause must be a duration in seconds such as "0.2s", got "x"`},
		{"POST", "/place/1", "", "", `{"place":{"lat":2}}`, `place.lat is given twice: in the path as "1", and otherwise in the body`},
		{"POST", "/one/1", "place.lat=1", "", `{}`, "place.lat belongs into the body, which is the field place here"},
		{"POST", "/one/1", "", "", `[]`, "place must be a JSON object, got an array"},
		{"POST", "/one/1", "", "", `{"lat":"x"}`, "place.lat " + whole + `"x"`},
		{"POST", "/one/1", "", "", `{"lat":`, "place is not JSON: unexpected end of JSON input"},
		{"POST", "/one/1", "", "", `{},"fInt32":1`, "place is not JSON: invalid character ',' after top-level value at line 1, column 3"},
		{"POST", "/list/4", "", "", `[{"lat":"x"},{"nope":1}]`, `points[0].lat ` + whole + `"x"|points[1].nope ` + notOfPoint},
		{"POST", "/scalar/4", "", "", `5`, "f_string must be a string of valid UTF-8, got 5"},
	} {
		_, _, err := test.request(t, c)
		if err == nil {
			t.Errorf("%+v makes a request", test)
			continue
		}
		if got := strings.Join(violationsOf(t, err), "|"); got != test.want {
			t.Errorf("%s %s?%s %s %s\n got %s\nwant %s", test.method, test.path, test.query, test.form, test.body, got, test.want)
		}
	}
}

// What is not honoured of google.api.http is told.
func TestHTTPRuleProblems(t *testing.T) {
	t.Parallel()
	custom := &annotations.HttpRule{Pattern: &annotations.HttpRule_Custom{Custom: &annotations.CustomHttpPattern{Kind: "HEAD", Path: "/v1/a"}}}
	whole := get("/v1/a")
	whole.ResponseBody = "inner"
	withBody := get("/v1/a")
	withBody.Body = "*"
	const ignored = "; it is ignored"
	tests := []struct {
		rule  *annotations.HttpRule
		want  string
		paths int // beside those of gRPC
	}{
		{get("/v1/a"), "", 1},
		{&annotations.HttpRule{}, `its http rule without a pattern "" is ignored: a stream is read with GET or POST`, 0},
		{&annotations.HttpRule{Pattern: &annotations.HttpRule_Put{Put: "/v1/a"}}, `its http rule PUT "/v1/a" is ignored: a stream is read with GET or POST`, 0},
		{&annotations.HttpRule{Pattern: &annotations.HttpRule_Patch{Patch: "/v1/a"}}, `its http rule PATCH "/v1/a" is ignored: a stream is read with GET or POST`, 0},
		{&annotations.HttpRule{Pattern: &annotations.HttpRule_Delete{Delete: "/v1/a"}}, `its http rule DELETE "/v1/a" is ignored: a stream is read with GET or POST`, 0},
		{custom, `its http rule HEAD "/v1/a" is ignored: a stream is read with GET or POST`, 0},
		{whole, `its http rule GET "/v1/a" has a response_body "inner", which is ignored: messages are sent whole`, 1},
		{withBody, `its http rule GET "/v1/a" has a body "*", which GET does not take; it goes without`, 1},
		{post("/v1/a", "nope"), `its http rule POST "/v1/a" has a body "nope", which ` + notOfRequest + ignored, 0},
		{post("/v1/{origin.lat}", "origin"), `its http rule POST "/v1/{origin.lat}" has a body "origin", of which {origin.lat} is a part` + ignored, 0},
		{get("v1"), `its http rule GET "v1" must begin with a slash` + ignored, 0},
		{get("/{name}"), `its http rule GET "/{name}" must not begin with a variable: the app and what a bridge serves itself are there` + ignored, 0},
		{get("/runs/{name}"), `its http rule GET "/runs/{name}" is reserved: a bridge serves /runs itself` + ignored, 0},
		{get("/v1/{nope}"), `its http rule GET "/v1/{nope}" has a variable "nope", which ` + notOfRequest + ignored, 0},
		{get("/v1/{origin.nope}"), `its http rule GET "/v1/{origin.nope}" has a variable "origin.nope", which names no field: "nope" ` + notOfPoint + ignored, 0},
		{get("/v1/{tags}"), `its http rule GET "/v1/{tags}" has a variable "tags", which is repeated, and a variable is one value` + ignored, 0},
		{get("/v1/{labels}"), `its http rule GET "/v1/{labels}" has a variable "labels", which is a map, whose entries are written as labels[key]=value` + ignored, 0},
		{get("/v1/{origin}"), `its http rule GET "/v1/{origin}" has a variable "origin", which is a odd.Point, and a variable is a single value` + ignored, 0},
		{get("/v1/{min_pause}/{min_pause.seconds}"), `its http rule GET "/v1/{min_pause}/{min_pause.seconds}" gives field "min_pause.seconds" twice: by {min_pause} and by {min_pause.seconds}` + ignored, 0},
		{get("/v1/{f_int32}/{fInt32}"), `its http rule GET "/v1/{f_int32}/{fInt32}" gives field "f_int32" twice: by {f_int32} and by {fInt32}` + ignored, 0},
		{get("/v1/{name}/{id}"), `its http rule GET "/v1/{name}/{id}" has a variable "id", which cannot be given beside another of name, id, place, nothing` + ignored, 0},
		{get("/v1/{place.lat}/{id}"), `its http rule GET "/v1/{place.lat}/{id}" has a variable "id", which cannot be given beside another of name, id, place, nothing` + ignored, 0},
		{get("/odd.Odd/Once"), `its path "/odd.Odd/Once" is where odd.Odd/Once is served; it has no path of its own`, 0},
	}
	for _, test := range tests {
		c := oddRules(t, test.rule)
		want := []string{}
		if test.want != "" {
			want = []string{"odd.Odd/Watch: " + test.want}
		}
		if diff := cmp.Diff(want, texts(c.Problems())); diff != "" {
			t.Errorf("%v: problems (-want +got):\n%s", test.rule, diff)
		}
		if paths := c.Lookup("odd.Odd/Watch").Paths(); len(paths) != test.paths+2 {
			t.Errorf("%v: %v, want %d and those of gRPC", test.rule, paths, test.paths)
		}
	}
}

// FuzzBinding holds that whatever comes with a path makes a request that is
// sound, or an error that tells.
func FuzzBinding(f *testing.F) {
	for _, seed := range []binding{
		{"GET", "/w/9/2024-02-29T12:00:00Z/0.2s/a,bC", "origin.lat=1", "", "", ""},
		{"GET", "/s/x/a%2Fb/c%20d", "extra={}&labels[a]=b", "", "", ""},
		{"POST", "/all/a", "", "f_int32=1&name=x", "", ""},
		{"POST", "/one/1", "", "", `{"lat":5}`, ""},
		{"POST", "/list/1", "f_bool=1", "", `[{}]`, ""},
		{"POST", "/place/1", "", "", `{"place":{"lat":2}}`, ""},
	} {
		f.Add(seed.method == http.MethodPost, seed.path, seed.query, seed.form, []byte(seed.body))
	}
	c := boundRules(f)
	f.Fuzz(func(t *testing.T, isPost bool, path, query, form string, body []byte) {
		method := http.MethodGet
		if isPost {
			method = http.MethodPost
		}
		b, _ := c.Match(method, path)
		if b == nil {
			return
		}
		queryValues, _ := url.ParseQuery(query)
		formValues, _ := url.ParseQuery(form)
		req, err := b.Request(queryValues, formValues, body)
		checkRequest(t, b.Method, req, err)
		again, _ := c.Match(method, path)
		if twice, err := again.Request(queryValues, formValues, body); err == nil && string(twice.Wire) != string(req.Wire) {
			t.Errorf("%s is %x once and %x twice", path, req.Wire, twice.Wire)
		}
	})
}
