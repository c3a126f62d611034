// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"errors"
	"fmt"
	"slices"

	"google.golang.org/protobuf/reflect/protoreflect"

	"sluice/bridge/transcode"
)

// Method is one method of a backend: what it is called, how its streams meet
// the browser, how a request for it is made and how its responses are written.
// It is immutable, and its methods may be called from any number of goroutines
// at once.
type Method struct {
	// Desc is the method's descriptor, as its source gave it.
	Desc protoreflect.MethodDescriptor
	// FullName is "pkg.Service/Method": the method's path in gRPC, and over
	// HTTP, without the leading slash.
	FullName string
	// Backend is the name of the backend that the method is of, as [Merge] was
	// told it, or "".
	Backend string
	// Policy is what the method's option says, checked. The zero Policy is a
	// method without the option.
	Policy Policy

	given    bool   // described by a descriptor set or by the program, not by the backend itself
	wishes   []wish // the paths that are asked for, the greatest origin first
	paths    []Path // those that it got
	types    *typeResolver
	response *transcode.Program
	resume   *resume // nil where the method cannot go on from a position
}

// ServerStreaming reports whether the method answers with a stream.
func (m *Method) ServerStreaming() bool { return m.Desc.IsStreamingServer() }

// ClientStreaming reports whether the method takes a stream of requests, which
// no single HTTP request can make.
func (m *Method) ClientStreaming() bool { return m.Desc.IsStreamingClient() }

// Paths returns every way to call the method, the one of gRPC last. The slice
// is the caller's.
func (m *Method) Paths() []Path { return slices.Clone(m.paths) }

// ErrTooLarge is the error, found with [errors.Is], of a response whose JSON is
// larger than it may be.
var ErrTooLarge = transcode.ErrTooLarge

// AppendResponse appends a response, given in protobuf's wire format, to dst as
// ProtoJSON on one line of at most so many bytes, and returns the extended
// buffer. It fails with [ErrTooLarge] where that is more, without having made it
// all: a few bytes of wire may be very many of JSON. It fails, too, where wire
// is no message of the response's type, and where that holds a
// google.protobuf.Any of a type that is not known. The text of an error goes after what
// the response is called, and dst is returned as it was.
func (m *Method) AppendResponse(dst, wire []byte, most int) ([]byte, error) {
	out, err := m.response.AppendJSONWithin(dst, wire, most)
	if err == nil {
		return out, nil
	}
	if fault, ok := errors.AsType[*transcode.Error](err); ok && fault.TypeURL != "" {
		return dst, m.types.unknown(fault)
	}
	return dst, fmt.Errorf("is not a valid %s: %w", m.Desc.Output().FullName(), err)
}

// programs compiles one response encoder for each message type, however many
// methods answer with it.
type programs struct {
	types    *typeResolver
	compiled map[protoreflect.FullName]*transcode.Program
}

// get returns the encoder for messages of type md.
func (p *programs) get(md protoreflect.MessageDescriptor) (*transcode.Program, error) {
	if program := p.compiled[md.FullName()]; program != nil {
		return program, nil
	}
	program, err := transcode.Compile(md, transcode.WithResolver(p.types))
	if err != nil {
		return nil, err
	}
	if p.compiled == nil {
		p.compiled = make(map[protoreflect.FullName]*transcode.Program)
	}
	p.compiled[md.FullName()] = program
	return program, nil
}
