// SPDX-License-Identifier: Apache-2.0

package sse

import (
	"strings"
	"testing"
	"time"
)

// platformCases bear the names of the parser tests in the eventsource folder of
// web-platform-tests (https://github.com/web-platform-tests/wpt), which
// browsers are held to, and ask the same questions with streams of our own.
// Tests of that folder that concern the request or the response head belong to
// a client and not to a parser.
var platformCases = []streamCase{
	{
		name:   "format-bom",
		stream: "\uFEFFdata:first\n\n\uFEFFdata:second\n\ndata:third\n\n",
		want:   []record{message("", "first"), message("", "third")},
	},
	{
		name:   "format-bom-2",
		stream: "\uFEFF\uFEFFdata:first\n\ndata:second\n\ndata:third\n\n",
		want:   []record{message("", "second"), message("", "third")},
	},
	{
		name:   "format-comments",
		stream: "data:a\r:\x00\n:\r\ndata:b\n:" + strings.Repeat("y", 2<<10) + "\rdata:c\n:data:no\r:" + strings.Repeat("y", 2<<10) + "\ndata:d\n\n",
		want: []record{
			comment("\x00"), comment(""), comment(strings.Repeat("y", 2<<10)), comment("data:no"),
			comment(strings.Repeat("y", 2<<10)), message("", "a\nb\nc\nd"),
		},
	},
	{
		name:   "format-data-before-final-empty-line",
		stream: "retry:500\ndata:whole\n\nid:lost\ndata:cut off",
		want:   []record{retry(500 * time.Millisecond), message("", "whole")},
	},
	{
		name:   "format-field-data",
		stream: "data:\n\ndata\ndata\n\ndata:end\n\n",
		want:   []record{message("", ""), message("", "\n"), message("", "end")},
	},
	{
		name:   "format-field-event",
		stream: "event:news\ndata:a\n\ndata:a\n\n",
		want:   []record{typed("", "news", "a"), message("", "a")},
	},
	{
		name:   "format-field-event-empty",
		stream: "event: \ndata:a\n\n",
		want:   []record{message("", "a")},
	},
	{
		name:   "format-field-id",
		stream: "id: …\nretry: 200\ndata: hello\n\n",
		want:   []record{retry(200 * time.Millisecond), message("…", "hello")},
		lastID: "…",
	},
	{
		name:   "format-field-id-2",
		stream: "id: …\ndata: hello\n\ndata: again\n\ndata: again\n\n",
		want:   []record{message("…", "hello"), message("…", "again"), message("…", "again")},
		lastID: "…",
	},
	{
		name:   "format-field-id-3",
		stream: "id: a\ndata: 1\n\nid:\ndata: 2\n\ndata: 3\n\n",
		want:   []record{message("a", "1"), message("", "2"), message("", "3")},
	},
	{
		name:   "format-field-id-null",
		stream: "id: \x00\x00\ndata: hello\n\n",
		want:   []record{message("", "hello")},
	},
	{
		name:   "format-field-parsing",
		stream: "data:\x00\ndata:  b\rData:no\ndata\x00:no\ndata:c\r\x00data:no\nda-ta:no\rdata_no\ndata:d\rdata:\r\n data:no\ndata:e\n\n",
		want:   []record{message("", "\x00\n b\nc\nd\n\ne")},
	},
	{
		name:   "format-field-retry",
		stream: "retry:030\ndata:a\n\n",
		want:   []record{retry(30 * time.Millisecond), message("", "a")},
	},
	{
		name:   "format-field-retry-bogus",
		stream: "retry:500\nretry:100z\ndata:a\n\n",
		want:   []record{retry(500 * time.Millisecond), message("", "a")},
	},
	{
		name:   "format-field-retry-empty",
		stream: "retry\ndata:a\n\n",
		want:   []record{message("", "a")},
	},
	{
		name:   "format-field-unknown",
		stream: "data:a\n data\ndata\nother:b\nonlytext\n:comment\ndata:a\n\n",
		want:   []record{comment("comment"), message("", "a\n\na")},
	},
	{
		name:   "format-leading-space",
		stream: "data:\ta\rdata: \ndata:b\n\n",
		want:   []record{message("", "\ta\n\nb")},
	},
	{
		name:   "format-newlines",
		stream: "data:a\r\ndata\ndata:b\r\n\r\n",
		want:   []record{message("", "a\n\nb")},
	},
	{
		name:   "format-null-character",
		stream: "data:\x00\n\n\n\n",
		want:   []record{message("", "\x00")},
	},
	{
		name:   "format-utf-8",
		stream: "data:grün…\n\n",
		want:   []record{message("", "grün…")},
	},
	{
		name:   "event-data",
		stream: "data:one\ndata: two\n\n:\nfoo:data\n\ndata\n\ndata:end\n\n",
		want:   []record{message("", "one\ntwo"), comment(""), message("", ""), message("", "end")},
	},
}

func TestPlatform(t *testing.T) {
	t.Parallel()
	runCases(t, platformCases)
}
