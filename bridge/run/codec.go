// SPDX-License-Identifier: Apache-2.0

package run

import (
	"fmt"

	"google.golang.org/grpc/encoding"
	_ "google.golang.org/grpc/encoding/gzip" // backends may compress by it what they send
	"google.golang.org/grpc/mem"
)

// rawCodec hands messages through as the bytes that they are, so that a
// message is read exactly once: by the transcoder.
type rawCodec struct{}

var _ encoding.CodecV2 = rawCodec{}

// rawMessage is a received message. It must be freed.
type rawMessage struct{ buf mem.Buffer }

func (m *rawMessage) bytes() []byte { return m.buf.ReadOnlyData() }

func (m *rawMessage) free() {
	m.buf.Free()
	m.buf = nil
}

// Name implements encoding.CodecV2. The bytes are those of protobuf.
func (rawCodec) Name() string { return "proto" }

// Marshal implements encoding.CodecV2 for the wire form of a request.
func (rawCodec) Marshal(v any) (mem.BufferSlice, error) {
	b, ok := v.([]byte)
	if !ok {
		return nil, fmt.Errorf("raw codec: cannot send a %T", v)
	}
	return mem.BufferSlice{mem.SliceBuffer(b)}, nil
}

// Unmarshal implements encoding.CodecV2 for a *rawMessage. A message that came
// in one buffer, as nearly all do, is not copied.
func (rawCodec) Unmarshal(data mem.BufferSlice, v any) error {
	m, ok := v.(*rawMessage)
	if !ok {
		return fmt.Errorf("raw codec: cannot receive into a %T", v)
	}
	m.buf = data.MaterializeToBuffer(mem.DefaultBufferPool())
	return nil
}
