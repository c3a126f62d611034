// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestParseStatus(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		json string
		want *Error
		ok   bool
	}{
		{`{"code":"OK"}`, nil, true},
		{`{"code":0}`, nil, true},
		{`{"code":16,"message":"Who are you?"}`, &Error{Code: "UNAUTHENTICATED", Message: "Who are you?"}, true},
		{`{"code":"ABORTED","message":"x"}`, &Error{Code: "ABORTED", Message: "x", Retryable: true}, true},
		{`{"code":"NEW_CODE","message":"x"}`, &Error{Code: "NEW_CODE", Message: "x"}, true},
		{
			`{"code":3,"message":"x","details":[{"@type":"type.googleapis.com/google.rpc.BadRequest"},` +
				`{"@type":"type.googleapis.com/google.rpc.BadRequest","fieldViolations":7},"x",` +
				`{"@type":"x","fieldViolations":[{"field":"a"}]}]}`,
			&Error{Code: "INVALID_ARGUMENT", Message: "x"}, true,
		},
		{`{"code":17}`, nil, false},
		{`{"code":-1}`, nil, false},
		{`{"code":1.5}`, nil, false},
		{`{"code":""}`, nil, false},
		{`{"code":null}`, nil, false},
		{`{"code":true}`, nil, false},
		{`{"message":"x"}`, nil, false},
		{`{"code":"OK"`, nil, false},
		{`"OK"`, nil, false},
		{``, nil, false},
	} {
		got, ok := parseStatus([]byte(tt.json))
		if tt.want != nil {
			tt.want.Status = tt.json
			if got != nil && len(got.Violations) == 0 {
				got.Violations = nil
			}
		}
		if diff := cmp.Diff(tt.want, got); diff != "" || ok != tt.ok {
			t.Errorf("parseStatus(%s): ok %v (-want +got):\n%s", tt.json, ok, diff)
		}
	}
}

func TestErrorText(t *testing.T) {
	t.Parallel()
	if got := (&Error{Message: "No answer."}).Error(); got != "No answer." {
		t.Errorf("without a code: %q", got)
	}
	if got := (&Error{Code: "ABORTED", Message: "No answer."}).Error(); got != "ABORTED: No answer." {
		t.Errorf("with a code: %q", got)
	}
}

func TestDescribe(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("é", maxQuoteBytes)
	for _, tt := range []struct{ contentType, body, want string }{
		{"text/html", "<title lang=x>A &amp; B</title>", "a web page titled “A &amp; B”"},
		{"application/xhtml+xml", "<title></title>", "a web page"},
		{"text/html", "<title>", "a web page"},
		{"text/html", "<title", "a web page"},
		{"text/html", "<title>x</TITLE", "a web page titled “x”"},
		{"text/html", "<p>İ</p><title>x</title>", "a web page titled “x”"},
		{"text/plain", "\xff", "a body of type text/plain that begins “\uFFFD”"},
		{"text/plain", long, "a body of type text/plain that begins “" + long[:maxQuoteBytes] + "…”"},
		{"text/plain", "x" + long, "a body of type text/plain that begins “x" + long[:maxQuoteBytes-2] + "…”"},
		{"", " \n", "a body without a type that is empty"},
	} {
		got := describe(tt.contentType, []byte(tt.body))
		if got != tt.want || !utf8.ValidString(got) {
			t.Errorf("describe(%q, %q) = %s, want %s", tt.contentType, tt.body, got, tt.want)
		}
	}
}
