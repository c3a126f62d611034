// SPDX-License-Identifier: Apache-2.0

package backend

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"strings"

	numbersv1 "sluice/proto/gen/sluice/numbers/v1"
)

// A resume token is a plan and a place in it, so that whoever holds one needs
// nothing from the server that gave it out. Big-endian, and then in the URL
// alphabet of base64 (RFC 4648, section 5) without padding:
//
//	1 byte   version in the high four bits, sequence in the low four
//	4 bytes  count, 0 for endless
//	4 bytes  seed
//	4 bytes  shortest pause in microseconds
//	4 bytes  longest pause in microseconds
//	8 bytes  lower bound as IEEE 754, -Inf for none  } sequences that
//	8 bytes  upper bound as IEEE 754, +Inf for none  } take bounds
//	4 bytes  position
//	6 bytes  state                                     sequences that have one
//	4 bytes  CRC-32C of all the above
//
// It is at most 47 bytes, which are 63 letters, digits, `-` and `_`: short
// enough to travel in an event id that no browser asks leave for. The checksum
// is against damage, not forgery: a token made by hand gets nobody more than a
// request does, for what it holds is held to the same rules.
const (
	tokenVersion    = 1
	tokenHead       = 1 + 4 + 4 + 4 + 4
	tokenBounds     = 8 + 8
	tokenPosition   = 4
	tokenState      = 6
	tokenChecksum   = 4
	minTokenBytes   = tokenHead + tokenPosition + tokenChecksum
	minTokenLetters = (minTokenBytes*8 + 5) / 6
	maxTokenBytes   = minTokenBytes + tokenBounds + tokenState
	maxTokenLetters = (maxTokenBytes*8 + 5) / 6
)

var (
	tokenEncoding = base64.RawURLEncoding
	tokenTable    = crc32.MakeTable(crc32.Castagnoli)
)

// tokenSize is how many bytes the tokens of a sequence have.
func tokenSize(k kind) int {
	size := minTokenBytes
	if k.bounded {
		size += tokenBounds
	}
	if k.stateful {
		size += tokenState
	}
	return size
}

// tokenWriter writes the tokens of one plan, whose part it encodes only once.
type tokenWriter struct {
	raw      []byte // the plan's part, and room for the rest
	text     []byte
	stateful bool
}

func newTokenWriter(p plan) *tokenWriter {
	k := kinds[p.sequence]
	size := tokenSize(k)
	w := &tokenWriter{
		raw:      make([]byte, 0, size),
		text:     make([]byte, tokenEncoding.EncodedLen(size)),
		stateful: k.stateful,
	}
	w.raw = append(w.raw, tokenVersion<<4|byte(p.sequence))
	w.raw = binary.BigEndian.AppendUint32(w.raw, p.count)
	w.raw = binary.BigEndian.AppendUint32(w.raw, p.seed)
	w.raw = binary.BigEndian.AppendUint32(w.raw, p.minPause)
	w.raw = binary.BigEndian.AppendUint32(w.raw, p.maxPause)
	if k.bounded {
		w.raw = binary.BigEndian.AppendUint64(w.raw, math.Float64bits(p.lower))
		w.raw = binary.BigEndian.AppendUint64(w.raw, math.Float64bits(p.upper))
	}
	return w
}

// write returns the token that goes on after a place.
func (w *tokenWriter) write(at place) string {
	raw := binary.BigEndian.AppendUint32(w.raw, at.position)
	if w.stateful {
		raw = binary.BigEndian.AppendUint16(raw, uint16(at.state>>32))
		raw = binary.BigEndian.AppendUint32(raw, uint32(at.state))
	}
	raw = binary.BigEndian.AppendUint32(raw, crc32.Checksum(raw, tokenTable))
	tokenEncoding.Encode(w.text, raw)
	return string(w.text)
}

// Why a token is not taken. The text goes on "must be a token that this
// service gave out with a number: ".
var (
	errTokenLength   = errors.New("this one is not as long as any is")
	errTokenLetters  = errors.New("this one has characters that none has")
	errTokenVersion  = fmt.Errorf("this one is not of version %d, the only one known here", tokenVersion)
	errTokenDamaged  = errors.New("this one is damaged: its checksum does not fit")
	errTokenContents = errors.New("this one holds what no stream has")
)

// readToken returns what a token holds. It takes nothing that a tokenWriter
// would not have written, letter by letter.
func readToken(text string) (plan, place, error) {
	if len(text) < minTokenLetters || len(text) > maxTokenLetters {
		return plan{}, place{}, errTokenLength
	}
	// The decoder would skip line ends.
	if strings.ContainsFunc(text, notTokenLetter) {
		return plan{}, place{}, errTokenLetters
	}
	raw, err := tokenEncoding.DecodeString(text)
	if err != nil { // no number of bytes has that many letters
		return plan{}, place{}, errTokenLength
	}
	// The version comes before the checksum, which another version may have
	// elsewhere.
	if raw[0]>>4 != tokenVersion {
		return plan{}, place{}, errTokenVersion
	}
	p := plan{sequence: numbersv1.Sequence(raw[0] & 0xf)}
	k, ok := kinds[p.sequence]
	if !ok {
		return plan{}, place{}, errTokenContents
	}
	if len(raw) != tokenSize(k) {
		return plan{}, place{}, errTokenLength
	}
	body, sum := raw[:len(raw)-tokenChecksum], raw[len(raw)-tokenChecksum:]
	if crc32.Checksum(body, tokenTable) != binary.BigEndian.Uint32(sum) || tokenEncoding.EncodeToString(raw) != text {
		return plan{}, place{}, errTokenDamaged
	}
	at := readTokenBody(body[1:], k, &p)
	if !p.valid() || at.position == 0 || p.count != 0 && at.position > p.count || !validState(p, at) {
		return plan{}, place{}, errTokenContents
	}
	return p, at, nil
}

// notTokenLetter is whether a character is none of base64's for URLs.
func notTokenLetter(r rune) bool {
	return !('A' <= r && r <= 'Z' || 'a' <= r && r <= 'z' || '0' <= r && r <= '9' || r == '-' || r == '_')
}

// readTokenBody reads what comes after the first byte of a token that has the
// length for it.
func readTokenBody(body []byte, k kind, p *plan) (at place) {
	take := func(n int) []byte {
		field := body[:n]
		body = body[n:]
		return field
	}
	p.count = binary.BigEndian.Uint32(take(4))
	p.seed = binary.BigEndian.Uint32(take(4))
	p.minPause = binary.BigEndian.Uint32(take(4))
	p.maxPause = binary.BigEndian.Uint32(take(4))
	if k.bounded {
		p.lower = math.Float64frombits(binary.BigEndian.Uint64(take(8)))
		p.upper = math.Float64frombits(binary.BigEndian.Uint64(take(8)))
	}
	at.position = binary.BigEndian.Uint32(take(4))
	if k.stateful {
		// The first of the six bytes has the sign.
		at.state = int64(int16(binary.BigEndian.Uint16(take(2))))<<32 | int64(binary.BigEndian.Uint32(take(4)))
	}
	return at
}
