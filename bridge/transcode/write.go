// SPDX-License-Identifier: Apache-2.0

package transcode

import (
	"encoding/binary"
	"math"
	"strconv"

	"google.golang.org/protobuf/encoding/protowire"
)

// message writes the message whose content lies between two positions. depth
// is how many more levels may be below it.
func (r *run) message(out []byte, m *message, pos, end, depth int) ([]byte, *Error) {
	if m.form != formObject {
		return r.custom(out, m, pos, end, depth)
	}
	start := len(out)
	out, err := r.members(out, m, pos, end, depth)
	if err != nil {
		return out, err
	}
	return closeObject(out, start), nil
}

// closeObject ends an object whose members, each behind a comma, begin at
// start.
func closeObject(out []byte, start int) []byte {
	if len(out) == start {
		return append(out, '{', '}')
	}
	out[start] = '{'
	return append(out, '}')
}

// closeArray ends an array whose elements, each behind a comma, begin at start.
func closeArray(out []byte, start int) []byte {
	if len(out) == start {
		return append(out, '[', ']')
	}
	out[start] = '['
	return append(out, ']')
}

// members writes the fields of a message, each behind a comma.
func (r *run) members(out []byte, m *message, pos, end, depth int) ([]byte, *Error) {
	base := len(r.entries)
	if err := r.scan(m, pos, end); err != nil {
		return out, err
	}
	// Messages further in put their entries behind these. Where that makes the
	// stack move, these stay valid where they were.
	entries := r.entries[base:]
	own := uint32(len(m.fields))
	next, required := uint32(0), m.required
	for len(entries) > 0 {
		i := entries[0].code >> 1
		f := m.field(i)
		if upTo := min(i, own); next < upTo {
			out = append(out, m.defaults[m.defaultAt[next]:m.defaultAt[upTo]]...)
		}
		next = i + 1
		var err *Error
		switch f.shape {
		case shapeOne:
			if f.required {
				required--
			}
			if e := &entries[0]; !f.implicit || !r.prog.opts.noDefaults || !f.isZero(e) {
				out = append(out, f.key...)
				out, err = r.value(out, f, e, depth)
				if err != nil {
					return out, err.in(f.name)
				}
			}
			entries = entries[1:]
		case shapeList:
			out, entries, err = r.list(out, f, entries, depth)
		case shapeMap:
			out, entries, err = r.mapField(out, f, entries, depth)
		}
		if err != nil {
			return out, err
		}
		if len(out) > r.limit {
			return out, r.tooLarge(pos).in(f.name)
		}
	}
	if next < own {
		out = append(out, m.defaults[m.defaultAt[next]:]...)
	}
	if required > 0 && !r.partial {
		return out, fault(ErrRequired, pos, "").in(m.missing(r.entries[base:]))
	}
	if len(out) > r.limit {
		return out, r.tooLarge(pos)
	}
	r.entries = r.entries[:base]
	return out, nil
}

// missing names a required field that is not among the entries of a message.
func (m *message) missing(entries []entry) string {
	seen := make(map[uint32]bool)
	for _, e := range entries {
		seen[e.code>>1] = true
	}
	for i := range m.fields {
		if m.fields[i].required && !seen[uint32(i)] {
			return m.fields[i].name
		}
	}
	return ""
}

func (r *run) tooLarge(pos int) *Error {
	return fault(ErrTooLarge, pos, "more than %d bytes of JSON", r.most)
}

// isZero reports whether a field with implicit presence holds what it would
// hold if it were not there. A negative zero is not zero.
func (f *field) isZero(e *entry) bool {
	switch f.kind {
	case kindString, kindBytes:
		return uint64(e.start) == e.value
	case kindInt32, kindSint32, kindUint32, kindEnum, kindNull:
		return uint32(e.value) == 0
	}
	return e.value == 0
}

