// SPDX-License-Identifier: Apache-2.0

package transcode

import (
	"flag"
	"math/rand/v2"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
)

// mutator changes wire bytes in the ways in which real ones differ from what
// one encoder writes in one go, and in the ways in which bytes go wrong.
type mutator struct{ *rand.Rand }

// fields cuts a message into its fields. It returns nil where it is none.
func (mutator) fields(wire []byte) [][]byte {
	var fields [][]byte
	for len(wire) > 0 {
		_, _, n := protowire.ConsumeField(wire)
		if n < 0 {
			return nil
		}
		fields = append(fields, wire[:n:n])
		wire = wire[n:]
	}
	return fields
}

// mutate changes a message once, at the outermost level or further in.
func (m mutator) mutate(wire []byte) []byte {
	fields := m.fields(wire)
	if len(fields) == 0 {
		return m.damage(wire)
	}
	i, j := m.IntN(len(fields)), m.IntN(len(fields))
	switch m.IntN(12) {
	case 0: // in another order
		m.Shuffle(len(fields), func(i, j int) { fields[i], fields[j] = fields[j], fields[i] })
	case 1: // twice
		fields = append(fields, fields[i])
	case 2: // split in two: parts of it come again
		fields = append(fields, fields[i:]...)
	case 3: // not at all
		fields = append(fields[:i:i], fields[i+1:]...)
	case 4: // under the number of another
		fields[i] = m.renumber(fields[i], fields[j])
	case 5: // with something unknown in between
		unknown := protowire.AppendTag(nil, protowire.Number(3000+m.IntN(10)), protowire.BytesType)
		fields[i] = append(protowire.AppendString(unknown, "unknown"), fields[i]...)
	case 6: // with a number that is longer than need be
		fields[i] = m.lengthen(fields[i])
	case 7:
		return m.damage(wire)
	default: // further in
		fields[i] = m.inner(fields[i])
	}
	var out []byte
	for _, f := range fields {
		out = append(out, f...)
	}
	return out
}

func (m mutator) damage(wire []byte) []byte {
	out := append([]byte(nil), wire...)
	if len(out) == 0 {
		return append(out, byte(m.Uint32()))
	}
	i := m.IntN(len(out))
	switch m.IntN(4) {
	case 0:
		return out[:i]
	case 1:
		out[i] ^= 1 << m.IntN(8)
	case 2:
		out[i] = []byte{0, 1, 0x7f, 0x80, 0xff, '"', '\\', 0xc0, 0xed, 0xf4}[m.IntN(10)]
	case 3:
		out = append(out[:i], append([]byte{byte(m.Uint32())}, out[i:]...)...)
	}
	return out
}

// renumber puts a field's value behind another's tag.
func (mutator) renumber(field, other []byte) []byte {
	_, _, n := protowire.ConsumeTag(field)
	_, _, o := protowire.ConsumeTag(other)
	return append(append([]byte(nil), other[:o]...), field[n:]...)
}

// lengthen writes a field's tag with one byte more.
func (mutator) lengthen(field []byte) []byte {
	_, _, n := protowire.ConsumeTag(field)
	out := append([]byte(nil), field[:n]...)
	out[n-1] |= 0x80
	return append(append(out, 0), field[n:]...)
}

// inner mutates what is in a field that may be a message.
func (m mutator) inner(field []byte) []byte {
	number, wire, n := protowire.ConsumeTag(field)
	switch wire {
	case protowire.BytesType:
		content, _ := protowire.ConsumeBytes(field[n:])
		return protowire.AppendBytes(append([]byte(nil), field[:n]...), m.mutate(content))
	case protowire.StartGroupType:
		content, _ := protowire.ConsumeGroup(number, field[n:])
		return protowire.AppendGroup(append([]byte(nil), field[:n]...), number, m.mutate(content))
	}
	return m.damage(field)
}

// mutationSeed makes other mutations in each run; what fails is found again by
// -mutations and the seed that the failure names.
var mutationSeed = flag.Uint64("mutations", rand.Uint64(), "the seed of the mutations that are not the same in every run")

// TestMutationsAgainstOracle holds programs to protojson on messages that are
// near real ones, among them very many that have to be merged: half of them the
// same in every run, and half others each time.
func TestMutationsAgainstOracle(t *testing.T) {
	t.Parallel()
	rounds := 120
	if testing.Short() {
		rounds = 10
	}
	for i, s := range append(written(t), filled(t)...) {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			t.Cleanup(func() {
				if t.Failed() {
					t.Logf("to have it again: go test -run '%s$' -mutations %d", t.Name(), *mutationSeed)
				}
			})
			mutators := []mutator{{rand.New(rand.NewPCG(uint64(i), 1))}, {rand.New(rand.NewPCG(uint64(i), *mutationSeed))}}
			vs := variants()
			programs := make([]*Program, len(vs))
			for j, v := range vs {
				programs[j] = v.compile(t, s.desc)
			}
			for round := range rounds {
				m := mutators[round%2]
				wire := m.mutate(s.wire)
				for range m.IntN(4) {
					wire = m.mutate(wire)
				}
				j := round / 2 % len(vs) // two rounds have the same options
				vs[j].checkOracle(t, programs[j], wire)
			}
		})
	}
}
