// SPDX-License-Identifier: Apache-2.0

package store

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// messages are read by the tests, the fuzz target and the benchmark. fast says
// that one pass must do: these are what the bridge writes.
var messages = []struct {
	name, json string
	fast       bool
	want       Message
}{
	{
		"usual", `{"position":1,"value":1.5,"createTime":"2026-01-02T03:04:05.678Z","resumeToken":"a-b_c"}`, true,
		Message{1, 1.5, 1767323045678, []byte("a-b_c")},
	},
	{
		"whole", `{"position":4294967295,"value":42,"createTime":"2026-01-02T03:04:05Z","resumeToken":""}`, true,
		Message{math.MaxUint32, 42, 1767323045000, nil},
	},
	{
		"nanoseconds", `{"position":2,"value":0,"createTime":"2026-01-02T03:04:05.678999999Z","resumeToken":"x"}`, true,
		Message{2, 0, 1767323045678, []byte("x")},
	},
	{"long double", `{"position":3,"value":0.8414709848078965}`, true, Message{Position: 3, Value: 0.8414709848078965}},
	{"exponent", `{"position":3,"value":1.7976931348623157e+308}`, true, Message{Position: 3, Value: math.MaxFloat64}},
	{"least", `{"value":5e-324}`, true, Message{Value: math.SmallestNonzeroFloat64}},
	{"negative", `{"value":-17.25}`, true, Message{Value: -17.25}},
	{"minus zero", `{"value":-0}`, true, Message{Value: math.Copysign(0, -1)}},
	{"twenty digits", `{"value":12345678901234567890}`, true, Message{Value: 12345678901234567890}},
	{"NaN", `{"value":"NaN"}`, true, Message{Value: math.NaN()}},
	{"Infinity", `{"value":"Infinity"}`, true, Message{Value: math.Inf(1)}},
	{"-Infinity", `{"value":"-Infinity"}`, true, Message{Value: math.Inf(-1)}},
	{"empty", `{}`, true, Message{}},
	{"space", " {\n\t\"position\" : 1 ,\r\"value\":2 } ", true, Message{Position: 1, Value: 2}},
	{"another order", `{"value":2,"position":1}`, true, Message{Position: 1, Value: 2}},
	{"before 1970", `{"createTime":"1969-12-31T23:59:59.999Z"}`, true, Message{Created: -1}},
	{"the first time", `{"createTime":"0001-01-01T00:00:00Z"}`, true, Message{Created: -62135596800000}},
	{"the last time", `{"createTime":"9999-12-31T23:59:59.999Z"}`, true, Message{Created: 253402300799999}},
	{"leap day", `{"createTime":"2024-02-29T00:00:00Z"}`, true, Message{Created: 1709164800000}},
	{"tenths", `{"createTime":"1970-01-01T00:00:00.5Z"}`, true, Message{Created: 500}},

	{"an unknown field", `{"position":1,"more":{"a":[1,2]},"value":2}`, false, Message{Position: 1, Value: 2}},
	{"numbers as strings", `{"position":"7","value":"1e3"}`, false, Message{Position: 7, Value: 1000}},
	{"null", `{"position":null,"value":null,"createTime":null,"resumeToken":null}`, false, Message{}},
	{"escapes", `{"position":1,"resumeToken":"\u0061"}`, false, Message{1, 0, 0, []byte("a")}},
	{"an offset", `{"createTime":"1970-01-01T01:00:00+01:00"}`, false, Message{}},
	{"not ASCII", `{"resumeToken":"é"}`, false, Message{ResumeToken: []byte("é")}},
}

var sameMessage = cmp.Options{cmpopts.EquateNaNs(), cmpopts.EquateEmpty()}

func TestDecode(t *testing.T) {
	t.Parallel()
	for _, tt := range messages {
		got, err := Decode([]byte(tt.json))
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if diff := cmp.Diff(tt.want, got, sameMessage); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
		if math.Signbit(got.Value) != math.Signbit(tt.want.Value) && !math.IsNaN(got.Value) {
			t.Errorf("%s: the sign of zero is lost", tt.name)
		}
		if _, ok := scanMessage([]byte(tt.json)); ok != tt.fast {
			t.Errorf("%s: read in one pass: %v, want %v", tt.name, ok, tt.fast)
		}
	}
}

