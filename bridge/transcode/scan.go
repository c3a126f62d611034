// SPDX-License-Identifier: Apache-2.0

package transcode

import (
	"cmp"
	"encoding/binary"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"
)

// entry is one occurrence of a field in a message.
type entry struct {
	value uint64 // bits of a number; where the content ends otherwise
	start uint32 // where the value or the content begins
	// code is twice the field's index, see message.field, plus 1 for a run of
	// packed values.
	code uint32
}

// content is where the content of a length-delimited field or a group lies.
func (e *entry) content() (pos, end int) { return int(e.start), int(e.value) }

// maxTag is the tag of the highest field number and wire type.
const maxTag = uint64(protowire.MaxValidNumber)<<3 | 7

// scan finds the fields of the message between two positions and puts them on
// the stack of entries, in the order in which they are to be written. It
// returns errOdd where a field stands twice that can have one value.
func (r *run) scan(m *message, pos, end int) *Error {
	var (
		b       = r.wire[:end]
		base    = len(r.entries)
		entries = r.entries
		last    uint32 // the index of the newest entry + 1
		ordered = true
		oneofs  uint64
	)
	for pos < len(b) {
		at := pos
		tag := uint64(b[pos])
		pos++
		if tag >= 0x80 {
			if tag, pos = varint(b, at); pos < 0 {
				return badVarint(at, pos)
			}
		}
		if tag < 1<<3 || tag > maxTag {
			return fault(ErrMalformed, at, "field number %d", tag>>3)
		}

		e := entry{start: uint32(pos)}
		wire := uint8(tag & 7)
		switch protowire.Type(wire) {
		case protowire.VarintType:
			if pos < len(b) && b[pos] < 0x80 {
				e.value = uint64(b[pos])
				pos++
			} else if e.value, pos = varint(b, pos); pos < 0 {
				return badVarint(int(e.start), pos)
			}
		case protowire.Fixed64Type:
			if len(b)-pos < 8 {
				return short(pos, 8, len(b)-pos)
			}
			e.value = binary.LittleEndian.Uint64(b[pos:])
			pos += 8
		case protowire.Fixed32Type:
			if len(b)-pos < 4 {
				return short(pos, 4, len(b)-pos)
			}
			e.value = uint64(binary.LittleEndian.Uint32(b[pos:]))
			pos += 4
		case protowire.BytesType:
			var n uint64
			if pos < len(b) && b[pos] < 0x80 {
				n = uint64(b[pos])
				pos++
			} else if n, pos = varint(b, pos); pos < 0 {
				return badVarint(int(e.start), pos)
			}
			if n > uint64(len(b)-pos) {
				return short(pos, n, len(b)-pos)
			}
			e.start = uint32(pos)
			pos += int(n)
			e.value = uint64(pos)
		case protowire.StartGroupType:
			var err *Error
			if e.value, pos, err = r.group(b, pos, uint32(tag>>3)); err != nil {
				return err
			}
		default:
			return fault(ErrMalformed, at, "%s", badWireType(wire))
		}

		i := m.index(uint32(tag >> 3))
		if i == 0 {
			if m.ranges == nil {
				continue
			}
			var err *Error
			if i, err = r.extension(m, protowire.Number(tag>>3), at); err != nil {
				return err
			}
			if i == 0 {
				continue
			}
			// Extensions go by their names, of which their indices say nothing.
			if last > uint32(len(m.fields)) && i != last {
				ordered = false
			}
		}
		f := m.field(i - 1)
		e.code = (i - 1) << 1
		if f.wire != wire {
			if !f.packable || wire != uint8(protowire.BytesType) {
				continue // a field of the same number, but not the one we know
			}
			e.code |= 1
		}
		switch {
		case i > last:
			last = i
		case i < last:
			ordered = false
		case f.shape == shapeOne:
			return errOdd
		}
		if f.oneof != 0 {
			if f.oneof <= 64 {
				bit := uint64(1) << (f.oneof - 1)
				if oneofs&bit != 0 {
					return errOdd
				}
				oneofs |= bit
			} else if m.oneofSeen(entries[base:], f.oneof) {
				return errOdd
			}
		}
		entries = append(entries, e)
	}
	r.entries = entries
	if !ordered {
		return m.sort(entries[base:])
	}
	return nil
}

