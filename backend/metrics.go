// SPDX-License-Identifier: Apache-2.0

package backend

import "google.golang.org/grpc/codes"

// Metrics is told what a Service does. Its methods are called from many streams
// at once, NumberSent for every number, and must not block.
type Metrics interface {
	// StreamOpened is called when a call comes in.
	StreamOpened()
	// StreamEnded is called once for every StreamOpened, with the code that
	// the call ends with; for a request that is refused, at once.
	StreamEnded(code codes.Code)
	// NumberSent is called for every number handed to gRPC.
	NumberSent()
}

type noMetrics struct{}

func (noMetrics) StreamOpened()          {}
func (noMetrics) StreamEnded(codes.Code) {}
func (noMetrics) NumberSent()            {}
