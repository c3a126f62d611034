// SPDX-License-Identifier: Apache-2.0

package transcode

import (
	"slices"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/dynamicpb"
)

// benchSamples are the messages of the corpus that have a JSON form.
func benchSamples(b *testing.B) []sample {
	v := variants()[0]
	return slices.DeleteFunc(written(b), func(s sample) bool {
		_, err := v.compile(b, s.desc).AppendJSON(nil, s.wire)
		return err != nil
	})
}

// BenchmarkAppendJSON is the time that a message takes.
func BenchmarkAppendJSON(b *testing.B) {
	v := variants()[0]
	buf := make([]byte, 0, 1<<20)
	for _, s := range benchSamples(b) {
		p := v.compile(b, s.desc)
		b.Run(s.name, func(b *testing.B) {
			b.SetBytes(int64(len(s.wire)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := p.AppendJSON(buf, s.wire); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkAppendText is the time that the position of a number takes.
func BenchmarkAppendText(b *testing.B) {
	s := written(b)[slices.IndexFunc(written(b), func(s sample) bool { return s.name == "numbers/number" })]
	f, err := CompileField(s.desc, "resume_token")
	if err != nil {
		b.Fatal(err)
	}
	buf := make([]byte, 0, 100)
	b.ReportAllocs()
	for b.Loop() {
		if _, ok, err := f.AppendText(buf, s.wire); !ok || err != nil {
			b.Fatal(ok, err)
		}
	}
}

// BenchmarkRatio compares with what everyone else does: decode into dynamicpb,
// or into generated code where there is any, and have protojson write that.
// The three take turns, so that what else the machine does hits all of them,
// and each is given by its median: ns/op for a program, and how many times
// that the others take. Messages and buffers are reused where they can be.
func BenchmarkRatio(b *testing.B) {
	v := variants()[0]
	marshal := v.oracle
	marshal.Resolver = testSchema()
	unmarshal := proto.UnmarshalOptions{Resolver: testSchema()}
	buf := make([]byte, 0, 1<<20)
	for _, s := range benchSamples(b) {
		p := v.compile(b, s.desc)
		compiled := func(*testing.B) {
			if _, err := p.AppendJSON(buf, s.wire); err != nil {
				b.Fatal(err)
			}
		}
		decoding := func(m proto.Message) func(*testing.B) {
			return func(b *testing.B) {
				if err := unmarshal.Unmarshal(s.wire, m); err != nil {
					b.Fatal(err)
				}
				if _, err := marshal.MarshalAppend(buf, m); err != nil {
					b.Fatal(err)
				}
			}
		}
		dynamic := decoding(dynamicpb.NewMessage(s.desc))
		var generated func(*testing.B)
		if mt, err := protoregistry.GlobalTypes.FindMessageByName(s.desc.FullName()); err == nil {
			generated = decoding(mt.New().Interface())
		}
		b.Run(s.name, func(b *testing.B) {
			var c, d, g []time.Duration
			for b.Loop() {
				c = append(c, timed(b, 32, compiled))
				d = append(d, timed(b, 4, dynamic))
				if generated != nil {
					g = append(g, timed(b, 4, generated))
				}
			}
			ns := median(c)
			b.ReportMetric(ns, "ns/op")
			b.ReportMetric(float64(len(s.wire)), "wire-bytes")
			b.ReportMetric(median(d)/ns, "x-dynamic")
			if generated != nil {
				b.ReportMetric(median(g)/ns, "x-generated")
			}
		})
	}
}

// timed is how long one of n calls takes.
func timed(b *testing.B, n int, fn func(*testing.B)) time.Duration {
	start := time.Now()
	for range n {
		fn(b)
	}
	return time.Since(start) / time.Duration(n)
}

func median(times []time.Duration) float64 {
	slices.Sort(times)
	return float64(times[len(times)/2])
}