// value writes one value.
func (r *run) value(out []byte, f *field, e *entry, depth int) ([]byte, *Error) {
	switch f.kind {
	case kindString:
		pos, end := e.content()
		var ok bool
		if out, ok = appendString(out, r.wire[pos:end]); !ok {
			return out, fault(ErrUTF8, pos, "")
		}
		return out, nil
	case kindBytes:
		pos, end := e.content()
		return appendBytes(out, r.wire[pos:end]), nil
	case kindMessage:
		if depth == 0 {
			return out, tooDeep(e.start)
		}
		pos, end := e.content()
		return r.message(out, f.msg, pos, end, depth-1)
	}
	return f.appendScalar(out, e.value), nil
}

// appendScalar writes a number, a bool or an enum, given the bits of its
// varint or of its four or eight bytes.
func (f *field) appendScalar(out []byte, bits uint64) []byte {
	switch f.kind {
	case kindBool:
		if bits != 0 {
			return append(out, "true"...)
		}
		return append(out, "false"...)
	case kindInt32:
		return appendInt(out, int64(int32(bits)))
	case kindSint32:
		return appendInt(out, zigzag(bits&math.MaxUint32))
	case kindUint32:
		return appendUint(out, uint64(uint32(bits)))
	case kindInt64:
		return append(appendInt(append(out, '"'), int64(bits)), '"')
	case kindSint64:
		return append(appendInt(append(out, '"'), zigzag(bits)), '"')
	case kindUint64:
		return append(appendUint(append(out, '"'), bits), '"')
	case kindFloat:
		return appendFloat32(out, math.Float32frombits(uint32(bits)))
	case kindDouble:
		return appendFloat64(out, math.Float64frombits(bits))
	case kindEnum:
		return f.enum.append(out, bits)
	}
	return append(out, "null"...) // kindNull
}

// list writes the list that the first of the entries begins, and returns the
// entries behind it.
func (r *run) list(out []byte, f *field, entries []entry, depth int) ([]byte, []entry, *Error) {
	before := len(out)
	out = append(out, f.key...)
	start := len(out)
	code := entries[0].code &^ 1
	n := 0
	var err *Error
	for len(entries) > 0 && entries[0].code&^1 == code {
		e := &entries[0]
		if e.code&1 != 0 {
			if out, err = r.packed(out, f, e); err != nil {
				return out, nil, err.in(f.name)
			}
		} else {
			out, err = r.value(append(out, ','), f, e, depth)
			if err == nil && len(out) > r.limit {
				err = r.tooLarge(int(e.start))
			}
			if err != nil {
				return out, nil, err.in(f.name + "[" + strconv.Itoa(n) + "]")
			}
			n++
		}
		entries = entries[1:]
	}
	if len(out) == start && (f.extension || r.prog.opts.noDefaults) {
		return out[:before], entries, nil // a packed run with nothing in it
	}
	return closeArray(out, start), entries, nil
}

// packed writes the values of a packed run, each behind a comma.
func (r *run) packed(out []byte, f *field, e *entry) ([]byte, *Error) {
	pos, end := e.content()
	b := r.wire[:end]
	size := 0
	switch protowire.Type(f.wire) {
	case protowire.Fixed32Type:
		size = 4
	case protowire.Fixed64Type:
		size = 8
	}
	if size > 0 && (end-pos)%size != 0 {
		return out, short(end-(end-pos)%size, uint64(size), (end-pos)%size)
	}
	if f.kind == kindDouble {
		// The most common of long runs, and worth the direct way.
		for b = b[pos:]; len(b) >= 8; b = b[8:] {
			out = appendFloat64(append(out, ','), math.Float64frombits(binary.LittleEndian.Uint64(b)))
			if len(out) > r.limit {
				return out, r.tooLarge(end - len(b))
			}
		}
		return out, nil
	}
	for pos < len(b) {
		var bits uint64
		switch at := pos; size {
		case 4:
			bits = uint64(binary.LittleEndian.Uint32(b[pos:]))
			pos += 4
		case 8:
			bits = binary.LittleEndian.Uint64(b[pos:])
			pos += 8
		default:
			if bits = uint64(b[pos]); bits < 0x80 {
				pos++
			} else if bits, pos = varint(b, pos); pos < 0 {
				return out, badVarint(at, pos)
			}
		}
		out = f.appendScalar(append(out, ','), bits)
		if len(out) > r.limit {
			return out, r.tooLarge(pos)
		}
	}
	return out, nil
}
