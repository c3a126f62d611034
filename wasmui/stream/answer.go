// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// errorOf makes an error of a response that is no event stream: of the status in
// its body where the server sent one, else of what can be said of it in words.
func errorOf(h head) *Error {
	err, _ := parseStatus(h.body)
	told := err != nil
	if !told {
		err = &Error{Message: "The server answered " + statusWords(h.status) + "."}
		if h.status == 200 {
			err.Message = "The server answered with " + describe(h.contentType, h.body) +
				" in place of an event stream. Something on the way to it may have answered instead."
		}
	}
	err.HTTPStatus = h.status
	// A 500 with a status is the end of the call, which another would come to too.
	err.Retryable = retryableStatus(h.status) && !(h.status == 500 && told)
	return err
}

// maxQuoteBytes bounds what is quoted of a body.
const maxQuoteBytes = 120

// describe says what a body is, for a person who expected an event stream.
func describe(contentType string, body []byte) string {
	text := strings.Join(strings.Fields(strings.ToValidUTF8(string(body), "\uFFFD")), " ")
	if strings.Contains(strings.ToLower(contentType), "html") {
		if title := htmlTitle(text); title != "" {
			return "a web page titled “" + quote(title) + "”"
		}
		return "a web page"
	}
	what := "a body without a type"
	if contentType != "" {
		what = "a body of type " + quote(contentType)
	}
	if text == "" {
		return what + " that is empty"
	}
	return what + " that begins “" + quote(text) + "”"
}

// htmlTitle finds the title in a page, "" where it has none.
func htmlTitle(page string) string {
	// ASCII only, so that the places are the same in both.
	lower := strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, page)
	start := strings.Index(lower, "<title")
	if start < 0 {
		return ""
	}
	open := strings.IndexByte(lower[start:], '>')
	if open < 0 {
		return ""
	}
	start += open + 1
	end := strings.Index(lower[start:], "</title")
	if end < 0 {
		return ""
	}
	return strings.TrimSpace(page[start : start+end])
}

// quote shortens a text at the border of a character.
func quote(text string) string {
	if len(text) <= maxQuoteBytes {
		return text
	}
	end := maxQuoteBytes
	for !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + "…"
}

// statusWords names an HTTP status: the ones that a stream meets.
func statusWords(status int) string {
	names := map[int]string{
		204: "No Content", 206: "Partial Content", 304: "Not Modified",
		400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found",
		405: "Method Not Allowed", 406: "Not Acceptable", 408: "Request Timeout",
		409: "Conflict", 410: "Gone", 413: "Content Too Large", 415: "Unsupported Media Type",
		421: "Misdirected Request", 425: "Too Early", 429: "Too Many Requests",
		431: "Request Header Fields Too Large", 499: "Client Closed Request",
		500: "Internal Server Error", 501: "Not Implemented", 502: "Bad Gateway",
		503: "Service Unavailable", 504: "Gateway Timeout", 505: "HTTP Version Not Supported",
	}
	if name := names[status]; name != "" {
		return strconv.Itoa(status) + " " + name
	}
	return strconv.Itoa(status)
}
