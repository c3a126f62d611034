// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"strings"
	"testing"

	"sluice/internal/bubble"
)

func TestTheSameCall(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		x, _ := exploring(t, nil)
		x.choose(x.catalog.Method(generateMethod, ""))
		x.at("count").Type("5")
		x.at("resume_token").Type("it's")
		want := map[callKind]string{
			callCurl: "curl -N 'http://localhost:8080/sluice.numbers.v1.NumberService/Generate' \\\n" +
				"  -H 'Content-Type: application/json' \\\n" +
				`  -d '{"count":5,"resumeToken":"it'\''s"}'`,
			callGrpcurl: "grpcurl -plaintext -d '{\"count\":5,\"resumeToken\":\"it'\\''s\"}' \\\n" +
				"  localhost:50051 sluice.numbers.v1.NumberService/Generate",
			callEventSource: `new EventSource("http://localhost:8080/sse?count=5&resume_token=it%27s")`,
			callFetch:       "body: JSON.stringify({\n    \"count\": 5,\n    \"resumeToken\": \"it's\"\n  })",
		}
		for kind, text := range want {
			x.call = kind
			if code, _ := x.callText(); !strings.Contains(code, text) {
				t.Errorf("%s is\n%s, want\n%s", kind, code, text)
			}
		}
		// Where EventSource cannot make the call, the page says why.
		x.call = callEventSource
		x.at("resume_token").Type(strings.Repeat("x", maxGetBytes))
		if code, note := x.callText(); code != "" || !strings.Contains(note, "too long") {
			t.Errorf("a long request: %q, %q", code, note)
		}
		x.showJSON(true)
		x.json = `{"cuont":4,"count":5}`
		if code, note := x.callText(); code != "" || !strings.Contains(note, `the request has no field "cuont".`) {
			t.Errorf("a request that the form refuses: %q, %q", code, note)
		}
		x.call = callCurl
		if code, _ := x.callText(); !strings.Contains(code, `-d '{"cuont":4,"count":5}'`) {
			t.Errorf("with curl it is %s", code)
		}
		x.json = `{"count":`
		for x.call = range callKinds {
			if code, note := x.callText(); code != "" || !strings.Contains(note, "not JSON yet: line 1, column 9") {
				t.Errorf("half of a request, with %v: %q, %q", x.call, code, note)
			}
		}
		x.call = callEventSource
		x.choose(x.catalog.Method(placeMethod, ""))
		if code, note := x.callText(); code != "" || !strings.Contains(note, "no address") {
			t.Errorf("a method without an address for GET: %q, %q", code, note)
		}
		x.call = callGrpcurl
		if _, note := x.callText(); !strings.Contains(note, "shop") {
			t.Errorf("the backend is not named: %q", note)
		}
		// A backend that was not asked by reflection may have none.
		code, note := x.callText()
		if want := "grpcurl -plaintext -protoset FILE localhost:50051 " + placeMethod; code != want || !strings.Contains(note, "FILE is a descriptor set") {
			t.Errorf("without reflection grpcurl is %s, %q, want %s", code, note, want)
		}
	})
}

func TestSplitComment(t *testing.T) {
	t.Parallel()
	for in, want := range map[string][2]string{
		"":                                  {"", ""},
		"One line.":                         {"One line.", ""},
		"Broken\n over lines. And more.":    {"Broken over lines.", "And more."},
		"As e.g. this. And more.":           {"As e.g. this.", "And more."},
		"First\n\nSecond\nline.\n\n\nThird": {"First", "Second line.\n\nThird"},
		"A. B\n\nC":                         {"A.", "B\n\nC"},
		"Is it? It is! So.":                 {"Is it?", "It is! So."},
	} {
		if first, rest := splitComment(in); first != want[0] || rest != want[1] {
			t.Errorf("%q is parted into %q and %q, want %q", in, first, rest, want)
		}
	}
}

func TestShortID(t *testing.T) {
	t.Parallel()
	for _, test := range [][3]string{
		{"abc-5", "abc", "5"},
		{"abc-5-position", "abc", "5"},
		{"abc-6-end", "abc", "6"},
		{"other-5", "abc", "other-5"},
		{"7", "abc", "7"},
		{"-7", "", "-7"},
	} {
		if got := shortID(test[0], test[1]); got != test[2] {
			t.Errorf("%s of run %s is %s, want %s", test[0], test[1], got, test[2])
		}
	}
}
