// SPDX-License-Identifier: Apache-2.0

package transcode

import (
	"bytes"
	"encoding/json"
	"errors"
	"testing"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"
)

// variant is a choice of options, for a program and for the oracle.
type variant struct {
	name    string
	options []Option
	oracle  protojson.MarshalOptions
}

// variants are all the ways in which a program can be asked to write.
func variants() []variant {
	return []variant{
		{"defaults", nil, protojson.MarshalOptions{EmitDefaultValues: true}},
		{"proto names", []Option{WithProtoNames()}, protojson.MarshalOptions{EmitDefaultValues: true, UseProtoNames: true}},
		{"enum numbers", []Option{WithEnumNumbers()}, protojson.MarshalOptions{EmitDefaultValues: true, UseEnumNumbers: true}},
		{"without defaults", []Option{WithoutDefaults()}, protojson.MarshalOptions{}},
		{
			"all",
			[]Option{WithProtoNames(), WithEnumNumbers(), WithoutDefaults()},
			protojson.MarshalOptions{UseProtoNames: true, UseEnumNumbers: true},
		},
	}
}

// compile makes a variant's program, with the tests' types to resolve by.
func (v *variant) compile(tb testing.TB, md protoreflect.MessageDescriptor) *Program {
	tb.Helper()
	p, err := Compile(md, append([]Option{WithResolver(testSchema())}, v.options...)...)
	if err != nil {
		tb.Fatalf("Compile(%s): %v", md.FullName(), err)
	}
	return p
}

// errOraclePanicked is the oracle's answer to a map entry with a good key and
// after it one of a wrong wire type, on which protobuf 1.36 panics.
var errOraclePanicked = errors.New("the oracle panicked")

// oracleJSON is what protojson makes of a message, without the spaces that it
// adds at random.
func (v *variant) oracleJSON(md protoreflect.MessageDescriptor, wire []byte) (_ []byte, err error) {
	defer func() {
		if recover() != nil {
			err = errOraclePanicked
		}
	}()
	m := dynamicpb.NewMessage(md)
	if err = (proto.UnmarshalOptions{Resolver: testSchema()}).Unmarshal(wire, m); err != nil {
		return nil, err
	}
	opts := v.oracle
	opts.Resolver = testSchema()
	text, err := opts.Marshal(m)
	if err != nil {
		return nil, err
	}
	return compact(text), nil
}

// compact takes out the spaces between JSON's tokens. It is json.Compact
// without its limit on depth.
func compact(text []byte) []byte {
	out := text[:0]
	quoted := false
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case quoted && c == '\\':
			out = append(out, c, text[i+1])
			i++
			continue
		case c == '"':
			quoted = !quoted
		case c == ' ' && !quoted:
			continue
		}
		out = append(out, c)
	}
	return out
}

// checkOracle fails the test unless program and oracle both refuse a message or
// both write the same. It returns the JSON, nil for refused.
func (v *variant) checkOracle(tb testing.TB, p *Program, wire []byte) []byte {
	tb.Helper()
	const before = "before "
	got, err := p.AppendJSON([]byte(before), wire)
	want, oracleErr := v.oracleJSON(p.Descriptor(), wire)
	if !bytes.HasPrefix(got, []byte(before)) {
		tb.Fatalf("%s, %s: %x: overwrote what was in the buffer: %q", p.Descriptor().FullName(), v.name, wire, got)
	}
	got = got[len(before):]
	switch {
	case errors.Is(oracleErr, errOraclePanicked):
		if err == nil && !json.Valid(got) {
			tb.Fatalf("%s, %s: %x: not JSON: %s", p.Descriptor().FullName(), v.name, wire, got)
		}
		return got
	case (err == nil) != (oracleErr == nil):
		tb.Fatalf("%s, %s: %x:\n got %s, error %v\nwant %s, error %v", p.Descriptor().FullName(), v.name, wire, got, err, want, oracleErr)
	case err != nil:
		checkError(tb, err, wire)
		if len(got) != 0 {
			tb.Fatalf("%s, %s: %x: wrote %s and failed: %v", p.Descriptor().FullName(), v.name, wire, got, err)
		}
		return nil
	case !bytes.Equal(got, want):
		tb.Fatalf("%s, %s: %x:\n got %s\nwant %s", p.Descriptor().FullName(), v.name, wire, got, want)
	}
	return got
}

// checkError fails the test unless an error says all that it should.
func checkError(tb testing.TB, err error, wire []byte) {
	tb.Helper()
	var e *Error
	if !errors.As(err, &e) {
		tb.Fatalf("%x: %T, want *Error: %v", wire, err, err)
	}
	if e.Message == "" || e.Offset < -1 || e.Offset > len(wire) || e.Error() == "" {
		tb.Fatalf("%x: %#v", wire, e)
	}
	known := 0
	for _, reason := range []error{ErrMalformed, ErrUTF8, ErrValue, ErrUnresolved, ErrRequired, ErrTooDeep, ErrTooLarge} {
		if errors.Is(err, reason) {
			known++
		}
	}
	if known != 1 {
		tb.Fatalf("%x: %d reasons: %v", wire, known, err)
	}
}

func TestCorpusAgainstOracle(t *testing.T) {
	t.Parallel()
	for _, s := range append(written(t), filled(t)...) {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			for _, v := range variants() {
				p := v.compile(t, s.desc)
				text := v.checkOracle(t, p, s.wire)
				if text != nil && !json.Valid(text) {
					t.Errorf("not JSON: %s", text)
				}
			}
		})
	}
}
