// SPDX-License-Identifier: Apache-2.0

package check

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// recorded is a recording of what a stream says in short: words that are an id
// each, or an id, "=" and data, or "!" and the type of an event without an id.
// The data of an id alone is the id.
func recorded(t *testing.T, words string) *recording {
	t.Helper()
	r := newRecording("")
	r.answered()
	for word := range strings.FieldsSeq(words) {
		id, data, ok := strings.Cut(word, "=")
		text := fmt.Sprintf("id: %s\ndata: %s\n\n", id, data)
		switch {
		case word[0] == '!':
			text = fmt.Sprintf("event: %s\ndata\n\n", word[1:])
		case !ok:
			text = fmt.Sprintf("id: %s\ndata: %s\n\n", id, id)
		}
		if r.feed([]byte(text), time.Now(), nil) {
			t.Fatal("it is enough without anybody saying so")
		}
	}
	return r
}

func TestJudgeReturn(t *testing.T) {
	t.Parallel()
	const ended, lives = true, false
	for _, test := range []struct {
		name        string
		undisturbed string
		ends        bool
		had         string
		got         string
		want        Outcome
		says        string
	}{
		{"right", "a b c d e f", lives, "a b", "c d e", Pass, "just as"},
		{"further than the other", "a b c", lives, "a b", "c d e", Pass, "the next 1 event"},
		{"beyond the other", "a b", lives, "a b", "c d e", Skipped, "did not come so far"},
		{"the first again", "a b c d", lives, "a", "a b", Fail, "either begins anew"},
		{"the last again", "a b c d", lives, "a b", "b c", Fail, "the last event came again"},
		{"all again", "a b c d", lives, "a b c", "a b", Fail, "began anew"},
		{"more than was had", "h a b c d", lives, "a b c", "h a b", Fail, "began anew"},
		{"two again", "a b c d", lives, "a b c", "b c", Fail, "2 events came again"},
		{"a gap", "a b c d e", lives, "a b", "e", Fail, "2 events are missing"},
		{"a gap later", "a b c d e f", lives, "a b", "c d f", Fail, "after 2 events, 1 event is missing"},
		{"one twice", "a b c d e f", lives, "a b", "c d d e", Fail, "after 2 events there came \"d\" again"},
		{"a stranger", "a b c d", lives, "a b", "x d", Fail, "in place of \"c\""},
		{"a stranger later", "a b c d", lives, "a b", "c x", Fail, "after 1 right event there came \"x\""},
		{"other data", "a=1 b=2 c=3 d=4", lives, "a=1 b=2", "c=3 d=5", Fail, "other data"},
		{"data of its own", "a=1 b=2 c=3 d=4", lives, "a=8 b=9", "c=10 d=11", Pass, "by ids"},
		{"another's data", "a=1 b=2 c=3 d=4", lives, "a=8 b=9", "c=3 d=4", Fail, "another connection's stream"},
		{"one event that differs", "a=1 b=2 c=3 d=4", lives, "b=9", "c=3 d=4", Pass, "by ids"},
		{"a reset", "a b c d", lives, "a b", "!reset a b", Warn, `event "reset"`},
		{"a reset with an id", "a b c d", lives, "a b", "x", Fail, "never got"},
		{"a reset and nothing", "a b c d", lives, "a b", "!reset", Warn, `event "reset"`},
		{"a greeting that all get", "!hello a b c d", lives, "a b", "!hello c d", Pass, "the next 2"},
		{"no ids any more", "!x a b c d", lives, "a b", "!x !x", Fail, "none of which has an id"},
		{"nothing", "a b c d", lives, "a b", "", Skipped, "nothing came in time"},
		{"nothing more to come", "a b", ended, "a b", "", Skipped, "nothing more"},

		{"counts in ids", "x-1 x-2 x-3 x-4", lives, "y-1 y-2", "y-3 y-4", Pass, "the numbers in the ids"},
		{"counts in ids, and a last one", "x-1 x-2 x-3 x-end", lives, "y-1 y-2", "y-3 y-end", Pass, "the next 1 event"},
		{"counts in ids, the last again", "x-1 x-2 x-3 x-4", lives, "y-1 y-2", "y-2 y-3", Fail, "the last event came again"},
		{"counts in ids, from the start", "x-1 x-2 x-3 x-4", lives, "y-1 y-2 y-3", "z-1 z-2", Fail, "began anew"},
		{"counts in ids, with a gap", "x-1 x-2 x-3 x-4", lives, "y-1 y-2", "y-4", Fail, "1 event is missing"},
		{"two ids that count are too few", "x-1 x-2", lives, "y-1 y-2", "y-3", Skipped, "cannot tell"},
		{"ids that skip do not count", "x-1 x-2 x-4 x-5", lives, "y-1 y-2", "y-4", Skipped, "cannot tell"},
		{"counts in data", `a={"n":7} b={"n":8} c={"n":9}`, lives, `d={"n":7}`, `e={"n":8}`, Pass, `field "n"`},
		{"counts in data as text", `a={"n":"7"} b={"n":"8"} c={"n":"9"}`, lives, `d={"n":"7"}`, `e={"n":"9"}`, Fail, "1 event is missing"},
		{"plain data", "a=7 b=8 c=9", lives, "d=7", "e=8", Pass, "numbers in the data"},
		{"data alike", "a=q b=w c=e d=r", lives, "p=q o=w", "i=e u=r", Pass, "by data"},
		{"data alike, from the start", "a=q b=w c=e d=r", lives, "p=q o=w", "i=q u=w", Fail, "began anew"},
		{"one datum alike is chance", "a=q b=w c=e d=r", lives, "p=q", "i=w", Skipped, "cannot tell"},
		{"nothing to tell by", "a=q b=q c=q", lives, "d=q e=q", "f=q g=q", Skipped, "cannot tell"},
		{"nothing to tell by, but the same id", "a=q b=q c=q", lives, "d=q e=q", "d=q", Fail, "which the client had"},
		{"nothing to tell by, but the same data", "a=q b=w c=q", lives, "d=1 e=2", "f=1 g=2", Fail, "with the same data as at first"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			undisturbed := recorded(t, test.undisturbed)
			if test.ends {
				undisturbed.end(endClean, time.Now())
			}
			back := &comeback{status: http.StatusOK, stream: true, rec: recorded(t, test.got)}
			outcome, text := judgeReturn(undisturbed, recorded(t, test.had).numbered(), back)
			if outcome != test.want || !strings.Contains(text, test.says) {
				t.Errorf("it is %v: %s\nwant %v, and %q", outcome, text, test.want, test.says)
			}
		})
	}
}

