// SPDX-License-Identifier: Apache-2.0

package events

import (
	"strings"
	"testing"
)

func TestFilter(t *testing.T) {
	t.Parallel()
	e := Event{ID: "run-7", Type: "order", Data: []byte(`{"name":"Grüße","n":-5,"deep":{"A":1}}`)}
	for text, want := range map[string]bool{
		"":                true,
		"name":            true,
		"NAME grüsse":     false,
		"grüße":           true,
		"GRÜSSE":          false,
		"GRÜ":             true,
		"order":           true,
		"RUN-7":           true,
		"name nothing":    false,
		"-nothing":        true,
		"name -deep":      false,
		"-5":              true,
		"-":               true,
		`/"n":-?\d/`:      true,
		`/"n":\d/`:        false,
		`/^order$/`:       true,
		`/^{"name":"gr/`:  false,
		`/(?i)"NAME":"g`:  true,
		"/":               false,
		`{"name":"grüße"`: true,
	} {
		f, err := ParseFilter(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
		}
		if got := f.Match(e); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
		if f.All() != (text == "") {
			t.Errorf("%q takes all: %v", text, f.All())
		}
	}
	if _, err := ParseFilter("/(/"); err == nil || !strings.HasPrefix(err.Error(), "this is no regular expression: ") {
		t.Errorf("an expression that is none: %v", err)
	}
}

func TestFind(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ filter, text, want string }{
		{"b", "aabb", "b"},
		{"zz b", "abzz", "b"},
		{"ABB", "aabb", "abb"},
		{"x", "abc", ""},
		{"-x", "abc", ""},
		{"/b+/", "abbc", "bb"},
		{"/x*/", "abbc", ""},
		{"longer than", "short", ""},
	} {
		f, err := ParseFilter(test.filter)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if start, end := f.Find([]byte(test.text)); start >= 0 {
			got = test.text[start:end]
		}
		if got != test.want {
			t.Errorf("%s in %s is %q, want %q", test.filter, test.text, got, test.want)
		}
	}
}

func TestView(t *testing.T) {
	t.Parallel()
	odd, err := ParseFilter(`/[13579]}/`)
	if err != nil {
		t.Fatal(err)
	}
	var l Log
	all, some := NewView(Filter{}), NewView(odd)
	for i := range 10 {
		l.Append(event(i))
	}
	for _, v := range []*View{&all, &some} {
		v.Sync(&l)
		v.Sync(&l)
	}
	if lo, hi := all.Bounds(); lo != 0 || hi != 10 || all.Index(4) != 4 || all.After(7) != 7 {
		t.Errorf("all are %d to %d", lo, hi)
	}
	if lo, hi := some.Bounds(); lo != 0 || hi != 5 || some.Index(2) != 5 || some.After(5) != 2 || some.After(6) != 3 || some.After(99) != 5 {
		t.Errorf("some are %d to %d", lo, hi)
	}
	// What goes takes its place with it, and all others keep theirs.
	for i := range MaxEvents {
		l.Append(event(i + 10))
	}
	some.Sync(&l)
	all.Sync(&l)
	lo, hi := some.Bounds()
	if lo != 5 || hi != 5+MaxEvents/2 || some.Index(lo) != 11 || some.Index(hi-1) != MaxEvents+9 {
		t.Errorf("some are %d to %d, %d to %d in the log", lo, hi, some.Index(lo), some.Index(hi-1))
	}
	if lo, _ := all.Bounds(); lo != 10 || all.After(3) != 10 {
		t.Errorf("all begin at %d", lo)
	}
	// One that looks late finds no more than there is.
	late := NewView(odd)
	late.Sync(&l)
	if lo, hi := late.Bounds(); lo != 0 || hi != MaxEvents/2 {
		t.Errorf("late are %d to %d", lo, hi)
	}
}
