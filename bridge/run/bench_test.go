// SPDX-License-Identifier: Apache-2.0

package run_test

import (
	"context"
	"errors"
	"io"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/known/timestamppb"

	"sluice/bridge/catalog"
	"sluice/bridge/run"
	numbersv1 "sluice/proto/gen/sluice/numbers/v1"
)

// canned is a connection whose every call gives one message, again and again:
// what remains of the time is the bridge's own.
type canned struct {
	grpc.ClientConnInterface
	wire  []byte
	times int
}

// NewStream implements grpc.ClientConnInterface.
func (c *canned) NewStream(_ context.Context, _ *grpc.StreamDesc, _ string, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	for _, o := range opts {
		if codec, ok := o.(grpc.ForceCodecV2CallOption); ok {
			return &cannedStream{wire: c.wire, left: c.times, codec: codec.CodecV2}, nil
		}
	}
	return nil, errors.New("the call has no codec of its own")
}

type cannedStream struct {
	grpc.ClientStream
	wire  []byte
	left  int
	codec encoding.CodecV2
}

func (s *cannedStream) SendMsg(any) error    { return nil }
func (s *cannedStream) CloseSend() error     { return nil }
func (s *cannedStream) Trailer() metadata.MD { return nil }
func (s *cannedStream) RecvMsg(into any) error {
	if s.left == 0 {
		return io.EOF
	}
	s.left--
	return s.codec.Unmarshal(mem.BufferSlice{mem.SliceBuffer(s.wire)}, into)
}

// BenchmarkCarry is what a message costs from the RPC to a viewer: to be
// encoded, kept and read.
func BenchmarkCarry(b *testing.B) {
	c, err := catalog.New(protoregistry.GlobalFiles)
	if err != nil {
		b.Fatal(err)
	}
	wire, err := proto.Marshal(&numbersv1.GenerateResponse{
		Position: 123456, Value: 0.62519, CreateTime: timestamppb.Now(), ResumeToken: "AQAAABEAAAAqAAAAAAAAABcAAAAAAAAAAQID",
	})
	if err != nil {
		b.Fatal(err)
	}
	m := run.NewManager(&canned{wire: wire, times: b.N}, run.Config{})
	defer m.Close()
	b.ReportAllocs()
	v, err := m.Open(run.Spec{Method: c.Lookup(method), Request: &catalog.Request{}})
	if err != nil {
		b.Fatal(err)
	}
	defer v.Close()
	for {
		changed := v.Changed()
		s, err := v.Span(64 << 10)
		switch {
		case err != nil:
			b.Fatal(err)
		case s.Ended:
			if s.Last != uint64(b.N)+1 {
				b.Errorf("the run has %d events, want %d and its end", s.Last, b.N)
			}
			return
		case len(s.Frames) == 0:
			<-changed
		}
	}
}