func TestJudgeRefusal(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		status int
		had    string
		want   Outcome
		says   string
	}{
		{http.StatusNoContent, "a b", Fail, "204"},
		{http.StatusNoContent, "a b c", Skipped, "nothing more"},
		{http.StatusGone, "a b", Fail, "410 Gone"},
		{http.StatusOK, "a b", Fail, "200 OK"}, // but no event stream
	} {
		undisturbed := recorded(t, "a b c")
		undisturbed.end(endClean, time.Now())
		outcome, text := judgeReturn(undisturbed, recorded(t, test.had).numbered(), &comeback{status: test.status})
		if outcome != test.want || !strings.Contains(text, test.says) {
			t.Errorf("%d after %q is %v: %s\nwant %v, and %q", test.status, test.had, outcome, text, test.want, test.says)
		}
	}
}

func TestIDFault(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]string{
		"":                       "",
		"abc-1.2_3~4":            "",
		"2025-01-01T00,00+00/;=": "",
		strings.Repeat("x", 128): "",
		strings.Repeat("x", 129): "129 bytes",
		"a:b":                    `":"`,
		"a(b":                    `"("`,
		"a\x7f":                  `"\x7f"`,
		"a\tb":                   `"\t"`,
		"ü":                      "not ASCII",
	} {
		if got := idFault(id); (got == "") != (want == "") || !strings.Contains(got, want) {
			t.Errorf("of %q is said %q, want %q", id, got, want)
		}
	}
}

// A strange id must be another, of the same form.
func TestStrangeID(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]string{
		"abz-12": "bca-12", "0fE": "0aF", "17": "91799", "-": "9-99", "Z": "A", "é1": "9é199",
	} {
		if got := strangeID(id); got != want {
			t.Errorf("of %q it is %q, want %q", id, got, want)
		}
	}
}
