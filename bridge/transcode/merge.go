// SPDX-License-Identifier: Apache-2.0

package transcode

import (
	"errors"
	"fmt"
	"math"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"
)

// anyName is the one message whose content is wire bytes of its own.
const anyName protoreflect.FullName = "google.protobuf.Any"

// maxMergeWork bounds what merging a message may cost, as its length times how
// deep its messages nest: dynamicpb reads a group once for each group around
// it, and so does this package with the content of a google.protobuf.Any.
// Messages up to 13 KB may nest as deep as any other.
const maxMergeWork = 1 << 27

// minMergeDepth is how deep messages of any length may nest and still be
// merged.
const minMergeDepth = 32

// What merging takes of memory, in bytes: for each message, for each value of a
// field in one, and for each value in a list. dynamicpb keeps a message's fields
// in maps, and two bytes of wire can be a message.
const (
	mergedMessage = 320
	mergedField   = 128
	mergedElement = 64
)

// These bound that, as so many times what the JSON may take, and some
// in any case. JSON that is within its bound hardly ever comes from a message
// that is not within this one.
const (
	mergeMemory        = 1 << 20
	mergeMemoryPerByte = 32
)

// merger rewrites messages that the tight path cannot write as ones that it
// can: each field stands once in them. What a field that stands twice means is
// for protobuf itself to say, so the rewriting is dynamicpb's.
type merger struct {
	prog *Program
	left int // bytes of memory that may still be taken
}

// merge rewrites a message whose JSON may have so many bytes.
func merge(p *Program, wire []byte, most int) ([]byte, *Error) {
	g := merger{prog: p, left: mergeMemory + mergeMemoryPerByte*min(most, math.MaxInt32)}
	depth := min(MaxDepth, max(minMergeDepth, maxMergeWork/max(1, len(wire))))
	merged, err := g.message(p.root, p.desc, wire, depth)
	if err != nil {
		return nil, fault(mergeReason(err), -1, "%v", err)
	}
	return merged, nil
}

// errMergeMemory says that merging would take too much memory.
var errMergeMemory = errors.New("takes too much memory to be merged")

// weigh takes what merging a message needs from what is left, and reports
// whether there was as much. It looks no further where the wire is broken, which
// is for protobuf to say.
func (g *merger) weigh(m *message, wire []byte, depth int) bool {
	if g.left -= mergedMessage; g.left < 0 || depth <= 0 {
		return g.left >= 0
	}
	for len(wire) > 0 {
		number, typ, n := protowire.ConsumeTag(wire)
		if n < 0 {
			return true
		}
		size := protowire.ConsumeFieldValue(number, typ, wire[n:])
		if size < 0 {
			return true
		}
		value := wire[n : n+size]
		wire = wire[n+size:]
		f := g.field(m, number)
		if f == nil {
			continue
		}
		cost := mergedField
		if f.shape == shapeList {
			cost = mergedElement
			if f.packable && typ == protowire.BytesType {
				cost *= packedCount(f, value)
			}
		}
		if g.left -= cost; g.left < 0 {
			return false
		}
		inner := f.msg
		if f.shape == shapeMap {
			inner = f.entry
		}
		if inner != nil && !g.weigh(inner, content(number, typ, value), depth-1) {
			return false
		}
	}
	return true
}

// field finds the field of a number in a message, or nil.
func (g *merger) field(m *message, number protowire.Number) *field {
	i := m.index(uint32(number))
	if i == 0 && m.ranges != nil {
		i, _ = (&run{prog: g.prog}).extension(m, number, 0)
	}
	if i == 0 {
		return nil
	}
	return m.field(i - 1)
}

// content is what is in a value that is a message.
func content(number protowire.Number, typ protowire.Type, value []byte) (inner []byte) {
	switch typ {
	case protowire.BytesType:
		inner, _ = protowire.ConsumeBytes(value)
	case protowire.StartGroupType:
		inner, _ = protowire.ConsumeGroup(number, value)
	}
	return inner
}

// packedCount is how many values a packed run has.
func packedCount(f *field, value []byte) (n int) {
	switch protowire.Type(f.wire) {
	case protowire.Fixed32Type:
		return len(value) / 4
	case protowire.Fixed64Type:
		return len(value) / 8
	}
	for _, b := range value {
		if b < 0x80 {
			n++ // the last byte of a varint
		}
	}
	return n
}

// mergeReason says which of this package's reasons an error of protobuf's is.
// Those have no types, so that their text has to do.
func mergeReason(err error) error {
	switch text := err.Error(); {
	case errors.Is(err, errMergeMemory):
		return ErrTooLarge
	case strings.Contains(text, "recursion depth"):
		return ErrTooDeep
	case strings.Contains(text, "UTF-8"):
		return ErrUTF8
	}
	return ErrMalformed
}

// message rewrites a message of a type.
func (g *merger) message(plan *message, md protoreflect.MessageDescriptor, wire []byte, depth int) (_ []byte, err error) {
	// protobuf 1.36 panics on an entry of a map that has its key and after it
	// another one of a wrong wire type.
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("protobuf cannot read it: %v", p)
		}
	}()
	if depth <= 0 {
		return nil, errors.New("exceeded maximum recursion depth")
	}
	if !g.weigh(plan, wire, depth) {
		return nil, errMergeMemory
	}
	m := dynamicpb.NewMessage(md)
	err = proto.UnmarshalOptions{
		AllowPartial:   true,
		DiscardUnknown: true,
		Resolver:       g.prog.opts.resolver,
		RecursionLimit: depth,
	}.Unmarshal(wire, m)
	if err != nil {
		return nil, err
	}
	if err := g.anys(m, depth); err != nil {
		return nil, err
	}
	return proto.MarshalOptions{AllowPartial: true, Deterministic: true}.Marshal(m)
}

// anys rewrites the messages in each google.protobuf.Any of a message.
func (g *merger) anys(m protoreflect.Message, depth int) (err error) {
	if m.Descriptor().FullName() == anyName {
		return g.any(m, depth-1)
	}
	m.Range(func(fd protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch {
		case fd.IsMap():
			if fd.MapValue().Message() == nil {
				break
			}
			v.Map().Range(func(_ protoreflect.MapKey, v protoreflect.Value) bool {
				err = g.anys(v.Message(), depth-2)
				return err == nil
			})
		case fd.Message() == nil:
		case fd.IsList():
			for i := 0; i < v.List().Len() && err == nil; i++ {
				err = g.anys(v.List().Get(i).Message(), depth-1)
			}
		default:
			err = g.anys(v.Message(), depth-1)
		}
		return err == nil
	})
	return err
}

// any rewrites the message in a google.protobuf.Any. One of a type that is
// not known stays as it is: the run that follows says so, and where.
func (g *merger) any(m protoreflect.Message, depth int) error {
	fds := m.Descriptor().Fields()
	url, content := fds.ByNumber(1), fds.ByNumber(2)
	mt, err := g.prog.opts.resolver.FindMessageByURL(m.Get(url).String())
	if err != nil {
		return nil
	}
	plan, err := g.prog.types.message(mt.Descriptor())
	if err != nil {
		return nil
	}
	merged, err := g.message(plan, mt.Descriptor(), m.Get(content).Bytes(), depth)
	if err != nil {
		return err
	}
	m.Set(content, protoreflect.ValueOfBytes(merged))
	return nil
}
