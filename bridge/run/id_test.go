// SPDX-License-Identifier: Apache-2.0

package run

import (
	"strings"
	"testing"
)

func TestEventIDs(t *testing.T) {
	t.Parallel()
	id := NewID()
	for _, test := range []struct {
		id   EventID
		want string
	}{
		{EventID{Run: id, Seq: 1}, id + "-1"},
		{EventID{Run: id, Seq: 12, End: true}, id + "-12-end"},
		{EventID{Run: id, Seq: 3, Position: "end"}, id + "-3-tend"},
		{EventID{Run: id, Seq: 3, Position: "aZ-09_.~"}, id + "-3-taZ-09_.~"},
		{EventID{Run: id, Seq: 3, Position: "a b"}, id + "-3-bYSBi"},
		{EventID{Run: id, Seq: 3, Position: strings.Repeat("x", 97)}, id + "-3-t" + strings.Repeat("x", 97)},
	} {
		got := test.id.String()
		if got != test.want {
			t.Errorf("%+v is %q, want %q", test.id, got, test.want)
		}
		back, err := ParseEventID(got)
		if err != nil || back != test.id {
			t.Errorf("%q is read as %+v, %v", got, back, err)
		}
	}
	// A position that would make the id too long is left out.
	long := EventID{Run: id, Seq: 3, Position: strings.Repeat("x", 98)}
	if got := long.String(); got != id+"-3" {
		t.Errorf("with a position of 98 bytes the id is %q", got)
	}
}

func TestBadEventIDs(t *testing.T) {
	t.Parallel()
	id := NewID()
	for _, bad := range []string{
		"", "-", "5", id, id + "-", id + "-x", id + "-01", id + "-+1", id + "--1", id + "-18446744073709551616", id + "-18446744073709551615", id + "-9007199254740992-tx",
		id + "-1-", id + "-1-t", id + "-1-b", id + "-1-x", id + "-1-END", id + "-1-ta b", id + "-1-b!!", id + "-1-bYWI",
		id[1:] + "-1", strings.ToUpper(id) + "-1", id + "é-1", id + "-1-bYSBj=",
		id + "-1-t" + strings.Repeat("x", 200),
	} {
		if got, err := ParseEventID(bad); err == nil {
			t.Errorf("%q is read as %+v", bad, got)
		}
	}
}

func FuzzParseEventID(f *testing.F) {
	id := NewID()
	for _, s := range []string{id + "-1", id + "-2-end", id + "-3-tabc", id + "-4-bYSBi", "x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		parsed, err := ParseEventID(s)
		if err != nil {
			return
		}
		if got := parsed.String(); got != s {
			t.Errorf("%q is read as %+v, which is written %q", s, parsed, got)
		}
		if len(s) > MaxEventIDBytes {
			t.Errorf("an id of %d bytes is taken", len(s))
		}
	})
}

func TestNewIDs(t *testing.T) {
	t.Parallel()
	seen := make(map[string]bool)
	for range 1000 {
		id := NewID()
		if !ValidID(id) || seen[id] {
			t.Fatalf("id %q", id)
		}
		seen[id] = true
	}
}
