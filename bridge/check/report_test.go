// SPDX-License-Identifier: Apache-2.0

package check

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

var sample = &Report{
	URL: "http://me:secret@stream.test/x", Connected: true,
	Results: []Result{
		{"connect", Pass, "Connected."},
		{"content type", Fail, "Content-Type is \"text/plain\". " + strings.Repeat("Word ", 20) + "end."},
		{"ids", Warn, "None."},
		{"end", Skipped, "It did not end."},
	},
}

func TestWriteText(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	if err := sample.WriteText(&b); err != nil {
		t.Fatal(err)
	}
	want := `http://me:xxxxx@stream.test/x

pass     connect       Connected.
FAIL     content type  Content-Type is "text/plain". Word Word Word Word Word Word Word Word Word
                       Word Word Word Word Word Word Word Word Word Word Word end.
warn     ids           None.
skipped  end           It did not end.

4 checks: 1 passed, 1 warned, 1 failed, 1 skipped.
`
	if d := cmp.Diff(want, b.String()); d != "" {
		t.Errorf("the text differs:\n%s", d)
	}
	for line := range strings.Lines(b.String()) {
		if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > textWidth {
			t.Errorf("a line has %d characters: %s", n, line)
		}
	}
	if err := sample.WriteText(broken{}); !errors.Is(err, errBroken) {
		t.Errorf("a broken writer gives %v", err)
	}
}

var errBroken = errors.New("broken")

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errBroken }

func TestMarshalJSON(t *testing.T) {
	t.Parallel()
	b, err := json.Marshal(sample)
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		URL       string
		Connected bool
		Results   []Result
		Summary   map[string]int
	}
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(sample.Results, got.Results); d != "" || !got.Connected || got.URL != "http://me:xxxxx@stream.test/x" {
		t.Errorf("%s is read as %+v:\n%s", b, got, d)
	}
	if d := cmp.Diff(map[string]int{"pass": 1, "warn": 1, "fail": 1, "skipped": 1}, got.Summary); d != "" {
		t.Errorf("the summary differs:\n%s", d)
	}
	var o Outcome
	if err := json.Unmarshal([]byte(`"good"`), &o); err == nil {
		t.Error("an unknown outcome is taken")
	}
}

// What a server sends cannot do anything to a terminal.
func TestQuote(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"a":                            `"a"`,
		"\x1b[31m\n\x9b":               `"\x1b[31m\n\x9b"`,
		strings.Repeat("é", 100):       `"` + strings.Repeat("é", maxQuoted/2) + `"...`,
		"a" + strings.Repeat("é", 100): `"a` + strings.Repeat("é", maxQuoted/2-1) + `"...`,
	} {
		if got := quote(in); got != want {
			t.Errorf("%q is shown as %s, want %s", in, got, want)
		}
	}
}

func TestSpan(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		-time.Second: "0 ms", 0: "0 ms", 999 * time.Millisecond: "999 ms", 1500 * time.Millisecond: "1.5 s",
		15 * time.Second: "15 s", 3 * time.Minute: "3 min",
	} {
		if got := span(d); got != want {
			t.Errorf("%v is shown as %s, want %s", d, got, want)
		}
	}
}
