// SPDX-License-Identifier: Apache-2.0

package sse

import (
	"strings"
	"testing"
	"time"
)

// clauseCases go through the rules of the standard, section 9.2.6
// "Interpreting an event stream", in its order.
var clauseCases = []streamCase{
	{name: "empty stream", stream: ""},
	{name: "one event", stream: "data: 1\n\n", want: []record{message("", "1")}},
	{
		name:   "all fields",
		stream: "event: add\nid: 7\nretry: 10\ndata: 1\n\n",
		want:   []record{retry(10 * time.Millisecond), typed("7", "add", "1")},
		lastID: "7",
	},
	{
		name:   "fields in any order",
		stream: "data: 1\nid: 7\ndata: 2\nevent: add\n\n",
		want:   []record{typed("7", "add", "1\n2")},
		lastID: "7",
	},

	// Byte order mark.
	{name: "mark: one is dropped", stream: "\uFEFFdata: 1\n\n", want: []record{message("", "1")}},
	{name: "mark: a second is part of the field name", stream: "\uFEFF\uFEFFdata: 1\n\n"},
	{name: "mark: not dropped later", stream: "data: 1\n\n\uFEFFdata: 2\n\n", want: []record{message("", "1")}},
	{name: "mark: kept in a value", stream: "data: \uFEFF1\n\n", want: []record{message("", "\uFEFF1")}},
	{name: "mark: before a comment", stream: "\uFEFF: hi\n\n", want: []record{comment("hi")}},
	{name: "mark: a second hides a comment", stream: "\uFEFF\uFEFF: hi\n\n"},
	{name: "mark: alone", stream: "\uFEFF"},
	{name: "mark: before a blank line", stream: "\uFEFF\ndata: 1\n\n", want: []record{message("", "1")}},
	{name: "mark: one byte of it", stream: "\xEFdata: 1\n\ndata: 2\n\n", want: []record{message("", "2")}},
	{name: "mark: two bytes of it", stream: "\xEF\xBBdata: 1\n\ndata: 2\n\n", want: []record{message("", "2")}},
	{name: "mark: two bytes of it, then itself", stream: "\xEF\xBB\uFEFFdata: 1\n\ndata: 2\n\n", want: []record{message("", "2")}},
	{name: "mark: two bytes of it and a line end", stream: "data: 0\n\xEF\xBB\n\n", want: []record{message("", "0")}},

	// Lines.
	{name: "lines end with LF", stream: "data: 1\ndata: 2\n\n", want: []record{message("", "1\n2")}},
	{name: "lines end with CR", stream: "data: 1\rdata: 2\r\r", want: []record{message("", "1\n2")}},
	{name: "lines end with CRLF", stream: "data: 1\r\ndata: 2\r\n\r\n", want: []record{message("", "1\n2")}},
	{
		name:   "all line ends in one stream",
		stream: "data: 1\rdata: 2\ndata: 3\r\ndata: 4\r\n\rdata: 5\n\r\ndata: 6\r\ndata: 7\r\r",
		want:   []record{message("", "1\n2\n3\n4"), message("", "5"), message("", "6\n7")},
	},
	{name: "LF CR are two line ends", stream: "data: 1\n\rdata: 2\n\r", want: []record{message("", "1"), message("", "2")}},
	{
		name:   "CR CR LF are two line ends",
		stream: "data: 1\r\r\ndata: 2\r\r\n",
		want:   []record{message("", "1"), message("", "2")},
	},
	{name: "many blank lines are no events", stream: "\n\r\n\r\r\n\ndata: 1\n\n\n\r\r", want: []record{message("", "1")}},
	{
		name:   "other line separators are text",
		stream: "data: a\u2028b\u2029c\u0085d\ve\ff\n\n",
		want:   []record{message("", "a\u2028b\u2029c\u0085d\ve\ff")},
	},
	{
		name:   "line longer than the buffers of other readers",
		stream: "data: " + strings.Repeat("x", 70_000) + "\n\n",
		want:   []record{message("", strings.Repeat("x", 70_000))},
	},

	// Splitting a line into name and value.
	{name: "split at the first colon", stream: "data:a:b: c\n\n", want: []record{message("", "a:b: c")}},
	{name: "one space is removed", stream: "data:1\ndata: 2\ndata:  3\ndata: \ndata:  \n\n", want: []record{message("", "1\n2\n 3\n\n ")}},
	{name: "a tab is not a space", stream: "data:\t1\n\n", want: []record{message("", "\t1")}},
	{name: "a no-break space is not a space", stream: "data:\u00A01\n\n", want: []record{message("", "\u00A01")}},
	{name: "space at the end stays", stream: "data: 1 \n\n", want: []record{message("", "1 ")}},
	{name: "no colon is an empty value", stream: "data\n\n", want: []record{message("", "")}},
	{name: "value that is a colon", stream: "data::\n\n", want: []record{message("", ":")}},
	{name: "a space alone is a field name", stream: "data: 1\n \n\n", want: []record{message("", "1")}},

	// Comments.
	{
		name:   "comments are told apart from fields",
		stream: ":\n: 1\n:  2\n:3\n::4\n:data: no\ndata: 5\n: 6\ndata: 7\n\n: 8\n",
		want: []record{
			comment(""), comment("1"), comment(" 2"), comment("3"), comment(":4"), comment("data: no"),
			comment("6"), message("", "5\n7"), comment("8"),
		},
	},
	{name: "comment without a line end is none", stream: ": 1\n: 2", want: []record{comment("1")}},

	// Field names.
	{
		name:   "names are compared exactly",
		stream: "Data: 1\nDATA: 2\ndata : 3\n data: 4\ndata\x00: 5\ndat: 6\ndatas: 7\nData\ndata: 8\n\n",
		want:   []record{message("", "8")},
	},
	{name: "names are compared exactly: id, event, retry", stream: "ID: 1\n id: 2\nid : 3\nEvent: x\nRetry: 1\nretry : 1\ndata: 1\n\n", want: []record{message("", "1")}},
	{name: "unknown names are ignored", stream: "foo: 1\nfoo\ndata: 1\nlastEventId: 3\n\n", want: []record{message("", "1")}},
	{name: "unknown names make no event", stream: "foo: 1\n\n"},
	{name: "a body that is no event stream", stream: "<!doctype html>\n<p>data: 1</p>\n\n"},

	// data
	{name: "data: lines are joined by LF", stream: "data: 1\ndata\ndata: 2\ndata:\n\n", want: []record{message("", "1\n\n2\n")}},
	{name: "data: empty lines first", stream: "data:\ndata:\ndata: 1\n\n", want: []record{message("", "\n\n1")}},
	{name: "data: only the last LF is removed", stream: "data\ndata\n\n", want: []record{message("", "\n")}},
	{name: "data: does not stay", stream: "data: 1\n\nevent: x\n\ndata: 2\n\n", want: []record{message("", "1"), message("", "2")}},
	{name: "data: NUL is text", stream: "data: \x00\n\n", want: []record{message("", "\x00")}},

	// event
	{name: "event: the last one counts", stream: "event: a\nevent: b\ndata: 1\n\n", want: []record{typed("", "b", "1")}},
	{name: "event: an empty one takes it back", stream: "event: a\nevent\ndata: 1\n\n", want: []record{message("", "1")}},
	{name: "event: holds for one event", stream: "event: a\ndata: 1\n\ndata: 2\n\n", want: []record{typed("", "a", "1"), message("", "2")}},
	{name: "event: dropped with a block without data", stream: "event: a\n\ndata: 1\n\n", want: []record{message("", "1")}},
	{name: "event: keeps spaces and NUL", stream: "event:  a b\x00 \ndata: 1\n\n", want: []record{typed("", " a b\x00 ", "1")}},
	{
		name:   "event: more types than are remembered",
		stream: strings.Repeat("event: a\ndata\n\nevent: b\ndata\n\nevent: c\ndata\n\nevent: d\ndata\n\nevent: e\ndata\n\nevent: f\ndata\n\nevent: g\ndata\n\nevent: h\ndata\n\nevent: i\ndata\n\nevent: j\ndata\n\n", 2),
		want:   eachType("abcdefghijabcdefghij"),
	},

	// id
	{
		name:   "id: holds until the next",
		stream: "data: 0\n\nid: 1\ndata: 1\n\ndata: 2\n\nid: 3\ndata: 3\n\n",
		want:   []record{message("", "0"), message("1", "1"), message("1", "2"), message("3", "3")},
		lastID: "3",
	},
	{
		name:   "id: the last one counts",
		stream: "id: 1\nid: 2\ndata: 1\nid: 3\n\n",
		want:   []record{message("3", "1")},
		lastID: "3",
	},
	{
		name:   "id: an empty one takes it back",
		stream: "id: 1\ndata: 1\n\nid\ndata: 2\n\nid: 3\ndata: 3\n\nid:\ndata: 4\n\n",
		want:   []record{message("1", "1"), message("", "2"), message("3", "3"), message("", "4")},
	},
	{name: "id: counts without data", stream: "id: 1\n\n", lastID: "1"},
	{
		name:   "id: counts without data, for the next event too",
		stream: "id: 1\n\ndata: 1\n\n",
		want:   []record{message("1", "1")},
		lastID: "1",
	},
	{
		name:   "id: with NUL is ignored",
		stream: "id: 1\nid: 2\x00\nid: \x003\nid: \x00\ndata: 1\n\n",
		want:   []record{message("1", "1")},
		lastID: "1",
	},
	{
		name:   "id: keeps spaces, is any text",
		stream: "id:  a:b … \ndata: 1\n\n",
		want:   []record{message(" a:b … ", "1")},
		lastID: " a:b … ",
	},
	{
		name:   "id: longer than those that share memory",
		stream: "id: " + strings.Repeat("x", 5000) + "\ndata: 1\n\nid: y\ndata: 2\n\n",
		want:   []record{message(strings.Repeat("x", 5000), "1"), message("y", "2")},
		lastID: "y",
	},

	// retry
	{name: "retry: is milliseconds", stream: "retry: 1500\n\n", want: []record{retry(1500 * time.Millisecond)}},
	{name: "retry: takes effect before the blank line", stream: "retry: 1\n", want: []record{retry(time.Millisecond)}},
	{name: "retry: zero", stream: "retry:0\n", want: []record{retry(0)}},
	{name: "retry: leading zeros", stream: "retry: 00000000000000000000000000012\n", want: []record{retry(12 * time.Millisecond)}},
	{name: "retry: empty is ignored", stream: "retry\nretry:\nretry: \n\n"},
	{
		name:   "retry: anything but ASCII digits is ignored",
		stream: "retry: 10abc\nretry: abc\nretry: -1\nretry: +1\nretry: 1.5\nretry: 1e3\nretry: 0x10\nretry:  1\nretry: 1 \nretry: 1_000\nretry: ١\nretry: ２\nretry: 1\x00\nretry: 1\xFF\n\n",
	},
	{
		name:   "retry: at most MaxRetry, however many digits",
		stream: "retry: 86399999\nretry: 86400000\nretry: 86400001\nretry: 9223372036855\nretry: 18446744073709551617\nretry: " + strings.Repeat("9", 400) + "\n",
		want:   []record{retry(MaxRetry - time.Millisecond), retry(MaxRetry), retry(MaxRetry), retry(MaxRetry), retry(MaxRetry), retry(MaxRetry)},
	},
	{name: "retry: is no event", stream: "retry: 1\n\ndata: 1\n\n", want: []record{retry(time.Millisecond), message("", "1")}},

	// The end of the stream.
	{name: "end: inside a line", stream: "data: 1\n\ndata: 2", want: []record{message("", "1")}},
	{name: "end: inside an event", stream: "data: 1\n\ndata: 2\n", want: []record{message("", "1")}},
	{
		name:   "end: inside an event, whose id does not count",
		stream: "id: 1\ndata: 1\n\nid: 2\ndata: 2\n",
		want:   []record{message("1", "1")},
		lastID: "1",
	},
	{name: "end: inside a block with an id alone", stream: "id: 1\n"},
	{name: "end: after a CR that completes an event", stream: "data: 1\r\r", want: []record{message("", "1")}},
}