// oneofSeen finds a member of a oneof among entries. It serves messages with
// more than 64 oneofs.
func (m *message) oneofSeen(entries []entry, oneof uint32) bool {
	return slices.ContainsFunc(entries, func(e entry) bool { return m.field(e.code>>1).oneof == oneof })
}

// sort brings entries into the order in which they are written: fields as
// declared, then extensions by name, and the values of a list as they came.
func (m *message) sort(entries []entry) *Error {
	slices.SortFunc(entries, func(a, b entry) int {
		x, y := a.code>>1, b.code>>1
		if x == y {
			return cmp.Compare(a.start, b.start)
		}
		if n := uint32(len(m.fields)); x >= n && y >= n {
			return cmp.Compare(m.field(x).extensionName(), m.field(y).extensionName())
		}
		return cmp.Compare(x, y)
	})
	for i := range entries[1:] {
		x := entries[i].code >> 1
		if x == entries[i+1].code>>1 && m.field(x).shape == shapeOne {
			return errOdd
		}
	}
	return nil
}

// group finds the end of the group whose content begins at a position: where
// its end tag begins, and where that ends. The nesting is bounded as protowire
// bounds it.
func (r *run) group(b []byte, pos int, number uint32) (end uint64, next int, err *Error) {
	from := pos
	open := append(r.open[:0], number) // the groups that have not ended yet
	for {
		at := pos
		var tag uint64
		if pos < len(b) && b[pos] < 0x80 {
			tag = uint64(b[pos])
			pos++
		} else if tag, pos = varint(b, pos); pos < 0 {
			return 0, 0, badVarint(at, pos)
		}
		if tag < 1<<3 || tag>>3 > 1<<31-1 {
			return 0, 0, fault(ErrMalformed, at, "field number %d", tag>>3)
		}
		start := pos
		switch wire := uint8(tag & 7); protowire.Type(wire) {
		case protowire.VarintType:
			if _, pos = varint(b, pos); pos < 0 {
				return 0, 0, badVarint(start, pos)
			}
		case protowire.Fixed64Type:
			if len(b)-pos < 8 {
				return 0, 0, short(pos, 8, len(b)-pos)
			}
			pos += 8
		case protowire.Fixed32Type:
			if len(b)-pos < 4 {
				return 0, 0, short(pos, 4, len(b)-pos)
			}
			pos += 4
		case protowire.BytesType:
			var n uint64
			if n, pos = varint(b, pos); pos < 0 {
				return 0, 0, badVarint(start, pos)
			}
			if n > uint64(len(b)-pos) {
				return 0, 0, short(pos, n, len(b)-pos)
			}
			pos += int(n)
		case protowire.StartGroupType:
			if len(open) > MaxDepth {
				return 0, 0, fault(ErrTooDeep, pos, "groups nest deeper than %d", MaxDepth)
			}
			open = append(open, uint32(tag>>3))
		case protowire.EndGroupType:
			if last := open[len(open)-1]; uint32(tag>>3) != last {
				return 0, 0, fault(ErrMalformed, at, "group %d ends as %d", last, tag>>3)
			}
			if open = open[:len(open)-1]; len(open) > 0 {
				continue
			}
			r.open = open
			if r.groups += at - from; r.groups > groupWork+groupWorkPerByte*len(r.wire) {
				return 0, 0, fault(ErrTooDeep, at, "groups in groups hold too much")
			}
			return uint64(at), pos, nil
		default:
			return 0, 0, fault(ErrMalformed, at, "%s", badWireType(wire))
		}
	}
}

// These bound the bytes that a run passes over to find the ends of groups: so
// many in any case, which is more than the deepest groups with nothing in them
// take, and so many for each byte of the message. A group is passed over once
// for each group around it, and a few megabytes in groups nested thousands deep
// would take minutes otherwise.
const (
	groupWork        = 1 << 27
	groupWorkPerByte = 32
)

func badVarint(at, next int) *Error {
	if next == overlong {
		return fault(ErrMalformed, at, "number of more than 64 bits")
	}
	return fault(ErrMalformed, at, "ends within a number")
}

func short(at int, want uint64, got int) *Error {
	return fault(ErrMalformed, at, "%d bytes announced, %d left", want, got)
}

func badWireType(wire uint8) string {
	if protowire.Type(wire) == protowire.EndGroupType {
		return "end of a group that has not begun"
	}
	return "wire type " + string('0'+rune(wire))
}
