// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"github.com/grpc-ecosystem/grpc-gateway/v2/utilities"
)

// templates are paths that are right, with a path that each matches and what its
// variables have there.
var templates = []struct {
	text, path string
	want       map[string]string
}{
	{"/v1/messages", "/v1/messages", nil},
	{"/v1/messages/{message_id}", "/v1/messages/12", map[string]string{"message_id": "12"}},
	{"/v1/{name=messages/*}", "/v1/messages/12", map[string]string{"name": "messages/12"}},
	{"/v1/{name=shelves/*}/books:watch", "/v1/shelves/a/books:watch", map[string]string{"name": "shelves/a"}},
	{"/v1/{name=**}", "/v1/a/b/c", map[string]string{"name": "a/b/c"}},
	{"/v1/{name=**}", "/v1", map[string]string{"name": ""}},
	{"/v1/{name=a/**}:run", "/v1/a/b/c:run", map[string]string{"name": "a/b/c"}},
	{"/v1/{name=a/**}:run", "/v1/a:run", map[string]string{"name": "a"}},
	{"/v1/*/x/{a.b_1.c=y}", "/v1/z/x/y", map[string]string{"a.b_1.c": "y"}},
	{"/v1/{a}/{b}:x", "/v1/1:2/3:x", map[string]string{"a": "1:2", "b": "3"}},
	{"/v1:run", "/v1:run", nil},
	{"/a:b/c:d", "/a:b/c:d", nil},
	{"/a:b:c", "/a:b:c", nil},
	{"/~a-b._c@d", "/~a-b._c@d", nil},
	{"/v1/**", "/v1/a//b/", nil},
}

func TestTemplate(t *testing.T) {
	t.Parallel()
	for _, test := range templates {
		parsed, err := parseTemplate(test.text)
		if err != nil {
			t.Errorf("%s: %v", test.text, err)
			continue
		}
		got, ok := matchAlone(parsed, test.path)
		if !ok || !cmp.Equal(got, test.want) && len(got)+len(test.want) > 0 {
			t.Errorf("%s at %s: %v, %v, want %v", test.text, test.path, got, ok, test.want)
		}
	}
}

// matchAlone returns what the variables of a template have in a path.
func matchAlone(t *template, path string) (map[string]string, bool) {
	var r router
	r.add(&endpoint{path: Path{Method: "GET"}, template: t})
	e, segments, _ := r.find("GET", path)
	if e == nil {
		return nil, false
	}
	values := make(map[string]string)
	for _, v := range t.variables {
		value, ok := v.value(segments)
		if !ok {
			return nil, false
		}
		values[v.field] = value
	}
	return values, true
}

func TestTemplateRefuses(t *testing.T) {
	t.Parallel()
	const literal = "must have letters, digits, or some of -._~:!$&'()+,;=@ in its segments, or a variable, got "
	const verb = "must have letters, digits, or some of -._~!$&'()+,;=@ after the colon at its end"
	const empty = "must not have an empty segment, nor end in a slash"
	tests := []struct{ text, want string }{
		{"", "must begin with a slash"},
		{"v1", "must begin with a slash"},
		{"/", empty},
		{"/v1/", empty},
		{"//v1", empty},
		{"/v1//a", empty},
		{"/v1/{a=b//c}", empty},
		{"/v1/{a=}", empty},
		{"/v1/..", `must not have a "." or ".." segment, which browsers resolve`},
		{"/v1/{a", "must have a closing brace for each opening one"},
		{"/v1/a}", `must have a slash, or a colon and no slash, before "}"`},
		{"/v1/{a}b", `must have a slash, or a colon and no slash, before "b"`},
		{"/v1/b{a}", `must have a slash, or a colon and no slash, before "{a}"`},
		{"/v1/{}", `must have names of fields joined by dots in its variables, got ""`},
		{"/v1/{a..b}", `must have names of fields joined by dots in its variables, got "a..b"`},
		{"/v1/{1a}", `must have names of fields joined by dots in its variables, got "1a"`},
		{"/v1/{a={b}}", literal + `"{b"`},
		{"/v1/a b", literal + `"a b"`},
		{"/v1/a%20b", literal + `"a%20b"`},
		{"/v1/a*", literal + `"a*"`},
		{"/v1/***", literal + `"***"`},
		{"/v1/ä", literal + `"ä"`},
		{"/v1/a:", verb},
		{"/v1/{a}:", verb},
		{"/v1/{a}:b:c", verb},
		{"/v1/{a}:b/c", verb},
		{"/v1/**/a", `must not go on behind "**", but with a colon and a verb`},
		{"/v1/{a=**}/{b}", `must not go on behind "**", but with a colon and a verb`},
		{"/v1/{a}/{a}", "must not have two variables a"},
		{"/v1" + strings.Repeat("/a", maxTemplateSegments), "must have 64 segments at most"},
	}
	for _, test := range tests {
		if _, err := parseTemplate(test.text); err == nil || err.Error() != test.want {
			t.Errorf("%q: %v\nwant %s", test.text, err, test.want)
		}
	}
}

