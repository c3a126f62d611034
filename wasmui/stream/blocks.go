// SPDX-License-Identifier: Apache-2.0

package stream

import "bytes"

// maxBlock bounds a piece of an event stream that does not come to its end.
const maxBlock = 1 << 20

// blocks cuts the text of an event stream where one thing ends and the next
// begins: at blank lines. It is for what the bridge writes, whose lines end with
// LF alone. The zero value is ready.
type blocks struct {
	rest []byte // what is not complete
	id   string // the id of the last event that is
}

// add takes text and gives what is complete by now, which is good until the next
// call. ok is false where that does not come to an end.
func (b *blocks) add(text []byte) (complete []byte, ok bool) {
	b.rest = append(b.rest, text...)
	end := bytes.LastIndex(b.rest, []byte("\n\n"))
	if end < 0 {
		return nil, len(b.rest) <= maxBlock
	}
	end += 2
	// What is given is at the end of a buffer of its own.
	complete = b.rest[:end:end]
	b.rest = append([]byte(nil), b.rest[end:]...)
	if id := lastID(complete); id != "" {
		b.id = id
	}
	return complete, true
}

// number is that of the last event within its run, 0 where that is not known.
func (b *blocks) number() uint64 {
	_, n, _ := parseEventID(b.id)
	return n
}

// lastID finds the last id in the text.
func lastID(text []byte) string {
	const prefix = "id: "
	at := bytes.LastIndex(text, []byte("\n"+prefix)) + 1
	if at == 0 && !bytes.HasPrefix(text, []byte(prefix)) {
		return ""
	}
	line, _, _ := bytes.Cut(text[at+len(prefix):], []byte("\n"))
	return string(line)
}
