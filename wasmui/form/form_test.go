// SPDX-License-Identifier: Apache-2.0

package form

import (
	"os"
	"strings"
	"testing"
)

// shop gives the catalog of the tests.
func shop(t testing.TB) *Catalog {
	t.Helper()
	data, err := os.ReadFile("testdata/catalog.json")
	if err != nil {
		t.Fatal(err)
	}
	c, err := ParseCatalog(data)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

const order = "shop.v1.Order"

// at gives the node at a path, which has to be there.
func at(t *testing.T, f *Form, path string) *Node {
	t.Helper()
	n := f.Find(path)
	if n.Path() != path {
		t.Fatalf("there is nothing at %s", path)
	}
	return n
}

func TestTyping(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		fill func(t *testing.T, f *Form)
		want string
	}{
		{"nothing", func(*testing.T, *Form) {}, `{}`},
		{"numbers", func(t *testing.T, f *Form) {
			at(t, f, "total_cents").Type("-12")
			at(t, f, "rate").Type(".5")
			at(t, f, "big").Type("18446744073709551615")
			at(t, f, "small").Type("1e3")
		}, `{"totalCents":"-12","rate":0.5,"big":"18446744073709551615","small":1000}`},
		{"a text that is erased is not given", func(t *testing.T, f *Form) {
			at(t, f, "id").Type("a")
			at(t, f, "id").Type("")
		}, `{}`},
		{"an empty text that differs from none is", func(t *testing.T, f *Form) {
			at(t, f, "note").Type("a")
			at(t, f, "note").Type("")
			at(t, f, "maybe_text").Type("")
			at(t, f, "nick").Type("")
		}, `{"note":"","nick":"","maybeText":""}`},
		{"until it is left out", func(t *testing.T, f *Form) {
			at(t, f, "note").Type("")
			at(t, f, "note").Leave()
		}, `{}`},
		{"markup stays what it is", func(t *testing.T, f *Form) {
			at(t, f, "id").Type("<b> & \"c\"\n")
		}, `{"id":"<b> & \"c\"\n"}`},
		{"lists and maps", func(t *testing.T, f *Form) {
			at(t, f, "tags").Add().Type("a")
			at(t, f, "tags").Add()
			line := at(t, f, "lines").Add()
			line.child("name").Type("Tea")
			at(t, f, "lines").Add()
			entry := at(t, f, "labels").Add()
			entry.Key = "x"
			entry.Type("1")
			stock := at(t, f, "stock").Add()
			stock.Key = "7"
			at(t, f, "flags").Add().Key = "true"
		}, `{"lines":[{"name":"Tea"},{}],"tags":["a",""],"labels":{"x":"1"},"stock":{"7":{}},"flags":{"true":true}}`},
		{"what is removed is gone", func(t *testing.T, f *Form) {
			first := at(t, f, "tags").Add()
			at(t, f, "tags").Add().Type("b")
			first.Remove()
		}, `{"tags":["b"]}`},
		{"a message without fields", func(t *testing.T, f *Form) {
			at(t, f, "nothing").Open()
			at(t, f, "far").Type("")
		}, `{"nothing":{}}`},
		{"one of several", func(t *testing.T, f *Form) {
			at(t, f, "card").Choose()
			at(t, f, "card.number").Type("4")
			at(t, f, "cash_cents").Type("5")
		}, `{"cashCents":"5"}`},
		{"and back, with what was typed", func(t *testing.T, f *Form) {
			at(t, f, "card").Choose()
			at(t, f, "card.number").Type("4")
			at(t, f, "free").Choose()
			at(t, f, "card").Choose()
		}, `{"card":{"number":"4"}}`},
		{"none of several", func(t *testing.T, f *Form) {
			at(t, f, "free").Choose()
			f.Root.ChooseNone("payment")
		}, `{}`},
		{"what is chosen has a likely value", func(t *testing.T, f *Form) {
			at(t, f, "by").Choose()
		}, `{"by":"STATE_UNSPECIFIED"}`},
		{"a message that holds itself", func(t *testing.T, f *Form) {
			n := f.Root
			for range 3 {
				n = n.child("parent")
				n.Open()
			}
			n.child("id").Type("x")
		}, `{"parent":{"parent":{"parent":{"id":"x"}}}}`},
		{"well-known types", func(t *testing.T, f *Form) {
			at(t, f, "placed_at").Type(" 2026-01-02T15:04:05Z ")
			at(t, f, "within").Type("1.5s")
			at(t, f, "mask").Type("id,lines.name")
			at(t, f, "extra").Type("{\"a\": [1, null]}")
			at(t, f, "any_value").Type("null")
			at(t, f, "list_value").Type("[]")
			at(t, f, "packed").Type(`{"@type": "type.googleapis.com/google.protobuf.Duration", "value": "1s"}`)
			at(t, f, "maybe").Type("0")
			at(t, f, "signature").Type("aGk=")
		}, `{"placedAt":"2026-01-02T15:04:05Z","within":"1.5s","mask":"id,lines.name","extra":{"a":[1,null]},"anyValue":null,"listValue":[],` +
			`"packed":{"@type":"type.googleapis.com/google.protobuf.Duration","value":"1s"},"maybe":"0","signature":"aGk="}`},
		{"what is no value is written as it was typed", func(t *testing.T, f *Form) {
			at(t, f, "total_cents").Type("a lot")
			at(t, f, "extra").Type("{")
		}, `{"totalCents":"a lot","extra":"{"}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := New(shop(t), order)
			test.fill(t, f)
			if got := f.JSON(); got != test.want {
				t.Errorf("the request is\n%s, want\n%s", got, test.want)
			}
		})
	}
}

// Whatever JSON the form can show comes out of it with the same meaning.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ in, want string }{
		{``, `{}`},
		{`{}`, `{}`},
		{`{"id":null,"lines":null,"placedAt":null,"maybe":null}`, `{}`},
		{`{"total_cents":12,"totalCents":null}`, ``},
		{`{"total_cents":12}`, `{"totalCents":"12"}`},
		{`{"total_cents":"12"}`, `{"totalCents":"12"}`},
		{`{"small":2.0,"counts":[1,"2",3e0]}`, `{"small":2,"counts":[1,2,3]}`},
		{`{"rate":"NaN"}`, `{"rate":"NaN"}`},
		{`{"rate":1e10}`, `{"rate":1e10}`},
		{`{"state":1,"by":77}`, `{"state":"STATE_OPEN","by":77}`},
		{`{"state":"STATE_SENT"}`, `{"state":"STATE_SENT"}`},
		{`{"none":null}`, `{"none":"NULL_VALUE"}`},
		{`{"anyValue":null}`, `{"anyValue":null}`},
		{`{"anyValue":"x","listValue":[1],"extra":{"a":{}}}`, `{"extra":{"a":{}},"anyValue":"x","listValue":[1]}`},
		{`{"note":"","nick":"","maybeText":"","id":""}`, `{"note":"","nick":"","maybeText":""}`},
		{`{"gift":false,"paid":false}`, `{"paid":false,"gift":false}`},
		{`{"free":false}`, `{"free":false}`},
		{`{"card":{"number":"4"}}`, `{"card":{"number":"4"}}`},
		{`{"labels":{"b":"2","a":"1"}}`, `{"labels":{"a":"1","b":"2"}}`},
		{`{"lines":[{"name":"x"},{}]}`, `{"lines":[{"name":"x"},{}]}`},
		{`{"nothing":{}}`, `{"nothing":{}}`},
		{`{"far":{"deep":[1]}}`, `{"far":{"deep":[1]}}`},
		{`{"parent":{"parent":{}}}`, `{"parent":{"parent":{}}}`},
	} {
		f := New(shop(t), order)
		err := f.SetJSON(test.in)
		if test.want == "" {
			if err == nil {
				t.Errorf("%s was taken", test.in)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", test.in, err)
			continue
		}
		if got := f.JSON(); got != test.want {
			t.Errorf("%s became %s, want %s", test.in, got, test.want)
		}
		if wrong := f.Check(); len(wrong) > 0 {
			t.Errorf("%s: %s: %s", test.in, wrong[0].Path(), wrong[0].Wrong)
		}
		again := New(shop(t), order)
		if err := again.SetJSON(f.JSON()); err != nil || again.JSON() != f.JSON() {
			t.Errorf("%s does not come back: %v, %s", f.JSON(), err, again.JSON())
		}
	}
}

func TestJSONThatIsNoForm(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		`{"a":1}`:                          `the request has no field "a"`,
		`{"lines":[{"nam":1}]}`:            `lines[0] has no field "nam"`,
		`{"lines":{}}`:                     `lines must be a list: [ … ]`,
		`{"labels":[]}`:                    `labels must be an object: { … }`,
		`[]`:                               `the request must be an object: { … }`,
		`{"id":1}`:                         `id must be a string`,
		`{"paid":"true"}`:                  `paid must be true or false`,
		`{"totalCents":true}`:              `total_cents must be a number`,
		`{"tags":[null]}`:                  `tags[0] must not be null`,
		`{"free":true,"cashCents":1}`:      `free excludes cashCents: both are of the oneof payment`,
		`{"total_cents":1,"totalCents":1}`: `total_cents is given twice, as totalCents and as total_cents`,
		"{\n  \"id\": \n}":                 `line 3, column 1: invalid character '}' looking for beginning of value`,
		`{"id"`:                            `line 1, column 5: unexpected end of JSON input`,
	} {
		f := New(shop(t), order)
		f.Root.child("id").Type("kept")
		err := f.SetJSON(in)
		if err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", in, err, want)
		}
		if f.JSON() != `{"id":"kept"}` {
			t.Errorf("%s has changed the form: %s", in, f.JSON())
		}
	}
}

// A request that is too large or too deep for a form is refused rather than
// drawn for minutes.
func TestJSONThatIsTooMuch(t *testing.T) {
	t.Parallel()
	c := shop(t)
	if err := New(c, order).SetJSON(`{"tags":[` + strings.Repeat(`"",`, maxNodes) + `""]}`); err == nil {
		t.Error("a list of thousands was taken")
	}
	deep := strings.Repeat(`{"parent":`, maxNesting+1) + `{}` + strings.Repeat(`}`, maxNesting+1)
	if err := New(c, order).SetJSON(deep); err == nil {
		t.Error("a hundred messages in each other were taken")
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ path, text, want string }{
		{"total_cents", "9223372036854775807", ""},
		{"total_cents", "9223372036854775808", "A whole number from -9223372036854775808 to 9223372036854775807 is needed."},
		{"total_cents", "-9223372036854775809", "A whole number from -9223372036854775808 to 9223372036854775807 is needed."},
		{"big", "-1", "A whole number from 0 to 18446744073709551615 is needed."},
		{"big", "1.5", "A whole number from 0 to 18446744073709551615 is needed."},
		{"small", "-2147483648", ""},
		{"small", "0x10", "A whole number from -2147483648 to 2147483647 is needed."},
		{"rate", "3.5e38", "This is beyond what a float holds."},
		{"rate", "-Infinity", ""},
		{"rate", "inf", "A number is needed, or NaN, Infinity or -Infinity."},
		{"rate", "much", "A number is needed, or NaN, Infinity or -Infinity."},
		{"signature", "aGk", ""},
		{"signature", "_-8=", ""},
		{"signature", "%", "Base64 is needed, such as aGVsbG8=."},
		{"placed_at", "2026-01-02T15:04:05.123456789+02:00", ""},
		{"placed_at", "yesterday", "A time is needed, such as 2026-01-02T15:04:05Z."},
		{"within", "-1.000000001s", ""},
		{"within", "1m", "Seconds with an s are needed, such as 1.5s."},
		{"within", "1.s", "Seconds with an s are needed, such as 1.5s."},
		{"within", "315576000001s", "This is longer than the 10 000 years that a duration holds."},
		{"mask", "lines.name,id", ""},
		{"mask", "total_cents", "Paths of fields in JSON names are needed, apart by commas: displayName,address.city."},
		{"extra", "{", "This is no JSON."},
		{"extra", "[]", "An object is needed: { … }."},
		{"list_value", "{}", "A list is needed: [ … ]."},
		{"any_value", "1", ""},
		{"state", "STATE_OPEN", ""},
		{"state", "9", ""},
		{"state", "OPEN", "This is none of the values of State."},
		{"cash_cents", "", "A value is needed here."},
		{"maybe", "x", "A whole number from -9223372036854775808 to 9223372036854775807 is needed."},
	} {
		f := New(shop(t), order)
		n := at(t, f, test.path)
		n.Type(test.text)
		wrong := f.Check()
		if n.Wrong != test.want || (len(wrong) > 0) != (test.want != "") {
			t.Errorf("%s: %q: %q, want %q", test.path, test.text, n.Wrong, test.want)
		}
		f.Forgive()
		if n.Wrong != "" {
			t.Errorf("%s is still wrong: %s", test.path, n.Wrong)
		}
	}
}

func TestCheckKeysAndRequired(t *testing.T) {
	t.Parallel()
	f := New(shop(t), order)
	for _, key := range []string{"a", "a"} {
		at(t, f, "labels").Add().Key = key
	}
	at(t, f, "stock").Add().Key = "x"
	at(t, f, "flags").Add().Key = "yes"
	at(t, f, "card").Choose()
	var got []string
	for _, n := range f.Check() {
		got = append(got, n.Path()+": "+n.Wrong)
	}
	want := []string{
		"labels[a]: Another entry has this key.",
		"stock[x]: The key: A whole number from -2147483648 to 2147483647 is needed.",
		"card.number: A value is required.",
		"flags[yes]: The key has to be true or false.",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("wrong are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestFind(t *testing.T) {
	t.Parallel()
	f := New(shop(t), order)
	if err := f.SetJSON(`{"lines":[{},{"name":"x"}],"labels":{"a.b":"1"},"card":{}}`); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"lines[1].name":   "lines[1].name",
		"lines.1.name":    "lines[1].name",
		"totalCents":      "total_cents",
		`labels["a.b"]`:   "labels[a.b]",
		"labels[a.b]":     "labels[a.b]",
		"card.number":     "card.number",
		"lines[7].name":   "lines",
		"parent.id":       "parent",
		"":                "",
		"nothing.at.all":  "nothing",
		"no.such[field":   "",
		"lines[":          "lines",
		"[":               "",
		"lines[1].name.x": "lines[1].name",
	} {
		if got := f.Find(path).Path(); got != want {
			t.Errorf("at %s there is %q, want %q", path, got, want)
		}
	}
}

func TestMembers(t *testing.T) {
	t.Parallel()
	f := New(shop(t), order)
	at(t, f, "cash_cents").Choose()
	oneofs := 0
	for _, m := range f.Root.Members() {
		if m.Field == nil {
			oneofs++
			if m.Oneof.Name != "payment" || m.Oneof.Comment != "How it was paid." || len(m.Choices) != 4 || m.Chosen != at(t, f, "cash_cents") {
				t.Errorf("the oneof is %+v", m)
			}
		}
	}
	if oneofs != 1 {
		t.Errorf("there are %d oneofs, want 1: an optional field is none", oneofs)
	}
}

// A request may itself be of a well-known type, or of none that is known.
func TestRootsOfEveryKind(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"google.protobuf.Empty":       `{}`,
		"google.protobuf.Struct":      `{}`,
		"google.protobuf.StringValue": `""`,
		"who.knows.What":              `{}`,
	} {
		f := New(shop(t), name)
		if got := f.JSON(); got != want {
			t.Errorf("an empty %s is %s, want %s", name, got, want)
		}
		if wrong := f.Check(); len(wrong) > 0 {
			t.Errorf("an empty %s is wrong: %s", name, wrong[0].Wrong)
		}
		if err := f.SetJSON(want); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzSetJSON(f *testing.F) {
	f.Add(`{"id":"a","lines":[{"name":"x"}],"labels":{"a":"b"},"card":{"number":"1"},"extra":{"a":[]},"state":1}`)
	f.Add(`{"parent":{"parent":{"any_value":null}}}`)
	c := shop(f)
	f.Fuzz(func(t *testing.T, text string) {
		form := New(c, order)
		if form.SetJSON(text) != nil {
			return
		}
		once := form.JSON()
		form.Check()
		form.Query()
		if err := form.SetJSON(once); err != nil {
			t.Fatalf("%q became %q, which is refused: %v", text, once, err)
		}
		if twice := form.JSON(); twice != once {
			t.Fatalf("%q became %q and then %q", text, once, twice)
		}
	})
}