// What is escaped in a path is unescaped once, and a slash only where a variable
// is one segment.
func TestTemplateEscapes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text, path string
		want       map[string]string // nil for no match
	}{
		{"/v1/{a}", "/v1/x%2Fy%252F%20z", map[string]string{"a": "x/y%2F z"}},
		{"/v1/{a=b/*}", "/v1/b/x%2Fy%2fz%20", map[string]string{"a": "b/x%2Fy%2Fz "}},
		{"/v1/{a=**}", "/v1/b%3a/x%2Fy", map[string]string{"a": "b:/x%2Fy"}},
		{"/v1/{a=**}", "/v1/b%3Ax", map[string]string{"a": "b:x"}},
		{"/v1/{a}:x", "/v1/b%3Ax", nil},
		{"/v1/{a}:x", "/v1/b:%78", map[string]string{"a": "b"}},
		{"/v1/{a}", "/v%31/b", map[string]string{"a": "b"}},
		{"/v1/{a}", "/v1/%zz", nil},
		{"/v1/{a}", "/v1/", nil},
		{"/v1/{a}", "/v1/a/", nil},
		{"/v1/{a}:x", "/v1/:x", nil},
		{"/v1/{a}", "v1/a", nil},
	}
	for _, test := range tests {
		parsed, err := parseTemplate(test.text)
		if err != nil {
			t.Errorf("%s: %v", test.text, err)
			continue
		}
		got, ok := matchAlone(parsed, test.path)
		if ok != (test.want != nil) || ok && !cmp.Equal(got, test.want) {
			t.Errorf("%s at %s: %v, %v, want %v", test.text, test.path, got, ok, test.want)
		}
	}
}

// templateLanguage is the language of templates, but for what a regular
// expression cannot say.
var templateLanguage = func() *regexp.Regexp {
	const (
		plain    = `[A-Za-z0-9\-._~!$&'()+,;=@]+`
		literal  = `[A-Za-z0-9\-._~!$&'()+,;=@:]+`
		name     = `[A-Za-z_][A-Za-z0-9_]*`
		segment  = `(?:\*\*?|` + literal + `)`
		variable = `\{` + name + `(?:\.` + name + `)*(?:=` + segment + `(?:/` + segment + `)*)?\}`
	)
	return regexp.MustCompile(`^(?:/(?:` + segment + `|` + variable + `))*/(?:` + plain + `|` + literal + `:` + plain +
		`|(?:\*\*?|` + variable + `)(?::` + plain + `)?)$`)
}()

// FuzzTemplate holds the parser to a regular expression, and matching to
// grpc-gateway's own.
func FuzzTemplate(f *testing.F) {
	for _, test := range templates {
		f.Add(test.text, test.path)
	}
	f.Add("/v1/{a={b}}", "/v1/b")
	f.Fuzz(func(t *testing.T, text, path string) {
		parsed, err := parseTemplate(text)
		if err != nil {
			if templateLanguage.MatchString(text) && !isExcluded(text) {
				t.Fatalf("%q is refused: %v", text, err)
			}
			return
		}
		if !templateLanguage.MatchString(text) {
			t.Fatalf("%q is taken for a template", text)
		}
		got, ok := matchAlone(parsed, path)
		// The other unescapes other parts, and takes empty segments for some.
		if !strings.HasPrefix(path, "/") || strings.Contains(path, "%") || strings.Contains(path+"/", "//") {
			return
		}
		want, wantOK := gatewayMatch(t, parsed, path)
		if ok != wantOK || ok && !cmp.Equal(got, want) {
			t.Errorf("%s at %s: %v, %v, want %v, %v", text, path, got, ok, want, wantOK)
		}
	})
}

// isExcluded reports whether a template is in the language and refused for what
// it says.
func isExcluded(text string) bool {
	names := regexp.MustCompile(`\{[^={}]*`).FindAllString(text, -1)
	if slices.Sort(names); len(slices.Compact(names)) < strings.Count(text, "{") {
		return true
	}
	text = regexp.MustCompile(`\{[^{}=]*=`).ReplaceAllString(text, "")
	text = regexp.MustCompile(`\{[^{}]*\}`).ReplaceAllString(text, "*")
	segments := strings.Split(strings.ReplaceAll(text, "}", ""), "/")[1:]
	for i, segment := range segments {
		if i == len(segments)-1 {
			if colon := strings.LastIndexByte(segment, ':'); colon >= 0 {
				segment = segment[:colon]
			}
		}
		if segment == "." || segment == ".." || segment == allSegments && i < len(segments)-1 {
			return true
		}
	}
	return len(segments) > maxTemplateSegments
}

// gatewayMatch is [matchAlone] by grpc-gateway.
func gatewayMatch(t *testing.T, parsed *template, path string) (map[string]string, bool) {
	t.Helper()
	var ops []int
	var pool []string
	word := func(text string) int {
		if i := slices.Index(pool, text); i >= 0 {
			return i
		}
		pool = append(pool, text)
		return len(pool) - 1
	}
	for i := 0; i <= len(parsed.segments); i++ {
		for _, v := range parsed.variables {
			if to := v.to; to == i || to < 0 && i == len(parsed.segments) {
				ops = append(ops, int(utilities.OpConcatN), i-v.from, int(utilities.OpCapture), word(v.field))
			}
		}
		if i == len(parsed.segments) {
			break
		}
		switch segment := parsed.segments[i]; segment {
		case oneSegment:
			ops = append(ops, int(utilities.OpPush), 0)
		case allSegments:
			ops = append(ops, int(utilities.OpPushM), 0)
		default:
			ops = append(ops, int(utilities.OpLitPush), word(segment))
		}
	}
	pattern, err := runtime.NewPattern(1, ops, pool, parsed.verb)
	if err != nil {
		t.Fatalf("%s: %v", parsed.text, err)
	}
	segments := strings.Split(path[1:], "/")
	verb := ""
	if parsed.verb != "" {
		last := &segments[len(segments)-1]
		var ok bool
		if *last, ok = strings.CutSuffix(*last, ":"+parsed.verb); !ok || *last == "" {
			return nil, false
		}
		verb = parsed.verb
	}
	values, err := pattern.MatchAndEscape(segments, verb, runtime.UnescapingModeAllExceptSlash)
	for name, value := range values {
		values[name] = strings.TrimSuffix(value, "/") // it puts a slash before no segments
	}
	return values, err == nil
}
