// SPDX-License-Identifier: Apache-2.0

package events

import "unicode/utf8"

const (
	// maxPretty bounds the JSON that AppendJSON sets, in bytes: what is more than
	// a person reads is better saved.
	maxPretty = 128 << 10
	// maxIndent bounds how far lines are indented, in levels: a value that is
	// nothing but brackets would be all indentation.
	maxIndent = 40
)

// AppendJSON writes JSON as HTML, a value a line, with classes for what is what:
// k the name of a member, s a string, n a number, l true, false and null. Nothing
// of the text is lost, whether it is JSON or not, but for what is beyond 128 KB;
// whole says whether that was all of it.
func AppendJSON(dst, data []byte) (html []byte, whole bool) {
	whole = len(data) <= maxPretty
	if !whole {
		data = data[:runeStart(data, maxPretty)]
	}
	depth := 0
	for i := 0; i < len(data); {
		switch c := data[i]; c {
		case ' ', '\t', '\n', '\r':
			i++
		case '{', '[':
			dst = append(dst, c)
			i++
			if next := skipSpace(data, i); next < len(data) && data[next] == c+2 {
				dst = append(dst, c+2)
				i = next + 1
				continue
			}
			depth++
			dst = newLine(dst, depth)
		case '}', ']':
			depth = max(depth-1, 0)
			dst = append(newLine(dst, depth), c)
			i++
		case ',':
			dst = newLine(append(dst, c), depth)
			i++
		case ':':
			dst = append(dst, ": "...)
			i++
		default:
			end := tokenEnd(data, i)
			dst = appendToken(dst, data[i:end], classOf(data, i, end))
			i = end
		}
	}
	return dst, whole
}

func newLine(dst []byte, depth int) []byte {
	dst = append(dst, '\n')
	for range min(depth, maxIndent) {
		dst = append(dst, "  "...)
	}
	return dst
}

func skipSpace(data []byte, i int) int {
	for i < len(data) && (data[i] == ' ' || data[i] == '\t' || data[i] == '\n' || data[i] == '\r') {
		i++
	}
	return i
}

// tokenEnd gives the end of the string, the number or the word that begins at i.
func tokenEnd(data []byte, i int) int {
	if data[i] == '"' {
		for i++; i < len(data); i++ {
			switch data[i] {
			case '\\':
				i++
			case '"':
				return i + 1
			}
		}
		return len(data)
	}
	for i++; i < len(data); i++ {
		switch data[i] {
		case ' ', '\t', '\n', '\r', ',', ':', '[', ']', '{', '}', '"':
			return i
		}
	}
	return i
}

func classOf(data []byte, start, end int) byte {
	switch c := data[start]; {
	case c == '"':
		if next := skipSpace(data, end); next < len(data) && data[next] == ':' {
			return 'k'
		}
		return 's'
	case c == '-', '0' <= c && c <= '9':
		return 'n'
	}
	return 'l'
}

func appendToken(dst, token []byte, class byte) []byte {
	dst = append(dst, `<span class="`...)
	dst = append(dst, class)
	dst = append(dst, `">`...)
	dst = AppendText(dst, token)
	return append(dst, "</span>"...)
}

// AppendText writes text as HTML.
func AppendText[T []byte | string](dst []byte, text T) []byte {
	for i := 0; i < len(text); i++ {
		switch c := text[i]; c {
		case '&':
			dst = append(dst, "&amp;"...)
		case '<':
			dst = append(dst, "&lt;"...)
		case '>':
			dst = append(dst, "&gt;"...)
		case '"':
			dst = append(dst, "&quot;"...)
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

const (
	// lineBytes is how much of an event stands on its line, and leadBytes how much
	// of it before what was looked for.
	lineBytes = 240
	leadBytes = 40
)

// AppendLine writes the beginning of some data on one line as HTML, or the part
// of it around the first place that the filter looks for, which is marked.
func AppendLine(dst, data []byte, f Filter) []byte {
	start, end := f.Find(data)
	from := 0
	if start > lineBytes/2 {
		from = runeStart(data, start-leadBytes)
		dst = append(dst, "… "...)
	}
	to := runeStart(data, max(min(from+lineBytes, len(data)), min(end, from+2*lineBytes)))
	if start >= 0 {
		end = min(end, to)
		dst = AppendText(dst, data[from:start])
		dst = append(dst, "<mark>"...)
		dst = AppendText(dst, data[start:end])
		dst = append(dst, "</mark>"...)
		from = end
	}
	dst = AppendText(dst, data[from:to])
	if to < len(data) {
		dst = append(dst, " …"...)
	}
	return dst
}

// runeStart gives the last place up to i at which a character begins.
func runeStart(data []byte, i int) int {
	if i >= len(data) {
		return len(data)
	}
	for i > 0 && !utf8.RuneStart(data[i]) {
		i--
	}
	return i
}
