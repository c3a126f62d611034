// SPDX-License-Identifier: Apache-2.0

package sse

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestAppendEvent(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name            string
		id, event, data string
		want            string
	}{
		{"data alone", "", "", "1", "data: 1\n\n"},
		{"all fields", "7", "add", "1", "event: add\ndata: 1\nid: 7\n\n"},
		{"empty data is a line", "7", "", "", "data: \nid: 7\n\n"},
		{"LF", "", "", "1\n2", "data: 1\ndata: 2\n\n"},
		{"CR", "", "", "1\r2", "data: 1\ndata: 2\n\n"},
		{"CRLF", "", "", "1\r\n2", "data: 1\ndata: 2\n\n"},
		{"all line ends", "", "", "1\n\r2\r\r\n3\n\n4", "data: 1\ndata: \ndata: 2\ndata: \ndata: 3\ndata: \ndata: 4\n\n"},
		{"line end last", "", "", "1\r\n", "data: 1\ndata: \n\n"},
		{"line end first", "", "", "\r1", "data: \ndata: 1\n\n"},
		{"line end alone", "", "", "\n", "data: \ndata: \n\n"},
		{"leading spaces stay", " 7", "  add", " 1\n 2", "event:   add\ndata:  1\ndata:  2\nid:  7\n\n"},
		{"colons", ":", "a:b", ":1\n:", "event: a:b\ndata: :1\ndata: :\nid: :\n\n"},
		{"data that looks like fields", "", "", "1\n\nevent: x\nid: 1\n: 2", "data: 1\ndata: \ndata: event: x\ndata: id: 1\ndata: : 2\n\n"},
		{"a mark is never the first byte", "", "", "\uFEFF", "data: \uFEFF\n\n"},
		{"NUL where it may be", "", "\x00", "\x00", "event: \x00\ndata: \x00\n\n"},
		{"other line separators are text", "\u2028", "\v\f", "\u0085", "event: \v\f\ndata: \u0085\nid: \u2028\n\n"},
		{"data that is not UTF-8", "", "", "\xFF", "data: \xFF\n\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := AppendEvent([]byte("before"), c.id, c.event, []byte(c.data))
			if err != nil || string(got) != "before"+c.want {
				t.Errorf("AppendEvent(%q, %q, %q) = %q, %v, want %q", c.id, c.event, c.data, got, err, "before"+c.want)
			}
		})
	}
}

func TestAppendEventRefuses(t *testing.T) {
	t.Parallel()
	const idText, eventText = "want UTF-8 without CR, LF or NUL", "want UTF-8 without CR or LF"
	for _, c := range []struct {
		id, event string
		field     string
		offset    int
		text      string
	}{
		{"1\n2", "", "id", 1, idText},
		{"1\r", "", "id", 1, idText},
		{"\r\n1", "", "id", 0, idText},
		{"12\x00", "", "id", 2, idText},
		{"é\xFF", "", "id", 2, idText},
		{"\uFFFD\xE2\x82", "", "id", 3, idText},
		{"\xED\xA0\x80", "", "id", 0, idText},
		{"", "a\ndata: x", "event", 1, eventText},
		{"", "a\r\n", "event", 1, eventText},
		{"", "ab\x80", "event", 2, eventText},
		{"\n", "\n", "event", 0, eventText},
	} {
		dst := []byte("before")
		got, err := AppendEvent(dst, c.id, c.event, []byte("1"))
		if string(got) != "before" {
			t.Errorf("id %q, event %q: wrote %q, want nothing", c.id, c.event, got)
		}
		field, ok := errors.AsType[*FieldError](err)
		if !ok || field.Field != c.field || field.Offset != c.offset {
			t.Errorf("id %q, event %q: error %v, want a *FieldError for %s at %d", c.id, c.event, err, c.field, c.offset)
			continue
		}
		if text := field.Error(); !strings.Contains(text, "field "+c.field+": ") || !strings.Contains(text, c.text) {
			t.Errorf("id %q, event %q: error %q, want it to name %s and say %q", c.id, c.event, text, c.field, c.text)
		}
	}
}

