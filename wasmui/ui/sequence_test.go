// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"testing"

	"google.golang.org/protobuf/reflect/protoreflect"

	numbersv1 "sluice/proto/gen/sluice/numbers/v1"
)

// The page names the service's fields and values by hand, as it must not carry
// their descriptors. Here they are compared.
func TestTheServiceKnowsTheNames(t *testing.T) {
	t.Parallel()
	fields := (&numbersv1.GenerateRequest{}).ProtoReflect().Descriptor().Fields()
	for _, name := range []string{
		fieldSequence, fieldCount, fieldEndless, fieldMinPause, fieldMaxPause, fieldSeed, fieldLower, fieldUpper,
	} {
		if fields.ByName(protoreflect.Name(name)) == nil {
			t.Errorf("GenerateRequest has no field %s", name)
		}
	}
	offered := make(map[string]bool)
	for s := range sequences {
		offered[s.enum()] = true
		if _, ok := numbersv1.Sequence_value[s.enum()]; !ok {
			t.Errorf("the service has no sequence %s", s.enum())
		}
		if s.Label() == "" || s.Sample() == "" {
			t.Errorf("%s is offered without a label or a sample", s.enum())
		}
	}
	for name := range numbersv1.Sequence_value {
		if name != "SEQUENCE_UNSPECIFIED" && !offered[name] {
			t.Errorf("the page does not offer %s", name)
		}
	}
}

func TestParseSequence(t *testing.T) {
	t.Parallel()
	for s := range sequences {
		if got := parseSequence(s.enum()); got != s {
			t.Errorf("parseSequence(%q) = %v, want %v", s.enum(), got, s)
		}
	}
	for name, want := range map[string]Sequence{"": Counting, " random_walk ": RandomWalk, "Sequence_Normal": Normal, "pi": Counting} {
		if got := parseSequence(name); got != want {
			t.Errorf("parseSequence(%q) = %v, want %v", name, got, want)
		}
	}
}
