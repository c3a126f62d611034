// SPDX-License-Identifier: Apache-2.0

package sse

import (
	"strings"
	"time"
)

// record is one thing that a parser reported, kept for comparison.
type record struct {
	Kind  string // "event", "comment" or "retry"
	ID    string
	Type  string
	Text  string // the data of an event, the text of a comment
	Retry time.Duration
}

func message(id, data string) record { return typed(id, DefaultType, data) }

func typed(id, typ, data string) record {
	return record{Kind: "event", ID: id, Type: typ, Text: data}
}

func comment(text string) record { return record{Kind: "comment", Text: text} }

func retry(d time.Duration) record { return record{Kind: "retry", Retry: d} }

// oracle reads a whole stream the way the standard describes it, step by step,
// and shares no code with the package. It is slow, knows nothing of chunks,
// and has no limits but that of the reconnection time. It returns what is
// found and the last event id at the end.
func oracle(stream, lastEventID string) (found []record, finalID string) {
	// "Streams must be decoded using the UTF-8 decode algorithm", which drops
	// one byte order mark.
	text := []rune(strings.TrimPrefix(decodeUTF8(stream), "\uFEFF"))

	// "a CRLF pair, a single LF not preceded by a CR, and a single CR not
	// followed by a LF being the ways in which a line can end"
	var lines []string
	var line []rune
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '\r' && i+1 < len(text) && text[i+1] == '\n':
			i++
			fallthrough
		case text[i] == '\r', text[i] == '\n':
			lines = append(lines, string(line))
			line = nil
		default:
			line = append(line, text[i])
		}
	}
	// What is left in line has no end, and so is pending data at the end of
	// the file, which "must be discarded".

	dataBuffer, typeBuffer, idBuffer := "", "", lastEventID
	finalID = lastEventID
	for _, line := range lines {
		if line == "" {
			finalID = idBuffer
			if dataBuffer != "" {
				data := strings.TrimSuffix(dataBuffer, "\n")
				typ := "message"
				if typeBuffer != "" {
					typ = typeBuffer
				}
				found = append(found, typed(finalID, typ, data))
			}
			dataBuffer, typeBuffer = "", ""
			continue
		}
		field, value, _ := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		if strings.HasPrefix(line, ":") {
			found = append(found, comment(value))
			continue
		}
		switch field {
		case "event":
			typeBuffer = value
		case "data":
			dataBuffer += value + "\n"
		case "id":
			if !strings.Contains(value, "\x00") {
				idBuffer = value
			}
		case "retry":
			if value != "" && strings.Trim(value, "0123456789") == "" {
				found = append(found, retry(oracleRetry(value)))
			}
		}
	}
	return found, finalID
}

// oracleRetry reads digits as milliseconds, at most 24 hours, which are
// 86,400,000 of them.
func oracleRetry(digits string) time.Duration {
	digits = strings.TrimLeft(digits, "0")
	const limit = "86400000"
	if len(digits) > len(limit) || len(digits) == len(limit) && digits > limit {
		digits = limit
	}
	d, err := time.ParseDuration("0" + digits + "ms")
	if err != nil {
		panic(err)
	}
	return d
}

// decodeUTF8 is the UTF-8 decoder of the Encoding standard, written down as
// the state machine it is there.
func decodeUTF8(s string) string {
	var out []rune
	var codePoint rune
	seen, needed := 0, 0
	lower, upper := byte(0x80), byte(0xBF)
	for i := 0; i < len(s); i++ {
		b := s[i]
		if needed == 0 {
			switch {
			case b <= 0x7F:
				out = append(out, rune(b))
			case b >= 0xC2 && b <= 0xDF:
				needed, codePoint = 1, rune(b&0x1F)
			case b >= 0xE0 && b <= 0xEF:
				if b == 0xE0 {
					lower = 0xA0
				}
				if b == 0xED {
					upper = 0x9F
				}
				needed, codePoint = 2, rune(b&0xF)
			case b >= 0xF0 && b <= 0xF4:
				if b == 0xF0 {
					lower = 0x90
				}
				if b == 0xF4 {
					upper = 0x8F
				}
				needed, codePoint = 3, rune(b&0x7)
			default:
				out = append(out, 0xFFFD)
			}
			continue
		}
		if b < lower || b > upper {
			codePoint, needed, seen = 0, 0, 0
			lower, upper = 0x80, 0xBF
			out = append(out, 0xFFFD)
			i-- // "restore byte to ioQueue"
			continue
		}
		lower, upper = 0x80, 0xBF
		codePoint = codePoint<<6 | rune(b&0x3F)
		seen++
		if seen == needed {
			out = append(out, codePoint)
			codePoint, needed, seen = 0, 0, 0
		}
	}
	if needed != 0 {
		out = append(out, 0xFFFD)
	}
	return string(out)
}
