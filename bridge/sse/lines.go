// SPDX-License-Identifier: Apache-2.0

package sse

import "bytes"

// maxKeptBytes is the size up to which a buffer is kept for the next event. A
// single giant event should not hold its memory for the rest of a stream.
const maxKeptBytes = 256 << 10

// byteOrderMark may stand at the start of a stream, once, and is not part of it.
const byteOrderMark = "\uFEFF"

// lineSplitter cuts a byte stream that arrives in chunks into lines, which end
// with LF, CR or CRLF. How the stream is cut into chunks makes no difference.
//
// It works on bytes, before UTF-8 is decoded. The result is the same, since
// the decoder never lets an ill-formed sequence swallow an ASCII byte, and all
// that has a meaning here and in the parser is ASCII.
//
// For each chunk, load is called once, next until it has no line, and keep.
type lineSplitter struct {
	begun []byte // the line that earlier chunks began
	chunk []byte
	pos   int // where the next line begins in chunk

	// The next LF and the next CR at or after pos, len(chunk) if there is none,
	// stale if before pos. They are kept from line to line so that no byte is
	// searched twice: a stream without any LF would take quadratic time.
	lf, cr int

	skipLF bool // the last line ended with a CR, to which an LF may belong
	bom    int  // how many bytes of the byte order mark are dealt with
}

// load sets the chunk to cut. The chunk before it must have been kept.
func (s *lineSplitter) load(chunk []byte) {
	if s.bom < len(byteOrderMark) {
		chunk = s.dropByteOrderMark(chunk)
	}
	if s.skipLF && len(chunk) > 0 {
		s.skipLF = false
		if chunk[0] == '\n' {
			chunk = chunk[1:]
		}
	}
	s.chunk, s.pos, s.lf, s.cr = chunk, 0, -1, -1
}

// dropByteOrderMark removes what is in chunk of the mark at the stream's
// start. Bytes held back that turn out to be no mark begin the first line.
func (s *lineSplitter) dropByteOrderMark(chunk []byte) []byte {
	for len(chunk) > 0 && s.bom < len(byteOrderMark) {
		if chunk[0] != byteOrderMark[s.bom] {
			s.begun = append(s.begun, byteOrderMark[:s.bom]...)
			s.bom = len(byteOrderMark)
			break
		}
		s.bom++
		chunk = chunk[1:]
	}
	return chunk
}

// next returns the next line without its end, and whether there is one. The
// line is valid until keep is called. It must not be longer than limit.
func (s *lineSplitter) next(limit int) (line []byte, ok bool, err error) {
	if s.lf < s.pos {
		s.lf = indexFrom(s.chunk, s.pos, '\n')
	}
	if s.cr < s.pos {
		s.cr = indexFrom(s.chunk, s.pos, '\r')
	}
	end := min(s.lf, s.cr)
	if end == len(s.chunk) {
		return nil, false, nil
	}
	line = s.chunk[s.pos:end]
	if len(s.begun)+len(line) > limit {
		return nil, false, &TooLargeError{Part: "line", Limit: limit}
	}
	s.pos = end + 1
	if end == s.cr {
		// The line is over whether or not an LF follows: to wait for one would
		// hold the event back until the next one.
		if s.pos == len(s.chunk) {
			s.skipLF = true
		} else if s.chunk[s.pos] == '\n' {
			s.pos++
		}
	}
	if len(s.begun) > 0 {
		line = append(s.begun, line...)
		s.begun = line[:0] // to be overwritten by keep, not before
	}
	return line, true, nil
}

// keep copies the line that the chunk leaves unfinished and lets go of the
// chunk. All lines of the chunk become invalid.
func (s *lineSplitter) keep(limit int) error {
	rest := s.chunk[s.pos:]
	s.chunk, s.pos, s.lf, s.cr = nil, 0, 0, 0
	if len(s.begun)+len(rest) > limit {
		return &TooLargeError{Part: "line", Limit: limit}
	}
	s.begun = append(emptied(s.begun), rest...)
	return nil
}

// reset forgets the stream and makes ready for another.
func (s *lineSplitter) reset() {
	*s = lineSplitter{begun: emptied(s.begun[:0])}
}

// emptied returns buf, or nil if it is empty and too large to be kept.
func emptied(buf []byte) []byte {
	if len(buf) == 0 && cap(buf) > maxKeptBytes {
		return nil
	}
	return buf
}

// indexFrom returns the index of the first c in b at or after from, len(b) if
// there is none.
func indexFrom(b []byte, from int, c byte) int {
	if i := bytes.IndexByte(b[from:], c); i >= 0 {
		return from + i
	}
	return len(b)
}
