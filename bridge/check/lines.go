// SPDX-License-Identifier: Apache-2.0

package check

import "bytes"

// lineCutter cuts a stream into lines as package sse does, and counts how they
// end. Where the parser gives what a browser makes of a stream, this shows how
// it was written.
type lineCutter struct {
	begun   []byte
	tooLong bool // the rest of the line is dropped
	afterCR bool

	lf, cr, crlf int
}

// next takes the next piece of chunk, up to the end of a line or all of it,
// and returns the line if it is whole, valid until the next call. An LF that
// belongs to the CR before it is a piece of its own.
func (c *lineCutter) next(chunk []byte) (piece, line []byte, whole bool) {
	if c.afterCR {
		c.afterCR = false
		if chunk[0] == '\n' {
			c.cr--
			c.crlf++
			return chunk[:1], nil, false
		}
	}
	end := bytes.IndexAny(chunk, "\r\n")
	if end < 0 {
		c.keep(chunk)
		return chunk, nil, false
	}
	if chunk[end] == '\r' {
		c.cr++
		c.afterCR = true
	} else {
		c.lf++
	}
	c.keep(chunk[:end])
	line = c.begun
	c.begun, c.tooLong = c.begun[:0], false
	return chunk[:end+1], line, true
}

func (c *lineCutter) keep(part []byte) {
	if room := maxLineBytes - len(c.begun); len(part) > room {
		part, c.tooLong = part[:room], true
	}
	c.begun = append(c.begun, part...)
}

// describe says how the lines end.
func (c *lineCutter) describe() string {
	kinds, name := 0, ""
	for _, one := range []struct {
		n    int
		name string
	}{{c.lf, "LF"}, {c.crlf, "CRLF"}, {c.cr, "CR"}} {
		if one.n > 0 {
			kinds++
			name = one.name
		}
	}
	if kinds > 1 {
		return "a mix of LF, CR and CRLF"
	}
	return name
}
