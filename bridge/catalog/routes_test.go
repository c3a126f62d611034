// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/known/durationpb"

	streamv1 "sluice/proto/gen/sluice/stream/v1"
)

// everyRoute has every key.
const everyRoute = `
# What the protos do not say.
routes:
  - method: odd.Odd/Watch
    paths: [/watch, "/watch/{origin.lat}/{color}:live"]
    event: change
    on_disconnect: detach
    linger: 90s
    share: true
    join_at: live
    expose_trailers: [x-node, x-took]
    timeout: 5m
    max_timeout: 1h
    resume:
      response_field: inner.revision
      request_field: f_int64
      inclusive: true
      set:
        f_bool: true
        tags: 'a b'
        labels[x]: 1
        color: GREEN
  - {method: odd.Odd/Once, path: /once}
`

func parseRoutes(t testing.TB, text string) *Routes {
	t.Helper()
	r, err := ParseRoutes("routes.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestRoutes(t *testing.T) {
	t.Parallel()
	c, err := fromSet(t, oddFile()).WithRoutes(parseRoutes(t, everyRoute))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{}, texts(c.Problems())); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
	m := c.Lookup("odd.Odd/Watch")
	want := Policy{
		Path: "/watch", Event: "change", OnDisconnect: OnDisconnectDetach, Linger: 90 * time.Second,
		Share: true, JoinAt: JoinAtLive, ExposeTrailers: []string{"x-node", "x-took"},
		Timeout: 5 * time.Minute, MaxTimeout: time.Hour,
		Resume: ResumeMapping{
			ResponseField: "inner.revision", RequestField: "f_int64", Inclusive: true,
			Set: map[string]string{"f_bool": "true", "tags": "a b", "labels[x]": "1", "color": "GREEN"},
		},
	}
	if diff := cmp.Diff(want, m.Policy); diff != "" {
		t.Errorf("policy (-want +got):\n%s", diff)
	}
	ways := []Path{
		{"GET", "/watch", ""},
		{"POST", "/watch", "*"},
		{"GET", "/watch/{origin.lat}/{color}:live", ""},
		{"POST", "/watch/{origin.lat}/{color}:live", "*"},
		{"GET", "/odd.Odd/Watch", ""},
		{"POST", "/odd.Odd/Watch", "*"},
	}
	if diff := cmp.Diff(ways, m.Paths()); diff != "" {
		t.Errorf("paths (-want +got):\n%s", diff)
	}
	b, _ := c.Match("POST", "/watch/7/RED:live")
	if b == nil || b.Method != m {
		t.Fatalf("the path leads to %+v", b)
	}
	req, err := b.Request(nil, nil, []byte(`{"color":"RED","tags":["old"],"labels":{"x":"old","y":"z"},"id":"3"}`))
	if err != nil {
		t.Fatal(err)
	}
	resumed, err := m.ResumeRequest(req, "41")
	if err != nil {
		t.Fatal(err)
	}
	const wantRequest = `{"fBool":true,"fInt64":"42","color":"GREEN","origin":{"lat":7},"tags":["a b"],"labels":{"x":"1","y":"z"},"id":"3"}`
	if got := decodeOdd(t, m, resumed.Wire); got != wantRequest {
		t.Errorf("resumed with\n     %s\nwant %s", got, wantRequest)
	}
	if once := c.Route("/once"); once == nil || once.FullName != "odd.Odd/Once" {
		t.Errorf("/once leads to %+v", once)
	}
}

