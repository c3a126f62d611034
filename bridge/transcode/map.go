// SPDX-License-Identifier: Apache-2.0

package transcode

import (
	"bytes"
	"cmp"
	"math"
	"slices"
	"strconv"
	"unicode/utf8"
)

// pair is one entry of a map.
type pair struct {
	// key is the key's bits, in such a form that keys sort as these do. Of a
	// string it is where the content ends.
	key      uint64
	keyStart uint32 // where the content of a string begins
	value    entry
}

// mapField writes the map that the first of the entries begins, sorted by its
// keys, and returns the entries behind it.
func (r *run) mapField(out []byte, f *field, entries []entry, depth int) ([]byte, []entry, *Error) {
	out = append(out, f.key...)
	start := len(out)
	out, entries, err := r.mapMembers(out, f, entries, depth)
	if err != nil {
		return out, nil, err.in(f.name)
	}
	return closeObject(out, start), entries, nil
}

// mapMembers writes the entries of a map, each behind a comma.
func (r *run) mapMembers(out []byte, f *field, entries []entry, depth int) ([]byte, []entry, *Error) {
	if depth == 0 {
		return out, nil, tooDeep(entries[0].start)
	}
	base := len(r.pairs)
	code := entries[0].code
	sorted := true
	for len(entries) > 0 && entries[0].code == code {
		p, err := r.pair(f, &entries[0])
		if err != nil {
			return out, nil, err
		}
		if n := len(r.pairs); n > base && sorted {
			sorted = r.compareKeys(f, &r.pairs[n-1], &p) < 0
		}
		r.pairs = append(r.pairs, p)
		entries = entries[1:]
	}
	pairs := r.pairs[base:] // stays valid: see members
	if !sorted {
		slices.SortFunc(pairs, func(a, b pair) int { return r.compareKeys(f, &a, &b) })
		for i := range pairs[1:] {
			if r.compareKeys(f, &pairs[i], &pairs[i+1]) == 0 {
				return out, nil, errOdd
			}
		}
	}
	for i := range pairs {
		p := &pairs[i]
		out = r.appendKey(append(out, ','), f, p)
		var err *Error
		out, err = r.value(append(out, ':'), &f.entry.fields[1], &p.value, depth-1)
		if err == nil && len(out) > r.limit {
			err = r.tooLarge(int(p.value.start))
		}
		if err != nil {
			return out, nil, err.in(r.keyStep(f, p))
		}
	}
	r.pairs = r.pairs[:base]
	return out, entries, nil
}

// pair reads an entry of a map, of which the key or the value may be missing.
func (r *run) pair(f *field, e *entry) (pair, *Error) {
	key, value := &f.entry.fields[0], &f.entry.fields[1]
	// What is missing is zero, or has no content: at the entry's start, so that
	// an error about it can say where.
	p := pair{
		key:      uint64(e.start),
		keyStart: e.start,
		value:    entry{value: uint64(e.start), start: e.start},
	}
	if key.kind != kindString {
		p.key = key.sortable(0)
	}
	if value.isScalar() {
		p.value.value = 0
	}
	base := len(r.entries)
	pos, end := e.content()
	if err := r.scan(f.entry, pos, end); err != nil {
		return p, err
	}
	for _, e := range r.entries[base:] {
		switch {
		case e.code>>1 == 1:
			p.value = e
		case key.kind == kindString:
			p.key, p.keyStart = e.value, e.start
		default:
			p.key = key.sortable(e.value)
		}
	}
	r.entries = r.entries[:base]
	if key.kind == kindString && !utf8.Valid(r.wire[p.keyStart:p.key]) {
		return p, fault(ErrUTF8, int(p.keyStart), "in the key of a map")
	}
	return p, nil
}

// isScalar reports whether an entry holds the bits of the field's values, and
// not where their content lies.
func (f *field) isScalar() bool {
	switch f.kind {
	case kindString, kindBytes, kindMessage:
		return false
	}
	return true
}

// compareKeys orders the entries of a map as protojson does: false before
// true, numbers by value, strings by their bytes.
func (r *run) compareKeys(f *field, a, b *pair) int {
	if f.entry.fields[0].kind == kindString {
		return bytes.Compare(r.wire[a.keyStart:a.key], r.wire[b.keyStart:b.key])
	}
	return cmp.Compare(a.key, b.key)
}

// signBit, when flipped, makes signed numbers sort as unsigned ones.
const signBit = 1 << 63

// sortable turns the bits of a key into ones that sort as the keys do.
func (f *field) sortable(bits uint64) uint64 {
	switch f.kind {
	case kindBool:
		return uint64(min(bits, 1))
	case kindInt32:
		return uint64(int64(int32(bits))) ^ signBit
	case kindSint32:
		return uint64(zigzag(bits&math.MaxUint32)) ^ signBit
	case kindUint32:
		return uint64(uint32(bits))
	case kindInt64:
		return bits ^ signBit
	case kindSint64:
		return uint64(zigzag(bits)) ^ signBit
	}
	return bits // kindUint64
}

// appendKey writes a key, which in JSON is a string whatever its kind.
func (r *run) appendKey(out []byte, f *field, p *pair) []byte {
	switch f.entry.fields[0].kind {
	case kindString:
		out, _ = appendString(out, r.wire[p.keyStart:p.key])
		return out
	case kindBool:
		if p.key != 0 {
			return append(out, `"true"`...)
		}
		return append(out, `"false"`...)
	case kindUint32, kindUint64:
		return append(appendUint(append(out, '"'), p.key), '"')
	}
	return append(appendInt(append(out, '"'), int64(p.key^signBit)), '"')
}

// maxKeyStep is how much of a string key an error path shows.
const maxKeyStep = 64

// keyStep is a key as error paths show it.
func (r *run) keyStep(f *field, p *pair) string {
	key := r.appendKey(nil, f, p)
	if f.entry.fields[0].kind != kindString {
		return "[" + string(bytes.Trim(key, `"`)) + "]"
	}
	text := r.wire[p.keyStart:p.key]
	if len(text) > maxKeyStep {
		return "[" + strconv.Quote(string(text[:maxKeyStep])) + "…]"
	}
	return "[" + strconv.Quote(string(text)) + "]"
}
