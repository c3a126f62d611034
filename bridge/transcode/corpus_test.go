// SPDX-License-Identifier: Apache-2.0

package transcode

import (
	"testing"

	"google.golang.org/protobuf/reflect/protoreflect"

	"sluice/internal/corpus"
)

// sample is a message of the corpus, which tests, fuzzing and benchmarks share.
type sample struct {
	name string
	desc protoreflect.MessageDescriptor
	wire []byte
}

// schema is every type that the tests know.
type schema struct{ *corpus.Types }

func testSchema() schema { return schema{corpus.TestTypes()} }

// message finds a message type by its full name.
func (s schema) message(tb testing.TB, name protoreflect.FullName) protoreflect.MessageDescriptor {
	tb.Helper()
	mt, err := s.FindMessageByName(name)
	if err != nil {
		tb.Fatalf("message %s: %v", name, err)
	}
	return mt.Descriptor()
}

// written is the messages of the corpus that are written down, and filled one
// of every type, with every field set.
func written(tb testing.TB) []sample { return samples(tb, corpus.Written) }
func filled(tb testing.TB) []sample  { return samples(tb, corpus.Filled) }

func samples(tb testing.TB, from func() ([]corpus.Sample, error)) []sample {
	tb.Helper()
	all, err := from()
	if err != nil {
		tb.Fatal(err)
	}
	var samples []sample
	for _, s := range all {
		samples = append(samples, sample{s.Name, s.Desc, s.Wire})
	}
	return samples
}

// textSample makes a message of protobuf's text format.
func textSample(tb testing.TB, name string, message protoreflect.FullName, text string) sample {
	tb.Helper()
	s, err := corpus.FromText(name, message, text)
	if err != nil {
		tb.Fatal(err)
	}
	return sample{s.Name, s.Desc, s.Wire}
}
