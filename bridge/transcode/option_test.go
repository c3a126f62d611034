// SPDX-License-Identifier: Apache-2.0

package transcode

import (
	"errors"
	"math"
	"strings"
	"testing"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

// TestOptions shows what each option changes, in one message.
func TestOptions(t *testing.T) {
	t.Parallel()
	const (
		message = "sluice.test.shapes.Oneofs"
		text    = `after: "" color: COLOR_RED null: NULL_VALUE`
	)
	tests := []struct {
		name    string
		options []Option
		want    string
	}{
		{"none", nil, `{"before":"","null":null,"color":"COLOR_RED","after":""}`},
		{"WithEnumNumbers", []Option{WithEnumNumbers()}, `{"before":"","null":null,"color":1,"after":""}`},
		{"WithoutDefaults", []Option{WithoutDefaults()}, `{"null":null,"color":"COLOR_RED"}`},
		{"no bound to speak of", []Option{WithMaxOutput(math.MaxInt)}, `{"before":"","null":null,"color":"COLOR_RED","after":""}`},
		{"the last bound stands", []Option{WithMaxOutput(1), WithMaxOutput(0)}, `{"before":"","null":null,"color":"COLOR_RED","after":""}`},
	}
	s := textSample(t, "options", message, text)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p, err := Compile(s.desc, tt.options...)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := p.AppendJSON([]byte("x"), s.wire); err != nil || string(got) != "x"+tt.want {
				t.Errorf("got %s, error %v, want x%s", got, err, tt.want)
			}
		})
	}
}

func TestWithProtoNames(t *testing.T) {
	t.Parallel()
	s := textSample(t, "names", "sluice.test.shapes.Shuffled", `two_thousand: "a" named: "b"`)
	for _, tt := range []struct {
		options []Option
		want    string
	}{
		{[]Option{WithoutDefaults()}, `{"twoThousand":"a","@named":"b"}`},
		{[]Option{WithoutDefaults(), WithProtoNames()}, `{"two_thousand":"a","named":"b"}`},
	} {
		p, err := Compile(s.desc, tt.options...)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := p.AppendJSON(nil, s.wire); err != nil || string(got) != tt.want {
			t.Errorf("got %s, error %v, want %s", got, err, tt.want)
		}
	}
}

func TestWithResolver(t *testing.T) {
	t.Parallel()
	s := textSample(t, "any", "google.protobuf.Any", `[type.googleapis.com/sluice.test.shapes.Oneofs] { number: 1 }`)
	e := textSample(t, "extension", "sluice.test.legacy.Extendable", `[sluice.test.legacy.zebra]: 1`)
	for _, tt := range []struct {
		name      string
		resolver  Resolver
		any       string
		extension string
	}{
		{"one that knows", testSchema(), `{"@type":"type.googleapis.com/sluice.test.shapes.Oneofs","before":"","number":1,"after":""}`, `{"[sluice.test.legacy.zebra]":1}`},
		{"the types linked in", nil, "", `{}`},
		{"one that knows nothing", new(protoregistry.Types), "", `{}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p, err := Compile(s.desc, WithResolver(tt.resolver))
			if err != nil {
				t.Fatal(err)
			}
			got, err := p.AppendJSON(nil, s.wire)
			if string(got) != tt.any || (err != nil) != (tt.any == "") || err != nil && !errors.Is(err, ErrUnresolved) {
				t.Errorf("any: got %s, error %v, want %s", got, err, tt.any)
			}
			if p, err = Compile(e.desc, WithResolver(tt.resolver)); err != nil {
				t.Fatal(err)
			}
			if got, err := p.AppendJSON(nil, e.wire); err != nil || string(got) != tt.extension {
				t.Errorf("extension: got %s, error %v, want %s", got, err, tt.extension)
			}
		})
	}
}

// brokenResolver fails in a way that is not "no such type".
type brokenResolver struct{ Resolver }

var errBroken = errors.New("the registry is on fire")

func (brokenResolver) FindExtensionByNumber(protoreflect.FullName, protoreflect.FieldNumber) (protoreflect.ExtensionType, error) {
	return nil, errBroken
}

func TestResolverThatFails(t *testing.T) {
	t.Parallel()
	e := textSample(t, "extension", "sluice.test.legacy.Extendable", `[sluice.test.legacy.zebra]: 1`)
	p, err := Compile(e.desc, WithResolver(brokenResolver{testSchema()}))
	if err != nil {
		t.Fatal(err)
	}
	_, err = p.AppendJSON(nil, e.wire)
	if !errors.Is(err, ErrUnresolved) || !strings.Contains(err.Error(), errBroken.Error()) {
		t.Errorf("got %v", err)
	}
}
