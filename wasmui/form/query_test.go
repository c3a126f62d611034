// SPDX-License-Identifier: Apache-2.0

package form

import "testing"

func TestQuery(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		`{}`: "",
		`{"id":"a b&c","totalCents":"5","paid":true,"within":"1.5s"}`: "id=a+b%26c&total_cents=5&paid=true&within=1.5s",
		`{"tags":["x",""],"lines":[{"name":"Tea"}]}`:                  "lines=%7B%22name%22%3A%22Tea%22%7D&tags=x&tags=",
		`{"labels":{"a":"1"},"stock":{"7":{"pieces":2}}}`:             "labels[a]=1&stock[7]=%7B%22pieces%22%3A2%7D",
		`{"parent":{"parent":{"id":"x"}}}`:                            "parent.parent.id=x",
		`{"parent":{}}`:                                               "parent=%7B%7D",
		`{"anyValue":"x","maybe":"3","note":""}`:                      "note=&any_value=%22x%22&maybe=3",
		`{"state":"STATE_OPEN","placedAt":"2026-01-02T15:04:05Z"}`:    "state=STATE_OPEN&placed_at=2026-01-02T15%3A04%3A05Z",
		`{"id":"\"quoted\"","signature":"+/8="}`:                      "id=%22quoted%22&signature=%2B%2F8%3D",
	} {
		f := New(shop(t), order)
		if err := f.SetJSON(in); err != nil {
			t.Fatal(err)
		}
		if got, ok := f.Query(); got != want || !ok {
			t.Errorf("%s is %s, want %s", in, got, want)
		}
	}
}

// A request without fields of its own has no names for parameters, and is not
// taken for an empty one.
func TestQueryWithoutFields(t *testing.T) {
	t.Parallel()
	for message, in := range map[string]string{
		wellKnownPackage + "StringValue": `"a"`,
		wellKnownPackage + "Struct":      `{"a":1}`,
		wellKnownPackage + "Timestamp":   `"2026-01-02T15:04:05Z"`,
		"not.Described":                  `{"a":1}`,
	} {
		f := New(shop(t), message)
		if err := f.SetJSON(in); err != nil {
			t.Fatal(err)
		}
		if got, ok := f.Query(); got != "" || ok {
			t.Errorf("%s as %s is %q, want none", in, message, got)
		}
	}
	if got, ok := New(shop(t), wellKnownPackage+"Empty").Query(); got != "" || !ok {
		t.Errorf("an Empty is %q, %v", got, ok)
	}
}