// A head, data of one line and a tail are an event.
func TestAppendHeadAndTail(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ id, event, head, tail string }{
		{"", "", "data: ", "\n\n"},
		{"7", "", "data: ", "\nid: 7\n\n"},
		{"", "add", "event: add\ndata: ", "\n\n"},
		{" 7", "é", "event: é\ndata: ", "\nid:  7\n\n"},
	} {
		head, err := AppendHead([]byte("before"), c.event)
		if err != nil || string(head) != "before"+c.head {
			t.Errorf("AppendHead(%q) = %q, %v, want %q", c.event, head, err, "before"+c.head)
		}
		tail, err := AppendTail([]byte("before"), c.id)
		if err != nil || string(tail) != "before"+c.tail {
			t.Errorf("AppendTail(%q) = %q, %v, want %q", c.id, tail, err, "before"+c.tail)
		}
		whole, err := AppendEvent(nil, c.id, c.event, []byte("1"))
		if err != nil || string(whole) != c.head+"1"+c.tail {
			t.Errorf("between them data is %q, and AppendEvent's is %q, %v", c.head+"1"+c.tail, whole, err)
		}
	}
	head, headErr := AppendHead([]byte("before"), "\n")
	tail, tailErr := AppendTail([]byte("before"), "1\r")
	for _, c := range []struct {
		field string
		dst   []byte
		err   error
	}{{"event", head, headErr}, {"id", tail, tailErr}} {
		if field, ok := errors.AsType[*FieldError](c.err); !ok || field.Field != c.field || string(c.dst) != "before" {
			t.Errorf("a bad %s gave %q, %v, want nothing and a *FieldError for it", c.field, c.dst, c.err)
		}
	}
}

// Whatever a byte's place among others, which are read eight at a time, it is
// refused there or not at all.
func TestRefusedAnywhere(t *testing.T) {
	t.Parallel()
	const around = "abcdefghijklmnopqrstuvwxyz"
	for at := range len(around) + 1 {
		for c := range 256 {
			value := around[:at] + string([]byte{byte(c)}) + around[at:]
			want := -1
			if c == '\r' || c == '\n' || c == 0 || c >= 0x80 {
				want = at
			}
			if got := indexRefused(value, true); got != want {
				t.Fatalf("byte %#x at %d: indexRefused = %d, want %d", c, at, got, want)
			}
			// Beside a control character that may stand there.
			if got := indexRefused("\x1f"+value, true); want >= 0 && got != want+1 || want < 0 && got >= 0 {
				t.Fatalf("byte %#x at %d after another: indexRefused = %d, want %d", c, at+1, got, want)
			}
		}
		value := around[:at] + "é" + around[at:]
		if got := indexRefused(value, true); got >= 0 {
			t.Fatalf("%q is refused at %d", value, got)
		}
	}
}

func TestAppendRetry(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		d    time.Duration
		want string
	}{
		{0, "retry: 0\n\n"},
		{time.Millisecond, "retry: 1\n\n"},
		{1499 * time.Microsecond, "retry: 1\n\n"},
		{1500 * time.Microsecond, "retry: 2\n\n"},
		{3 * time.Second, "retry: 3000\n\n"},
		{math.MaxInt64, "retry: 9223372036854\n\n"},
		{-1, ""},
		{math.MinInt64, ""},
	} {
		if got := AppendRetry([]byte("before"), c.d); string(got) != "before"+c.want {
			t.Errorf("AppendRetry(%v) = %q, want %q", c.d, got, "before"+c.want)
		}
	}
}

func TestAppendComment(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                      ": \n\n",
		"beat":                  ": beat\n\n",
		" beat":                 ":  beat\n\n",
		"1\n2\r3\r\n4":          ": 1\n: 2\n: 3\n: 4\n\n",
		"x\n\ndata: forged\n\n": ": x\n: \n: data: forged\n: \n: \n\n",
		"\r":                    ": \n: \n\n",
	} {
		if got := AppendComment([]byte("before"), text); string(got) != "before"+want {
			t.Errorf("AppendComment(%q) = %q, want %q", text, got, "before"+want)
		}
	}
}

// Whatever is written is read back as it was, alone and after other events.
func TestWrittenIsRead(t *testing.T) {
	t.Parallel()
	ids := []string{"", "1", " ", ":", "a:b", "…", "\uFEFF", "data"}
	types := []string{"", "message", "add", " x", ":", "\x00", "é"}
	texts := []string{"", " ", ":", "\n", "\n\n", "a\nb", " a\n b ", "\uFEFF", "\x00", "data: 1", "é😀"}
	var stream []byte
	var want []record
	lastID := ""
	for _, id := range ids {
		for _, typ := range types {
			for _, text := range texts {
				event, err := AppendEvent(nil, id, typ, []byte(text))
				if err != nil {
					t.Fatal(err)
				}
				alone := typed(id, typ, text)
				if typ == "" {
					alone.Type = DefaultType
				}
				if got, _ := parse(t, &Parser{}, string(event)); !slices.Equal(got, []record{alone}) {
					t.Errorf("%q is read as %v, want %v", event, got, alone)
				}
				if id != "" {
					lastID = id
				}
				alone.ID = lastID
				stream, want = append(stream, event...), append(want, alone)
			}
		}
	}
	if got, _ := parse(t, &Parser{}, pieces(string(stream), 7)...); !slices.Equal(got, want) {
		t.Errorf("one after the other, the events are read differently")
	}
}
