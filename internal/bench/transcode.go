// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"buf.build/go/hyperpb"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/dynamicpb"

	"sluice/bridge/transcode"
	"sluice/internal/corpus"
)

// peer is another way from wire to JSON, and how many times the transcoder's
// time it is promised to take at least: for the number message, and for every
// message of the corpus whose wire is longer than longWire bytes.
type peer struct {
	name           string
	number, corpus float64
}

var (
	dynamicPeer   = peer{"dynamicpb and protojson", 12, 5}
	generatedPeer = peer{"generated code and protojson", 6, 0}
	hyperPeer     = peer{"hyperpb and protojson", 6, 0}
)

const (
	longWire      = 100 // bytes
	numberMessage = "numbers/number"
	ours          = "Sluice"
)

// measureTranscode measures ways from wire to JSON on every message of the
// corpus that has JSON. Messages and buffers are used again where they can be.
func measureTranscode(ctx context.Context, s settings) (table, error) {
	samples, err := corpus.Written()
	if err != nil {
		return table{}, err
	}
	filled, err := corpus.Filled()
	if err != nil {
		return table{}, err
	}
	samples = append(samples, filled...)
	rounds := 41
	if s.quick {
		rounds = 15
	}
	var t table
	long := map[string][]compared{}
	measured, longOnes := 0, 0
	for _, one := range samples {
		contenders, err := transcoders(one)
		if err != nil {
			return table{}, fmt.Errorf("%s: %w", one.Name, err)
		}
		if contenders == nil {
			continue
		}
		took, err := alternate(ctx, rounds, 400*time.Microsecond, contenders)
		if err != nil {
			return table{}, fmt.Errorf("%s: %w", one.Name, err)
		}
		measured++
		if len(one.Wire) > longWire {
			longOnes++
			for i, c := range contenders[1:] {
				long[c.name] = append(long[c.name], compared{one.Name, median(ratios(took[i+1], took[0]))})
			}
		}
		if s.verbose || strings.HasPrefix(one.Name, "numbers/") {
			t.Lines = append(t.Lines, sampleLines(one, contenders, took)...)
		}
	}
	for _, p := range []peer{dynamicPeer, generatedPeer, hyperPeer} {
		t.Lines = append(t.Lines, p.overall(long[p.name]))
	}
	t.How = fmt.Sprintf("%d messages of the corpus, %d of them over %d bytes of wire; %d rounds", measured, longOnes, longWire, rounds)
	return t, nil
}

// sampleLines are the lines for one message.
func sampleLines(one corpus.Sample, contenders []contender, took [][]float64) []line {
	var lines []line
	for i, c := range contenders {
		l := line{Who: fmt.Sprintf("%s, %d B: %s", one.Name, len(one.Wire), c.name), Unit: "ns", Values: took[i]}
		if i > 0 {
			q := ratio{Of: ours, Values: ratios(took[i], took[0])}
			if one.Name == numberMessage {
				for _, p := range []peer{dynamicPeer, generatedPeer, hyperPeer} {
					if p.name == c.name {
						q.AtLeast = p.number
					}
				}
			}
			l.Ratios = []ratio{q}
		}
		lines = append(lines, l)
	}
	return lines
}

// compared is how many times the transcoder's time a peer takes for a message.
type compared struct {
	message string
	times   float64
}

// overall sums up what a peer takes for the long messages: the worst for the
// transcoder is what a promise is about.
func (p peer) overall(all []compared) line {
	var times, least []float64
	worst := ours
	for _, c := range all {
		times = append(times, c.times)
		if least == nil || c.times < least[0] {
			least, worst = []float64{c.times}, fmt.Sprintf("%s (%s)", ours, c.message)
		}
	}
	return line{
		Who: fmt.Sprintf("over %d B, %d messages: %s", longWire, len(all), p.name), Unit: "× " + ours, Values: times,
		Ratios: []ratio{{Of: worst, Values: least, AtLeast: p.corpus}},
	}
}

// transcoders returns the contenders for a message, the transcoder first, or
// nil where the message has no JSON. One that gives other JSON than the rest,
// or none, takes no part.
func transcoders(one corpus.Sample) ([]contender, error) {
	types := corpus.TestTypes()
	program, err := transcode.Compile(one.Desc, transcode.WithResolver(types))
	if err != nil {
		return nil, err
	}
	want, err := program.AppendJSON(nil, one.Wire)
	if err != nil {
		return nil, nil // The corpus has messages that are to be refused.
	}
	buf := make([]byte, 0, 2*len(want))
	contenders := []contender{{ours, func() (err error) {
		buf, err = program.AppendJSON(buf[:0], one.Wire)
		return err
	}}}
	marshal := protojson.MarshalOptions{EmitDefaultValues: true, Resolver: types}
	unmarshal := proto.UnmarshalOptions{Resolver: types}
	decoding := func(m proto.Message) func() error {
		return func() (err error) {
			if err := unmarshal.Unmarshal(one.Wire, m); err != nil {
				return err
			}
			buf, err = marshal.MarshalAppend(buf[:0], m)
			return err
		}
	}
	others := []contender{{dynamicPeer.name, decoding(dynamicpb.NewMessage(one.Desc))}}
	if mt, err := protoregistry.GlobalTypes.FindMessageByName(one.Desc.FullName()); err == nil {
		others = append(others, contender{generatedPeer.name, decoding(mt.New().Interface())})
	}
	hyper := hyperpb.CompileMessageDescriptor(one.Desc, hyperpb.WithExtensionsFromFiles(types.Files))
	memory := new(hyperpb.Shared)
	others = append(others, contender{hyperPeer.name, func() (err error) {
		defer memory.Free()
		m := memory.NewMessage(hyper)
		if err := m.Unmarshal(one.Wire); err != nil {
			return err
		}
		buf, err = marshal.MarshalAppend(buf[:0], m)
		return err
	}})
	for _, c := range others {
		if gives(c, &buf, want) {
			contenders = append(contenders, c)
		}
	}
	if !slices.ContainsFunc(contenders, func(c contender) bool { return c.name == dynamicPeer.name }) {
		return nil, fmt.Errorf("the transcoder's %s is not what %s gives", want, dynamicPeer.name)
	}
	return contenders, nil
}

// gives is whether a contender leaves the wanted JSON in buf, but for the
// spaces that protojson adds at random.
func gives(c contender, buf *[]byte, want []byte) (same bool) {
	// A library that does not know some kind of message may panic on it.
	defer func() { same = same && recover() == nil }()
	if c.do() != nil {
		return false
	}
	var compact bytes.Buffer
	return json.Compact(&compact, *buf) == nil && bytes.Equal(compact.Bytes(), want)
}
