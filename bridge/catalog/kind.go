// SPDX-License-Identifier: Apache-2.0

package catalog

import "fmt"

// Kind is how many messages go each way in a call of a method.
type Kind uint8

// The kinds of methods that gRPC has.
const (
	// Unary is one request and one response.
	Unary Kind = iota
	// ServerStreaming is one request and a stream of responses.
	ServerStreaming
	// ClientStreaming is a stream of requests and one response.
	ClientStreaming
	// BidiStreaming is a stream each way.
	BidiStreaming
)

// String returns "unary", "server_streaming", "client_streaming" or
// "bidi_streaming".
func (k Kind) String() string {
	switch k {
	case Unary:
		return "unary"
	case ServerStreaming:
		return "server_streaming"
	case ClientStreaming:
		return "client_streaming"
	case BidiStreaming:
		return "bidi_streaming"
	}
	return fmt.Sprintf("Kind(%d)", uint8(k))
}

// Kind returns the method's kind.
func (m *Method) Kind() Kind {
	switch {
	case m.ClientStreaming() && m.ServerStreaming():
		return BidiStreaming
	case m.ClientStreaming():
		return ClientStreaming
	case m.ServerStreaming():
		return ServerStreaming
	}
	return Unary
}