// eachType makes an event with empty data of each letter.
func eachType(letters string) []record {
	var all []record
	for _, l := range letters {
		all = append(all, typed("", string(l), ""))
	}
	return all
}

// encodingCases are streams that are not UTF-8, or not ASCII.
var encodingCases = []streamCase{
	{name: "text of all lengths", stream: "data: aé€😀\n\n", want: []record{message("", "aé€😀")}},
	{name: "U+FFFD itself", stream: "data: \uFFFD\n\n", want: []record{message("", "\uFFFD")}},
	{name: "bytes that never occur", stream: "data: a\xC0\xC1\xF5\xFFz\n\n", want: []record{message("", "a\uFFFD\uFFFD\uFFFD\uFFFDz")}},
	{name: "lone continuation bytes", stream: "data: \x80\xBF\n\n", want: []record{message("", "\uFFFD\uFFFD")}},
	{name: "sequence cut short is one U+FFFD", stream: "data: \xE2\x82z\xF0\x9F\x98z\xC3z\n\n", want: []record{message("", "\uFFFDz\uFFFDz\uFFFDz")}},
	{name: "sequence cut short by another", stream: "data: \xF0\x9F\xF0\x9F\x98\x80\xE2€\n\n", want: []record{message("", "\uFFFD😀\uFFFD€")}},
	{
		name:   "overlong forms",
		stream: "data: \xC0\x80|\xE0\x80\x80|\xF0\x80\x80\x80|\xE0\x9F\xBF\n\n",
		want:   []record{message("", "\uFFFD\uFFFD|\uFFFD\uFFFD\uFFFD|\uFFFD\uFFFD\uFFFD\uFFFD|\uFFFD\uFFFD\uFFFD")},
	},
	{name: "surrogates", stream: "data: \xED\xA0\x80|\xED\xBF\xBF\n\n", want: []record{message("", "\uFFFD\uFFFD\uFFFD|\uFFFD\uFFFD\uFFFD")}},
	{name: "beyond U+10FFFF", stream: "data: \xF4\x90\x80\x80|\xF4\x8F\xBF\n\n", want: []record{message("", "\uFFFD\uFFFD\uFFFD\uFFFD|\uFFFD")}},
	{name: "a line end ends a sequence", stream: "data: \xE2\ndata: \x82\xAC\r\ndata: \xF0\x9F\r\r", want: []record{message("", "\uFFFD\n\uFFFD\uFFFD\n\uFFFD")}},
	{name: "a colon ends a sequence", stream: "data\xE2: 1\ndata:\xE2\x82: 2\n\n", want: []record{message("", "\uFFFD: 2")}},
	{name: "a space ends a sequence", stream: "data:\xE2 \x82 1\n\n", want: []record{message("", "\uFFFD \uFFFD 1")}},
	{
		name:   "in type, id and comment",
		stream: ": \xFF!\nevent: \xE2\x82!\nid: \xF0\x9F\x98!\ndata: \x80!\n\n",
		want:   []record{comment("\uFFFD!"), typed("\uFFFD!", "\uFFFD!", "\uFFFD!")},
		lastID: "\uFFFD!",
	},
	{name: "an overlong NUL is no NUL", stream: "id: \xC0\x80\n\n", lastID: "\uFFFD\uFFFD"},
	{name: "an overlong LF is no LF", stream: "data: 1\xC0\x8A\xC0\x8A\n\n", want: []record{message("", "1\uFFFD\uFFFD\uFFFD\uFFFD")}},
	{name: "valid and not, event by event", stream: "data: é\n\ndata: \xE9\n\ndata: e\n\n", want: []record{message("", "é"), message("", "\uFFFD"), message("", "e")}},
}

func TestClauses(t *testing.T) {
	t.Parallel()
	runCases(t, clauseCases)
}

func TestEncodings(t *testing.T) {
	t.Parallel()
	runCases(t, encodingCases)
}