func TestDecodeErrors(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ json, want string }{
		{``, "JSON object"},
		{`null`, "JSON object"},
		{`[]`, "JSON object"},
		{`{`, "unexpected end"},
		{`{"position":1}x`, "invalid character"},
		{`{"position":1,}`, "invalid character"},
		{`{"position":01}`, "invalid character"},
		{`{"position":-1}`, "position: want a whole number"},
		{`{"position":1.5}`, "position: want a whole number"},
		{`{"position":4294967296}`, "position: want a whole number"},
		{`{"position":"x"}`, "position: want a whole number"},
		{`{"position":{}}`, "position: want a whole number"},
		{`{"value":1.}`, "invalid character"},
		{`{"value":1e999}`, "value: want a number that a double can hold"},
		{`{"value":"0x10"}`, "value: want a number"},
		{`{"value":"nan"}`, "value: want a number"},
		{`{"value":"1_0"}`, "value: want a number"},
		{`{"value":""}`, "value: want a number"},
		{`{"value":true}`, "value: want a number"},
		{`{"createTime":"yesterday"}`, "createTime: want an RFC 3339 time"},
		{`{"createTime":"2026-02-29T00:00:00Z"}`, "createTime: want an RFC 3339 time"},
		{`{"createTime":"2026-01-01T24:00:00Z"}`, "createTime: want an RFC 3339 time"},
		{`{"createTime":""}`, "createTime: want an RFC 3339 time"},
		{`{"createTime":5}`, "createTime"},
		{`{"resumeToken":5}`, "resumeToken"},
	} {
		if m, err := Decode([]byte(tt.json)); err == nil {
			t.Errorf("%s: no error but %+v", tt.json, m)
		} else if !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v; want %q in it", tt.json, err, tt.want)
		}
	}
}

// agree holds that the pass of our own, where it reads a message, reads what
// encoding/json does.
func agree(t *testing.T, data []byte) {
	t.Helper()
	fast, ok := scanMessage(data)
	if !ok {
		return
	}
	slow, err := decodeSlowly(data)
	if err != nil {
		t.Fatalf("%q: read in one pass as %+v, where encoding/json says %v", data, fast, err)
	}
	if slow.Position != fast.Position || math.Float64bits(slow.Value) != math.Float64bits(fast.Value) ||
		slow.Created != fast.Created || !bytes.Equal(slow.ResumeToken, fast.ResumeToken) {
		t.Fatalf("%q: read in one pass as %+v, by encoding/json as %+v", data, fast, slow)
	}
}

func FuzzDecode(f *testing.F) {
	for _, m := range messages {
		f.Add([]byte(m.json))
	}
	f.Fuzz(agree)
}

func TestDecodeAgrees(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(7, 8))
	for range 20_000 {
		value := math.Float64frombits(r.Uint64())
		format := []string{"%v", "%f", "%.3f", "%e", "%.17g", "%.0f"}[r.IntN(6)]
		created := time.Unix(r.Int64N(400e9)-100e9, r.Int64N(1e9)).UTC().Format(time.RFC3339Nano)
		agree(t, fmt.Appendf(nil, `{"position":%d,"value":`+format+`,"createTime":"%s"}`, r.Uint32(), value, created))
	}
	// Every message with one byte changed.
	for _, m := range messages {
		for i := range m.json {
			for _, c := range []byte("\x00 \"\\{},:.-+eE019aZ\xff") {
				data := []byte(m.json)
				data[i] = c
				agree(t, data)
			}
			agree(t, []byte(m.json[:i]))
		}
	}
}

func BenchmarkDecodeAppend(b *testing.B) {
	for _, m := range []struct{ name, json string }{
		{"whole", `{"position":12345,"value":12345,"createTime":"2026-01-02T03:04:05.678901234Z","resumeToken":"AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0e"}`},
		{"double", `{"position":12345,"value":0.8414709848078965,"createTime":"2026-01-02T03:04:05.678901234Z","resumeToken":"AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0e"}`},
	} {
		b.Run(m.name, func(b *testing.B) {
			h := New(0)
			data, now := []byte(m.json), time.Now()
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				if err := h.AppendJSON(data, now); err != nil {
					b.Fatal(err)
				}
				n++
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds()/1e6, "M/s")
		})
	}
}
