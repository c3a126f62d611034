// SPDX-License-Identifier: Apache-2.0

package sse

import (
	"bytes"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"
)

// The names of the fields, which are compared exactly.
const (
	fieldData  = "data"
	fieldEvent = "event"
	fieldID    = "id"
	fieldRetry = "retry"
)

// A space always follows the colon, since a reader removes one: without it, a
// value that begins with a space would lose it.
const (
	prefixData    = fieldData + ": "
	prefixEvent   = fieldEvent + ": "
	prefixID      = fieldID + ": "
	prefixRetry   = fieldRetry + ": "
	prefixComment = ": "
)

// AppendEvent appends an event, its closing blank line included, to dst. It
// allocates only where dst has to grow.
//
// An empty id or event leaves that field out: the reader then keeps the last
// id, and takes the type to be DefaultType. Either is refused with a
// *FieldError, and dst is returned as it was, if it holds a CR or LF, with
// which it could forge fields; if it is not UTF-8, so that it would arrive
// changed; or, for an id, if it holds a NUL, for which readers ignore it.
//
// The data may be anything, also empty. Each of its lines, ended by CR, LF or
// CRLF, becomes a line of the event, and the reader gets them joined by LF:
// data with other line ends arrives changed in that alone. Bytes that are not
// UTF-8 are written as they are; the reader replaces them by U+FFFD.
func AppendEvent[ID string | []byte](dst []byte, id ID, event string, data []byte) ([]byte, error) {
	const overhead = len(prefixEvent) + 1 + len(prefixData) + 1 + len(prefixID) + 1 + 1
	out, err := AppendHead(slices.Grow(dst, len(id)+len(event)+len(data)+overhead), event)
	if err != nil {
		return dst, err
	}
	if bytes.IndexByte(data, '\n') < 0 && bytes.IndexByte(data, '\r') < 0 {
		out = append(out, data...)
	} else {
		out = appendLines(out[:len(out)-len(prefixData)], prefixData, data)
		out = out[:len(out)-1] // the tail ends the last line
	}
	if out, err = AppendTail(out, id); err != nil {
		return dst, err
	}
	return out, nil
}

// AppendHead appends an event up to where its data begins, for data that is
// then appended in place and never copied. It has to be one line, without CR
// and LF, and [AppendTail] closes the event. The event is that of AppendEvent,
// which takes data of any kind, and is refused as there.
func AppendHead(dst []byte, event string) ([]byte, error) {
	if i := indexRefused(event, false); i >= 0 {
		return dst, &FieldError{Field: fieldEvent, Offset: i}
	}
	if event != "" {
		dst = append(dst, prefixEvent...)
		dst = append(dst, event...)
		dst = append(dst, '\n')
	}
	return append(dst, prefixData...), nil
}

// AppendTail appends the end of an event, behind its data: its id and the blank
// line. The id is that of AppendEvent, and is refused as there.
//
// The id comes last because some readers remember it as soon as they have read
// its line. Had it come first, one whose connection broke inside of the event
// would ask for what follows an event that it never had.
func AppendTail[ID string | []byte](dst []byte, id ID) ([]byte, error) {
	if i := indexRefused(id, true); i >= 0 {
		return dst, &FieldError{Field: fieldID, Offset: i}
	}
	dst = append(dst, '\n')
	if len(id) != 0 {
		dst = append(dst, prefixID...)
		dst = append(dst, id...)
		dst = append(dst, '\n')
	}
	return append(dst, '\n'), nil
}

// AppendRetry appends a block that sets the reader's reconnection time to d,
// rounded to whole milliseconds. The format has no negative times: for one,
// nothing is appended.
func AppendRetry(dst []byte, d time.Duration) []byte {
	if d < 0 {
		return dst
	}
	dst = append(dst, prefixRetry...)
	dst = strconv.AppendInt(dst, d.Round(time.Millisecond).Milliseconds(), 10)
	return append(dst, "\n\n"...)
}

// AppendComment appends a block that readers ignore but for the activity it
// shows, with a comment for each line of text, which may be anything. It
// belongs between events: its blank line would complete a half-written one.
func AppendComment(dst []byte, text string) []byte {
	dst = appendLines(dst, prefixComment, text)
	return append(dst, '\n')
}

// appendLines appends a line with the prefix for each line of text. Text that
// is empty, or ends with a line end, has an empty last line.
func appendLines[T []byte | string](dst []byte, prefix string, text T) []byte {
	for start, i := 0, 0; ; i++ {
		if i < len(text) && text[i] != '\n' && text[i] != '\r' {
			continue
		}
		dst = append(dst, prefix...)
		dst = append(dst, text[start:i]...)
		dst = append(dst, '\n')
		if i == len(text) {
			return dst
		}
		if text[i] == '\r' && i+1 < len(text) && text[i+1] == '\n' {
			i++
		}
		start = i + 1
	}
}

// indexRefused returns the index of the first byte that value may not hold as
// a field on a line of its own, or -1.
func indexRefused[T string | []byte](value T, isID bool) int {
	if isPrintable(value) {
		return -1
	}
	for i := 0; i < len(value); {
		c := value[i]
		if c == '\n' || c == '\r' || c == 0 && isID {
			return i
		}
		if c < utf8.RuneSelf {
			i++
			continue
		}
		// Few have any of these, and the conversion is of at most one rune.
		r, size := utf8.DecodeRuneInString(string(value[i:min(i+utf8.UTFMax, len(value))]))
		if r == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return -1
}

// isPrintable is whether value has eight bytes or more and all of them are
// ASCII without control characters, as in nearly every id. It looks at eight at
// a time, at the last ones perhaps twice.
func isPrintable[T string | []byte](value T) bool {
	last := len(value) - 8
	if last < 0 {
		return false
	}
	for i := 0; i < last; i += 8 {
		if !isPrintable8(value[i : i+8]) {
			return false
		}
	}
	return isPrintable8(value[last:])
}

// isPrintable8 is isPrintable for eight bytes. The top bit of one is set where
// it is not ASCII and, after the subtraction, where it is a control character.
// That may borrow from the byte above, but the answer is no by then.
func isPrintable8[T string | []byte](b T) bool {
	_ = b[7]
	x := uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 |
		uint64(b[4])<<32 | uint64(b[5])<<40 | uint64(b[6])<<48 | uint64(b[7])<<56
	return (x|(x-0x2020202020202020))&0x8080808080808080 == 0
}
