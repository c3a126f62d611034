// SPDX-License-Identifier: Apache-2.0

package transcode

import (
	"google.golang.org/protobuf/reflect/protoreflect"
)

// denseEnum is the number below which an enum's names are found by index.
const denseEnum = 256

// enum knows the names of an enum's values, quoted.
type enum struct {
	dense  []string // by number; empty where no value has it
	sparse map[int32]string
}

func newEnum(ed protoreflect.EnumDescriptor) (*enum, error) {
	e := &enum{}
	values := ed.Values()
	highest := int32(-1)
	for i := range values.Len() {
		if n := int32(values.Get(i).Number()); n < denseEnum {
			highest = max(highest, n)
		}
	}
	e.dense = make([]string, highest+1)
	for i := range values.Len() {
		vd := values.Get(i)
		quoted, ok := appendString(nil, []byte(vd.Name()))
		if !ok {
			return nil, &CompileError{vd.FullName(), "its name is not UTF-8"}
		}
		n := int32(vd.Number())
		switch {
		case n >= 0 && n < denseEnum:
			// Of two names for a number the first stands.
			if e.dense[n] == "" {
				e.dense[n] = string(quoted)
			}
		case e.sparse[n] == "":
			if e.sparse == nil {
				e.sparse = make(map[int32]string)
			}
			e.sparse[n] = string(quoted)
		}
	}
	return e, nil
}

// append writes the name of a value, or its number where it has none. Closed
// enums are no exception: Go's protobuf keeps values that they do not know.
func (e *enum) append(out []byte, bits uint64) []byte {
	n := int32(bits)
	if n >= 0 && int(n) < len(e.dense) {
		if s := e.dense[n]; s != "" {
			return append(out, s...)
		}
	} else if s, ok := e.sparse[n]; ok {
		return append(out, s...)
	}
	return appendInt(out, int64(n))
}