// A rule takes the place of what it says, and of nothing else.
func TestRoutesOverride(t *testing.T) {
	t.Parallel()
	options := &streamv1.StreamOptions{
		Path: "/own", Event: "own", OnDisconnect: streamv1.OnDisconnect_ON_DISCONNECT_CANCEL, Linger: durationpb.New(time.Second),
		Share: true, JoinAt: streamv1.JoinAt_JOIN_AT_LIVE, ExposeTrailers: []string{"x-own"},
		Resume: &streamv1.ResumeMapping{ResponseField: "token", RequestField: "token"},
	}
	own := Policy{
		Path: "/own", Event: "own", OnDisconnect: OnDisconnectCancel, Linger: time.Second,
		Share: true, JoinAt: JoinAtLive, ExposeTrailers: []string{"x-own"},
		Resume: ResumeMapping{ResponseField: "token", RequestField: "token"},
	}
	tests := []struct {
		rule   string
		change func(p *Policy)
	}{
		{"", func(*Policy) {}},
		{"path: /new", func(p *Policy) { p.Path = "/new" }},
		{"paths: []", func(p *Policy) { p.Path = "" }},
		{`paths: ["/new/{token}"]`, func(p *Policy) { p.Path = "" }},
		{"event: ''", func(p *Policy) { p.Event = "" }},
		{"on_disconnect: default", func(p *Policy) { p.OnDisconnect = OnDisconnectDefault }},
		{"on_disconnect: linger", func(p *Policy) { p.OnDisconnect = OnDisconnectLinger }},
		{"linger: 1h", func(p *Policy) { p.Linger = time.Hour }},
		{"share: false", func(p *Policy) { p.Share = false }},
		{"join_at: start", func(p *Policy) { p.JoinAt = JoinAtStart }},
		{"expose_trailers: []", func(p *Policy) { p.ExposeTrailers = nil }},
		{"timeout: 1s", func(p *Policy) { p.Timeout = time.Second }},
		{"max_timeout: 1s", func(p *Policy) { p.MaxTimeout = time.Second }},
		{"resume: {}", func(p *Policy) { p.Resume = ResumeMapping{} }},
		{"resume: {response_field: revision, request_field: inner.revision}", func(p *Policy) {
			p.Resume = ResumeMapping{ResponseField: "revision", RequestField: "inner.revision"}
		}},
	}
	for _, test := range tests {
		before := withOptions(t, options)
		c, err := before.WithRoutes(parseRoutes(t, "routes: [{method: p.S/M, "+test.rule+"}]"))
		if err != nil {
			t.Errorf("%s: %v", test.rule, err)
			continue
		}
		want := own
		test.change(&want)
		m := c.Lookup("p.S/M")
		if diff := cmp.Diff(want, m.Policy); diff != "" {
			t.Errorf("%s: policy (-want +got):\n%s", test.rule, diff)
		}
		if m.CanResume() == want.Resume.IsZero() {
			t.Errorf("%s: CanResume() = %t", test.rule, m.CanResume())
		}
		if diff := cmp.Diff(own, before.Lookup("p.S/M").Policy); diff != "" || before.Route("/own") == nil {
			t.Errorf("%s changed the catalog it was given:\n%s", test.rule, diff)
		}
		if c.Equal(before) != (test.rule == "") {
			t.Errorf("%s: Equal() = %t", test.rule, c.Equal(before))
		}
	}
}

// Files that say nothing are no fault.
func TestRoutesEmpty(t *testing.T) {
	t.Parallel()
	c := fromSet(t, oddFile())
	for _, text := range []string{"", "# nothing\n", "---\n", "routes: []", "\ufeff"} {
		r, err := ParseRoutes("routes.yaml", []byte(text))
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if same, err := c.WithRoutes(r); err != nil || !same.Equal(c) {
			t.Errorf("%q: %v", text, err)
		}
	}
	if same, err := c.WithRoutes(nil); same != c || err != nil {
		t.Errorf("no routes: %v", err)
	}
	if none, err := (*Catalog)(nil).WithRoutes(parseRoutes(t, everyRoute)); none != nil || err != nil {
		t.Errorf("no catalog: %v, %v", none, err)
	}
}

