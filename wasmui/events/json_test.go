// SPDX-License-Identifier: Apache-2.0

package events

import (
	"encoding/json"
	"html"
	"regexp"
	"strings"
	"testing"
)

var tags = regexp.MustCompile(`</?(span|mark)[^>]*>`)

// plain gives the text that a browser would show.
func plain(markup string) string { return html.UnescapeString(tags.ReplaceAllString(markup, "")) }

func TestAppendJSON(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		`{}`:                        `{}`,
		`{"a":[ ],"b":{ }}`:         "{\n  <span class=\"k\">&quot;a&quot;</span>: [],\n  <span class=\"k\">&quot;b&quot;</span>: {}\n}",
		`[1,-2.5e3]`:                "[\n  <span class=\"n\">1</span>,\n  <span class=\"n\">-2.5e3</span>\n]",
		`[true,null]`:               "[\n  <span class=\"l\">true</span>,\n  <span class=\"l\">null</span>\n]",
		`"<b> & \"c\\"`:             "<span class=\"s\">&quot;&lt;b&gt; &amp; \\&quot;c\\\\&quot;</span>",
		`"open`:                     "<span class=\"s\">&quot;open</span>",
		`"open\`:                    "<span class=\"s\">&quot;open\\</span>",
		`]]}`:                       "\n]\n]\n}",
		`<script>alert(1)</script>`: `<span class="l">&lt;script&gt;alert(1)&lt;/script&gt;</span>`,
		``:                          ``,
	} {
		got, whole := AppendJSON(nil, []byte(in))
		if string(got) != want || !whole {
			t.Errorf("%s is set as\n%s, want\n%s", in, got, want)
		}
	}
}

func TestAppendJSONIsBounded(t *testing.T) {
	t.Parallel()
	got, whole := AppendJSON(nil, []byte(`"`+strings.Repeat("ä", maxPretty)+`"`))
	if whole || len(got) > maxPretty+100 || !strings.HasSuffix(plain(string(got)), "ä") {
		t.Errorf("a large value gives %d bytes, whole is %v", len(got), whole)
	}
	got, _ = AppendJSON(nil, []byte(strings.Repeat("[", maxPretty)))
	if len(got) > maxPretty*(2*maxIndent+3) {
		t.Errorf("nothing but brackets gives %d bytes", len(got))
	}
}

func TestAppendLine(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("ü", 400) + "needle" + strings.Repeat("x", 400)
	for _, test := range []struct{ data, filter, want string }{
		{`{"a":"<i>"}`, "", `{&quot;a&quot;:&quot;&lt;i&gt;&quot;}`},
		{`{"a":"<i>"}`, "I", `{&quot;a&quot;:&quot;&lt;<mark>i</mark>&gt;&quot;}`},
		{long, "", strings.Repeat("ü", 120) + " …"},
		{long, "NEEDLE", "… " + strings.Repeat("ü", 20) + "<mark>needle</mark>" + strings.Repeat("x", 194) + " …"},
		{"", "a", ""},
	} {
		f, err := ParseFilter(test.filter)
		if err != nil {
			t.Fatal(err)
		}
		if got := string(AppendLine(nil, []byte(test.data), f)); got != test.want {
			t.Errorf("%.20s with %q is\n%s, want\n%s", test.data, test.filter, got, test.want)
		}
	}
}

// What is set says the same as what came, whatever it was, and is no markup.
func FuzzAppendJSON(f *testing.F) {
	for _, seed := range []string{`{"a":[1,true,"x\"<"],"b":{}}`, `[[[]]]`, `"\u0000`, `{"a"`, "</pre><script>"} {
		f.Add([]byte(seed), "a")
	}
	f.Fuzz(func(t *testing.T, data []byte, filter string) {
		markup, whole := AppendJSON(nil, data)
		text := plain(string(markup))
		if strings.ContainsAny(tags.ReplaceAllString(string(markup), ""), "<>") {
			t.Fatalf("%q is set with markup of its own: %s", data, markup)
		}
		if json.Valid(data) && whole {
			var was, is any
			if json.Unmarshal(data, &was) != nil || json.Unmarshal([]byte(text), &is) != nil {
				t.Fatalf("%q is set as %q, which is no JSON", data, text)
			}
		}
		parsed, err := ParseFilter(filter)
		if err != nil {
			return
		}
		line := string(AppendLine(nil, data, parsed))
		if strings.ContainsAny(tags.ReplaceAllString(line, ""), "<>") {
			t.Fatalf("%q is shown with markup of its own: %s", data, line)
		}
	})
}
