// SPDX-License-Identifier: Apache-2.0

package run

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// MaxEventIDBytes is the longest event id. Browsers send a longer
// Last-Event-ID across origins only after a preflight.
const MaxEventIDBytes = 127

const (
	// maxSeq is the largest number of an event: JavaScript counts no further,
	// and nothing that adds to it wraps.
	maxSeq = 1<<53 - 1

	// maxAfter is the largest number that a run takes up from another bridge,
	// so that no run lives to give an event a number past maxSeq. What a client
	// sends may be made up.
	maxAfter = 1 << 52

	runIDBytes  = 16
	runIDLength = 26

	endMark = "end"
	// A position stands in an id as it is where its bytes allow, and in
	// base64 where not; its first letter says which.
	positionText   = 't'
	positionBase64 = 'b'
)

// idEncoding spells a run's id with lower-case letters and digits alone.
var idEncoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// NewID returns the id of a new run: 128 random bits, which nobody guesses, as
// 26 letters and digits.
func NewID() string {
	var b [runIDBytes]byte
	rand.Read(b[:]) // never fails: crypto/rand ends the program instead
	return idEncoding.EncodeToString(b[:])
}

// ValidID is whether id has the form that [NewID] gives.
func ValidID(id string) bool {
	if len(id) != runIDLength {
		return false
	}
	for _, c := range []byte(id) {
		if (c < 'a' || c > 'z') && (c < '2' || c > '7') {
			return false
		}
	}
	return true
}

// EventID is the id of one event: `<run>-<n>`, and then, of the last event of
// a run, `-end`; or, where the method says what a response's position is,
// `-t<position>` or `-b<position in base64>`. All of it is letters, digits,
// `.`, `_`, `~` and `-`, which browsers send across origins as they are.
type EventID struct {
	// Run is the id of the run.
	Run string
	// Seq is the event's number in the run, from 1.
	Seq uint64
	// End is whether the event is the run's last.
	End bool
	// Position is where the method can go on by itself, empty where it can't.
	Position string
}

// Append appends the id to dst. A position with which the id would be longer
// than [MaxEventIDBytes] is left out.
func (id EventID) Append(dst []byte) []byte {
	return appendEventID(dst, id.Run, id.Seq, id.End, id.Position)
}

// String returns the id as events carry it.
func (id EventID) String() string { return string(id.Append(nil)) }

func appendEventID[T string | []byte](dst []byte, run string, seq uint64, end bool, position T) []byte {
	start := len(dst)
	dst = append(dst, run...)
	dst = append(dst, '-')
	dst = strconv.AppendUint(dst, seq, 10)
	if end {
		return append(dst, "-"+endMark...)
	}
	if len(position) == 0 || len(position) > MaxEventIDBytes {
		return dst
	}
	bare := len(dst)
	if isPlain(position) {
		dst = append(dst, '-', positionText)
		dst = append(dst, position...)
	} else {
		dst = append(dst, '-', positionBase64)
		dst = base64.RawURLEncoding.AppendEncode(dst, []byte(position))
	}
	if len(dst)-start > MaxEventIDBytes {
		return dst[:bare]
	}
	return dst
}

// isPlain is whether every byte of s may stand in an id.
func isPlain[T string | []byte](s T) bool {
	for i := range len(s) {
		if !plain[s[i]] {
			return false
		}
	}
	return true
}

// plain has the bytes that may stand in an id. It is a table, since every byte
// of every position is looked at.
var plain = func() (table [256]bool) {
	for _, c := range []byte("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._~-") {
		table[c] = true
	}
	return table
}()

// ParseEventID reads an id as [EventID.Append] writes it, and refuses all
// else.
func ParseEventID(s string) (EventID, error) {
	if len(s) > MaxEventIDBytes {
		return EventID{}, fmt.Errorf("an event id has at most %d bytes, this one has %d", MaxEventIDBytes, len(s))
	}
	run, rest, _ := strings.Cut(s, "-")
	if !ValidID(run) {
		return EventID{}, errors.New("an event id begins with the id of a run: 26 characters, a to z and 2 to 7")
	}
	count, rest, more := strings.Cut(rest, "-")
	seq, err := strconv.ParseUint(count, 10, 64)
	if err != nil || count != strconv.FormatUint(seq, 10) || seq > maxSeq {
		return EventID{}, errors.New("after the run, an event id has the event's number")
	}
	id := EventID{Run: run, Seq: seq}
	switch {
	case !more:
		return id, nil
	case rest == endMark:
		id.End = true
		return id, nil
	case len(rest) > 1 && rest[0] == positionText && isPlain(rest[1:]):
		id.Position = rest[1:]
		return id, nil
	case len(rest) > 1 && rest[0] == positionBase64:
		b, err := base64.RawURLEncoding.Strict().DecodeString(rest[1:])
		if err == nil && !isPlain(b) {
			id.Position = string(b)
			return id, nil
		}
	}
	return EventID{}, errors.New("after its number, an event id has a position or that it is the end")
}