// A backend may be away, and its methods with it.
func TestRoutesWithoutMethod(t *testing.T) {
	t.Parallel()
	c, err := fromSet(t, oddFile()).WithRoutes(parseRoutes(t, "routes:\n- method: away.Away/Watch\n  path: /away\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"away.Away/Watch: routes.yaml:2 has a rule for it, and no backend offers it"}
	if diff := cmp.Diff(want, texts(c.Problems())); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

func TestParseRoutesRefuses(t *testing.T) {
	t.Parallel()
	rule := func(text string) string { return "routes:\n  - method: p.S/M\n    " + text + "\n" }
	const (
		keys     = "is not a key here: there are method, path, paths, event, on_disconnect, linger, share, join_at, expose_trailers, timeout, max_timeout, resume"
		duration = `must be a duration such as "30s" or "5m"`
	)
	tests := []struct{ text, want string }{
		{"routes", `1:1: must be a mapping, got "routes"`},
		{"[]", "1:1: must be a mapping, got a list"},
		{"routes: {}", "1:1: routes must be a list, got a mapping"},
		{"routes:", "1:1: routes must be a list, got nothing"},
		{"route: []", "1:1: route is not a key here: there are routes"},
		{"routes: [a]", `1:10: routes[0] must be a mapping, got "a"`},
		{"routes: [{}]", "1:10: routes[0] must have a key method"},
		{"routes: [{method: 5}]", `1:11: routes[0].method must be text, got "5"`},
		{"routes: [{method: p.S.M}]", `1:11: routes[0].method must be a method such as "pkg.Service/Method", got "p.S.M"`},
		{"routes: [{method: /p.S/M}]", `1:11: routes[0].method must be a method such as "pkg.Service/Method", got "/p.S/M"`},
		{rule("paht: /a"), "3:5: routes[0].paht " + keys},
		{rule("path: a"), `3:5: routes[0].path "a" must begin with a slash`},
		{rule("path: [/a]"), "3:5: routes[0].path must be text, got a list"},
		{rule("path: /"), `3:5: routes[0].path "/" must not have an empty segment, nor end in a slash`},
		{rule("path: /runs/a"), `3:5: routes[0].path "/runs/a" is reserved: a bridge serves /runs itself`},
		{rule("paths: /a"), `3:5: routes[0].paths must be a list, got "/a"`},
		{rule("paths: [/a, 5]"), `3:17: routes[0].paths[1] must be text, got "5"`},
		{rule("paths: [/a, '/{b}']"), `3:17: routes[0].paths[1] "/{b}" must not begin with a variable: the app and what a bridge serves itself are there`},
		{rule("path: /a\n    paths: [/b]"), "4:5: routes[0].paths must not be there beside path"},
		{rule("paths: [/b]\n    path: /a"), "4:5: routes[0].path must not be there beside paths"},
		{rule("event: end"), `3:5: routes[0].event "end" belongs to the stream protocol`},
		{rule("event: 5"), `3:5: routes[0].event must be text, got "5"`},
		{rule("event:"), "3:5: routes[0].event must be text, got nothing"},
		{rule("on_disconnect: stop"), `3:5: routes[0].on_disconnect must be one of default, cancel, linger, detach, got "stop"`},
		{rule("join_at: {}"), "3:5: routes[0].join_at must be one of start, live, got a mapping"},
		{rule("linger: 30"), "3:5: routes[0].linger " + duration + `, longer than 0s, got "30"`},
		{rule("linger: 0s"), "3:5: routes[0].linger " + duration + `, longer than 0s, got "0s"`},
		{rule("linger: []"), "3:5: routes[0].linger " + duration + ", got a list"},
		{rule("share: 1"), `3:5: routes[0].share must be true or false, got "1"`},
		{rule("share: 'true'"), `3:5: routes[0].share must be true or false, got "true"`},
		{rule("expose_trailers: [a, B]"), `3:26: routes[0].expose_trailers[1] "B" must be a name of lower-case letters, digits, '-', '.' and '_'`},
		{rule("expose_trailers: [1]"), `3:23: routes[0].expose_trailers[0] must be text, got "1"`},
		{rule("timeout: -1s"), "3:5: routes[0].timeout " + duration + `, longer than 0s, got "-1s"`},
		{rule("timeout: 2s\n    max_timeout: 1s"), "3:5: routes[0].timeout must be max_timeout, 1s, at most, got 2s"},
		{rule("resume: a"), `3:5: routes[0].resume must be a mapping, got "a"`},
		{rule("resume: {field: a}"), "3:14: routes[0].resume.field is not a key here: there are response_field, request_field, inclusive, set"},
		{rule("resume: {response_field: 5}"), `3:14: routes[0].resume.response_field must be text, got "5"`},
		{rule("resume: {inclusive: 5}"), `3:14: routes[0].resume.inclusive must be true or false, got "5"`},
		{rule("resume: {set: [a]}"), "3:14: routes[0].resume.set must be a mapping, got a list"},
		{rule("resume: {set: {a: [b]}}"), "3:20: routes[0].resume.set.a must be a single value, as a query would give it, got a list"},
		{rule("resume: {set: {a: }}"), "3:20: routes[0].resume.set.a must be a single value, as a query would give it, got nothing"},
		{rule("event: &a b"), "3:5: routes[0].event must be text, got an anchor or what refers to one, which is not taken here"},
		{rule("event: !!str b"), "3:5: routes[0].event must be text, got a tag, which is not taken here"},
		{rule("") + "  - method: p.S/M\n", `4:5: routes[1].method "p.S/M" has a rule in line 2 already`},
		{rule("path: '/a/{b}'") + "  - {method: p.S/N, path: '/a/{c}'}\n", `4:21: routes[1].path "/a/{c}" is asked for in line 3 already`},
		{"routes: []\n---\nroutes: []\n", "3:1: must be one document"},
		{"# " + strings.Repeat("a", MaxRoutesBytes), "1:1: must have 1048576 bytes at most, and has 1048578"},
	}
	for _, test := range tests {
		_, err := ParseRoutes("routes.yaml", []byte(test.text))
		var fault *RouteError
		if !errors.As(err, &fault) || err.Error() != "routes.yaml:"+test.want {
			t.Errorf("%.200s\n got %v\nwant routes.yaml:%s", test.text, err, test.want)
		}
	}
	// What the YAML library finds wrong is told in its words.
	for _, test := range []struct{ text, want string }{
		{"routes: [", "routes.yaml:1:9: is not YAML: "},
		{rule("event: a\n    event: b"), "routes.yaml:4:5: is not YAML: mapping key \"event\" already defined"},
		{"routes:\n\t- a", "routes.yaml:2:1: is not YAML: "},
	} {
		if _, err := ParseRoutes("routes.yaml", []byte(test.text)); err == nil || !strings.HasPrefix(err.Error(), test.want) {
			t.Errorf("%s\n got %v\nwant %s", test.text, err, test.want)
		}
	}
}

// All faults are told at once, up to a number.
func TestParseRoutesTellsAll(t *testing.T) {
	t.Parallel()
	_, err := ParseRoutes("r.yaml", []byte("routes:\n- {method: a, share: 1}\n- {method: p.S/M, linger: 1}\nmore: 1\n"))
	const want = `r.yaml:2:4: routes[0].method must be a method such as "pkg.Service/Method", got "a"
r.yaml:2:15: routes[0].share must be true or false, got "1"
r.yaml:3:19: routes[1].linger must be a duration such as "30s" or "5m", longer than 0s, got "1"
r.yaml:4:1: more is not a key here: there are routes`
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
	_, err = ParseRoutes("r.yaml", []byte("routes:\n"+strings.Repeat("- 5\n", 1000)))
	if lines := strings.Count(err.Error(), "\n") + 1; lines != maxViolations {
		t.Errorf("%d faults are told, want %d", lines, maxViolations)
	}
}

// Rules that do not fit their method are told with their place in the file.
func TestWithRoutesRefuses(t *testing.T) {
	t.Parallel()
	resume := func(text string) string { return "routes:\n- method: odd.Odd/Watch\n  resume:\n    " + text + "\n" }
	const whole = "must be a whole number from -2147483648 to 2147483647, got "
	tests := []struct{ text, want string }{
		{"routes:\n- {method: odd.Odd/Watch, path: '/a/{nope}'}", `2:27: routes[0].path "/a/{nope}" has a variable "nope", which ` + notOfRequest},
		{resume("response_field: token"), `3:3: routes[0].resume.request_field is missing`},
		{resume("request_field: f_string"), `3:3: routes[0].resume.response_field is missing`},
		{resume("inclusive: true"), `3:3: routes[0].resume.response_field is missing`},
		{resume("{response_field: nope, request_field: f_string}"), `4:6: routes[0].resume.response_field "nope" does not exist: odd.Reply has no field "nope"`},
		{resume("{response_field: token, request_field: tags}"), `4:29: routes[0].resume.request_field "tags" is no single value: odd.Request.tags is repeated`},
		{resume("{response_field: token, request_field: f_int32}"), `4:29: routes[0].resume.request_field "f_int32" is an integer, and response_field "token" is a string`},
		{resume("{response_field: token, request_field: f_string, inclusive: true}"), `4:54: routes[0].resume.inclusive "true" takes an integer, which has a next one, and request_field "f_string" is a string`},
		{resume("{response_field: token, request_field: f_string, set: {nope: 1}}"), `4:60: routes[0].resume.set.nope ` + notOfRequest},
		{resume("{response_field: token, request_field: f_string, set: {f_int32: x}}"), `4:60: routes[0].resume.set.f_int32 ` + whole + `"x"`},
		{resume("{response_field: token, request_field: f_string, set: {f_string: x}}"), `4:60: routes[0].resume.set.f_string is where the position goes`},
		{resume("{response_field: small, request_field: origin.lat, set: {origin: '{}'}}"), `4:62: routes[0].resume.set.origin is where the position goes`},
		{resume("{response_field: token, request_field: name, set: {id: 1}}"), `4:56: routes[0].resume.set.id cannot be given beside another of name, id, place, nothing, as request_field is`},
		{resume("{response_field: token, request_field: f_string, set: {name: a, id: 1}}"), `4:60: routes[0].resume.set.name cannot be given beside another of name, id, place, nothing`},
	}
	c := fromSet(t, oddFile())
	for _, test := range tests {
		_, err := c.WithRoutes(parseRoutes(t, test.text))
		var fault *RouteError
		if !errors.As(err, &fault) || err.Error() != "routes.yaml:"+test.want {
			t.Errorf("%s\n got %v\nwant routes.yaml:%s", test.text, err, test.want)
		}
	}
	_, err := c.WithRoutes(parseRoutes(t, "routes:\n- {method: odd.Odd/Watch, path: '/a/{nope}'}\n- {method: odd.Odd/Once, path: '/b/{nope}'}"))
	if err == nil || strings.Count(err.Error(), "routes.yaml:") != 2 {
		t.Errorf("two rules that do not fit: %v", err)
	}
}

// Of a path that several ask for, the operator's word goes first, and the
// annotation that other programs read last.
func TestPathsByOrigin(t *testing.T) {
	t.Parallel()
	file := fileOf(newService(
		"S",
		newMethod("Annotated", ".p.In", ".p.Out", nil),
		newMethod("Own", ".p.In", ".p.Out", &streamv1.StreamOptions{Path: "/a/b"}),
		newMethod("Routed", ".p.In", ".p.Out", nil),
	))
	file.Service[0].Method[0].Options = new(descriptorpb.MethodOptions)
	proto.SetExtension(file.Service[0].Method[0].Options, httpOption.extension, get("/a/b"))
	c := fromSet(t, file)
	check := func(c *Catalog, method, want string, problems ...string) {
		t.Helper()
		got := ""
		if b, _ := c.Match(method, "/a/b"); b != nil {
			got = b.Method.FullName
		}
		if got != want {
			t.Errorf("%s /a/b is %q, want %q", method, got, want)
		}
		if diff := cmp.Diff(problems, texts(c.Problems())); diff != "" {
			t.Errorf("problems (-want +got):\n%s", diff)
		}
	}
	check(c, "GET", "p.S/Own", `p.S/Annotated: its path "/a/b" is where p.S/Own is served by its option (sluice.stream.v1.stream); it is not served there`)
	check(c.WithExposure(Exposure{Hide: []string{"p.S/Own"}}), "GET", "p.S/Annotated", []string{}...)
	routed, err := c.WithRoutes(parseRoutes(t, "routes: [{method: p.S/Routed, path: /a/b}]"))
	if err != nil {
		t.Fatal(err)
	}
	check(
		routed, "POST", "p.S/Routed",
		`p.S/Annotated: its path "/a/b" is where p.S/Routed is served by the route file; it is not served there`,
		`p.S/Own: its path "/a/b" is where p.S/Routed is served by the route file; it is not served there`,
	)
	if own := routed.Lookup("p.S/Own").Policy.Path; own != "" {
		t.Errorf("a path that another has is still the method's own: %q", own)
	}
}

// FuzzParseRoutes holds that no file does harm, and that what is taken can be
// applied or is refused with its place.
func FuzzParseRoutes(f *testing.F) {
	for _, seed := range []string{everyRoute, "", "routes: [{method: p.S/M, resume: {set: {a: 1}}}]", "a: &b [*b]", "? a\n: b", "- |\n  a", "<<: {a: b}", "a: !!int 5", "{[]: 1}", "'\\x"} {
		f.Add([]byte(seed))
	}
	c := fromSet(f, oddFile())
	f.Fuzz(func(t *testing.T, text []byte) {
		if len(text) > 4096 {
			t.Skip() // the YAML library is not what is tested
		}
		r, err := ParseRoutes("r", text)
		if err == nil {
			_, err = c.WithRoutes(r)
		}
		if err == nil {
			return
		}
		var fault *RouteError
		if !errors.As(err, &fault) || fault.File != "r" || fault.Line < 1 || fault.Column < 1 || fault.Text == "" {
			t.Errorf("%T %v", err, err)
		}
	})
}
