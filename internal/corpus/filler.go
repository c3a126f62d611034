// SPDX-License-Identifier: Apache-2.0

package corpus

import (
	"math"
	"math/rand/v2"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// Bounds of what ProtoJSON can write, in seconds: of the years 1 to 9999, and of a
// duration.
const (
	minTimestamp = -62_135_596_800
	maxTimestamp = 253_402_300_799
	maxDuration  = 315_576_000_000
)

// filler sets fields to values that have a JSON form and are not the default.
type filler struct {
	seed uint64
	rand *rand.Rand
}

// message sets every field of a message, and those of the messages in it as
// deep as depth says.
func (f *filler) message(m protoreflect.Message, depth int) {
	if f.rand == nil {
		f.rand = rand.New(rand.NewPCG(f.seed, 7))
	}
	md := m.Descriptor()
	fields := md.Fields()
	switch md.FullName() {
	case "google.protobuf.Timestamp":
		m.Set(fields.ByNumber(1), protoreflect.ValueOfInt64(minTimestamp+f.rand.Int64N(maxTimestamp-minTimestamp)))
		m.Set(fields.ByNumber(2), protoreflect.ValueOfInt32(f.nanos()))
		return
	case "google.protobuf.Duration":
		m.Set(fields.ByNumber(1), protoreflect.ValueOfInt64(f.rand.Int64N(maxDuration)))
		m.Set(fields.ByNumber(2), protoreflect.ValueOfInt32(f.nanos()))
		return
	case "google.protobuf.FieldMask":
		paths := m.Mutable(fields.ByNumber(1)).List()
		paths.Append(protoreflect.ValueOfString("display_name"))
		paths.Append(protoreflect.ValueOfString("spec.max_size.bytes"))
		return
	case "google.protobuf.Value":
		i := f.rand.IntN(4)
		if depth > 0 {
			i = f.rand.IntN(6)
		}
		f.field(m, fields.Get(i), depth)
		return
	case "google.protobuf.Any":
		inner := dynamicpb.NewMessage(new(wrapperspb.StringValue).ProtoReflect().Descriptor())
		f.message(inner, 0)
		wire, err := proto.Marshal(inner)
		if err != nil {
			panic(err)
		}
		m.Set(fields.ByNumber(1), protoreflect.ValueOfString("type.googleapis.com/google.protobuf.StringValue"))
		m.Set(fields.ByNumber(2), protoreflect.ValueOfBytes(wire))
		return
	}
	for i := range fields.Len() {
		fd := fields.Get(i)
		if od := fd.ContainingOneof(); od != nil && od.Fields().Get(f.rand.IntN(od.Fields().Len())) != fd {
			continue
		}
		if fd.Message() != nil && depth == 0 && fd.Cardinality() != protoreflect.Required {
			continue
		}
		f.field(m, fd, depth)
	}
}

// nanos are of 0, 3, 6 or 9 digits.
func (f *filler) nanos() int32 {
	return []int32{0, 120_000_000, 123_456_000, 123_456_789}[f.rand.IntN(4)]
}

func (f *filler) field(m protoreflect.Message, fd protoreflect.FieldDescriptor, depth int) {
	switch {
	case fd.IsMap():
		mv := m.Mutable(fd).Map()
		for range 3 {
			if fd.MapValue().Message() == nil {
				mv.Set(f.scalar(fd.MapKey()).MapKey(), f.scalar(fd.MapValue()))
				continue
			}
			v := mv.NewValue()
			f.message(v.Message(), depth-1)
			mv.Set(f.scalar(fd.MapKey()).MapKey(), v)
		}
	case fd.IsList():
		list := m.Mutable(fd).List()
		for range 3 {
			if fd.Message() == nil {
				list.Append(f.scalar(fd))
				continue
			}
			v := list.NewElement()
			f.message(v.Message(), depth-1)
			list.Append(v)
		}
	case fd.Message() != nil:
		f.message(m.Mutable(fd).Message(), depth-1)
	default:
		m.Set(fd, f.scalar(fd))
	}
}

func (f *filler) scalar(fd protoreflect.FieldDescriptor) protoreflect.Value {
	texts := []string{"a", "plain text", "grüße", "数字が流れる", "quote \" and \\ and\nnew line", "🙂 emoji", "0123456789abcdef0123456789abcdef"}
	bits := f.rand.Uint64() >> f.rand.IntN(64)
	switch fd.Kind() {
	case protoreflect.BoolKind:
		return protoreflect.ValueOfBool(bits&1 == 0)
	case protoreflect.EnumKind:
		values := fd.Enum().Values()
		if values.Len() == 0 {
			return protoreflect.ValueOfEnum(0)
		}
		return protoreflect.ValueOfEnum(values.Get(f.rand.IntN(values.Len())).Number())
	case protoreflect.Int32Kind, protoreflect.Sint32Kind, protoreflect.Sfixed32Kind:
		return protoreflect.ValueOfInt32(int32(bits))
	case protoreflect.Uint32Kind, protoreflect.Fixed32Kind:
		return protoreflect.ValueOfUint32(uint32(bits))
	case protoreflect.Int64Kind, protoreflect.Sint64Kind, protoreflect.Sfixed64Kind:
		return protoreflect.ValueOfInt64(int64(bits))
	case protoreflect.Uint64Kind, protoreflect.Fixed64Kind:
		return protoreflect.ValueOfUint64(bits)
	case protoreflect.FloatKind:
		return protoreflect.ValueOfFloat32(float32(f.rand.NormFloat64()))
	case protoreflect.DoubleKind:
		return protoreflect.ValueOfFloat64(f.rand.NormFloat64() * math.Pow10(f.rand.IntN(40)-20))
	case protoreflect.StringKind:
		return protoreflect.ValueOfString(texts[f.rand.IntN(len(texts))])
	case protoreflect.BytesKind:
		b := make([]byte, f.rand.IntN(40))
		for i := range b {
			b[i] = byte(f.rand.Uint32())
		}
		return protoreflect.ValueOfBytes(b)
	}
	panic("no scalar: " + fd.FullName())
}
