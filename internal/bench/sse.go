// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/launchdarkly/eventsource"
	gosse "github.com/tmaxmax/go-sse"

	"sluice/bridge/sse"
)

// sseEvents is how many events the stream has that all readers read.
const sseEvents = 2000

// measureSSE measures readers of event streams on the same bytes, those of a
// stream as the bridge writes it.
func measureSSE(ctx context.Context, s settings) (table, error) {
	stream, err := numberEvents(sseEvents)
	if err != nil {
		return table{}, err
	}
	rounds := 101
	if s.quick {
		rounds = 31
	}
	contenders := sseReaders(stream)
	took, err := alternate(ctx, rounds, 4*time.Millisecond, contenders)
	if err != nil {
		return table{}, err
	}
	t := table{How: fmt.Sprintf("%d events, %d bytes, from memory; %d rounds", sseEvents, len(stream), rounds)}
	for i, c := range contenders {
		perEvent := make([]float64, rounds)
		for j, ns := range took[i] {
			perEvent[j] = ns / sseEvents
		}
		l := line{Who: c.name, Unit: "ns/event", Values: perEvent}
		if i > 0 {
			l.Ratios = []ratio{{Of: "Sluice's Reader", Values: ratios(took[i], took[0])}}
		}
		t.Lines = append(t.Lines, l)
	}
	return t, nil
}

// sseReaders returns what reads the stream, each of which fails where it finds
// other than its events.
func sseReaders(stream []byte) []contender {
	source := bytes.NewReader(nil)
	counted := func(n int) error {
		if n != sseEvents {
			return fmt.Errorf("read %d events of %d", n, sseEvents)
		}
		return nil
	}
	return []contender{
		{"Sluice, Reader", func() error {
			source.Reset(stream)
			reader := sse.NewReader(source)
			for n := 0; ; n++ {
				if _, err := reader.Next(); errors.Is(err, io.EOF) {
					return counted(n)
				} else if err != nil {
					return err
				}
			}
		}},
		{"Sluice, Parser", func() error {
			var p sse.Parser
			var h eventCount
			if err := p.Feed(stream, &h); err != nil {
				return err
			}
			return counted(int(h))
		}},
		{"tmaxmax/go-sse, Read", func() error {
			source.Reset(stream)
			n := 0
			for _, err := range gosse.Read(source, nil) {
				if err != nil {
					return err
				}
				n++
			}
			return counted(n)
		}},
		{"launchdarkly/eventsource, Decoder", func() error {
			source.Reset(stream)
			d := eventsource.NewDecoder(source)
			for n := 0; ; n++ {
				if _, err := d.Decode(); errors.Is(err, io.EOF) {
					return counted(n)
				} else if err != nil {
					return err
				}
			}
		}},
	}
}

// numberEvents is a stream of numbers.
func numberEvents(n int) (stream []byte, err error) {
	made := time.Unix(1_790_000_000, 0).UTC()
	for i := range n {
		token := fmt.Sprintf("EQAAAAAAAAAHAAAAAAAAAAA%08dq1Y", i)
		data := fmt.Appendf(nil, `{"position":%d,"value":%d,"createTime":"%s","resumeToken":"%s"}`,
			i+1, i+1, made.Add(time.Duration(i)*1234567).Format(time.RFC3339Nano), token)
		if stream, err = sse.AppendEvent(stream, fmt.Sprintf("k7q2m5x4c6k7q2m5x4c6k7q2m5-%d-%s", i+1, token), "", data); err != nil {
			return nil, err
		}
	}
	return stream, nil
}

// eventCount counts events.
type eventCount int

// Event implements sse.Handler.
func (c *eventCount) Event(sse.Event) { *c++ }

// Comment implements sse.Handler.
func (*eventCount) Comment([]byte) {}

// Retry implements sse.Handler.
func (*eventCount) Retry(time.Duration) {}
