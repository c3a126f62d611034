// SPDX-License-Identifier: Apache-2.0

package form

import (
	"strings"
	"testing"
)

func TestParseCatalog(t *testing.T) {
	t.Parallel()
	c := shop(t)
	m := c.Method("sluice.numbers.v1.NumberService/Generate", "")
	if m == nil || m.Service() != "sluice.numbers.v1.NumberService" || m.Short() != "Generate" || !m.Streams() || !m.Runs() {
		t.Fatalf("the method is %+v", m)
	}
	if m.Get() != "/sse" || m.Post() != "/sluice.numbers.v1.NumberService/Generate" || m.Policy.Resume.RequestField != "resume_token" {
		t.Errorf("its addresses are %s and %s, its policy %+v", m.Get(), m.Post(), m.Policy)
	}
	place := c.Method("shop.v1.Orders/Place", "shop")
	if place.Get() != "" || place.Streams() || !place.Runs() || c.Method("shop.v1.Orders/Chat", "shop").Runs() {
		t.Error("methods are not taken for what they are")
	}
	if !c.Reflects(m) || c.Reflects(place) {
		t.Error("it is not told which backend describes itself")
	}
	if c.Method("shop.v1.Orders/Place", "numbers") != nil {
		t.Error("a method is found at another backend")
	}
}

func TestParseCatalogFails(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		`{`:                                    "the catalog cannot be read: unexpected end of JSON input",
		`{"methods":[{"name":""}]}`:            `the catalog has a method named "", where package.Service/Method was expected`,
		`{"methods":[{"name":"/"}]}`:           `the catalog has a method named "/", where package.Service/Method was expected`,
		strings.Repeat(" ", MaxCatalogBytes+1): "the catalog is larger than 16 MB",
	} {
		if _, err := ParseCatalog([]byte(in)); err == nil || err.Error() != want {
			t.Errorf("%.40s: %v, want %s", in, err, want)
		}
	}
}

// What is missing in a catalog is no reason to fall over.
func TestParseCatalogWithHoles(t *testing.T) {
	t.Parallel()
	c, err := ParseCatalog([]byte(`{"methods":[{"name":"a/B","request":"m"}],"messages":{"n":null,"m":{"fields":[null,{"name":""},` +
		`{"name":"e","type":"enum","typeName":"x"},{"name":"u","type":"quaternion"},{"name":"s","type":"string","oneof":"gone"}]}},"enums":{"x":null}}`))
	if err != nil {
		t.Fatal(err)
	}
	f := New(c, "m")
	for _, name := range []string{"e", "u", "s"} {
		f.Root.child(name).Type("1")
	}
	if got, want := f.JSON(), `{"e":1,"u":1,"s":"1"}`; got != want {
		t.Errorf("the request is %s, want %s", got, want)
	}
	if wrong := f.Check(); len(wrong) > 0 {
		t.Errorf("%s: %s", wrong[0].Path(), wrong[0].Wrong)
	}
	if len(f.Root.Members()) != 3 {
		t.Errorf("there are %d members", len(f.Root.Members()))
	}
}

func TestSearch(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]string{
		"":             "shop/shop.v1.Orders: Chat Place Watch; numbers/sluice.numbers.v1.NumberService: Generate",
		"GENERATE":     "numbers/sluice.numbers.v1.NumberService: Generate",
		"order":        "shop/shop.v1.Orders: Chat Place Watch",
		"every order":  "shop/shop.v1.Orders: Watch",
		"shop watch":   "shop/shop.v1.Orders: Watch",
		"place orders": "shop/shop.v1.Orders: Place",
		"zzz":          "",
	} {
		var got []string
		for _, g := range shop(t).Search(query, "") {
			line := g.Backend + "/" + g.Service + ":"
			for _, m := range g.Methods {
				line += " " + m.Short()
			}
			got = append(got, line)
		}
		if strings.Join(got, "; ") != want {
			t.Errorf("%q finds %q, want %q", query, strings.Join(got, "; "), want)
		}
	}
	for backend, want := range map[string]int{"shop": 1, "numbers": 0, "gone": 0} {
		if got := len(shop(t).Search("watch", backend)); got != want {
			t.Errorf("at backend %s %d services are found, want %d", backend, got, want)
		}
	}
	// The method itself comes before one that merely mentions it.
	c := &Catalog{Methods: []Method{{Name: "s/A", Comment: "like Watch"}, {Name: "s/Watch"}}}
	if g := c.Search("watch", ""); g[0].Methods[0].Short() != "Watch" {
		t.Error("the method of that name is not the first")
	}
}
