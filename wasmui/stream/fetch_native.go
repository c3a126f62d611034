// SPDX-License-Identifier: Apache-2.0

//go:build !js

package stream

import (
	"context"
	"errors"
	"fmt"
)

// errNoFetch is what the transport of NewFetch answers where there is no fetch.
var errNoFetch = fmt.Errorf("stream: fetch needs a program compiled for js/wasm: %w", errors.ErrUnsupported)

type noFetch struct{}

// NewFetch gives a transport over the browser's fetch. In a native program,
// which renders pages but streams nothing, every request fails with errors.ErrUnsupported.
func NewFetch() Transport { return noFetch{} }

func (noFetch) Open(context.Context, Request) (Response, error) { return nil, errNoFetch }
