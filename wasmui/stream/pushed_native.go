// SPDX-License-Identifier: Apache-2.0

//go:build !js

package stream

import (
	"errors"
	"fmt"
)

func browserSocket(string, string, socketEvents) (func(), error) {
	return nil, fmt.Errorf("stream: WebSocket needs a program compiled for js/wasm: %w", errors.ErrUnsupported)
}

func browserSource(string, []string, sourceEvents) (func(), error) {
	return nil, fmt.Errorf("stream: EventSource needs a program compiled for js/wasm: %w", errors.ErrUnsupported)
}

// browserTabs gives nothing: a native program has no tabs.
func browserTabs() (tabLocks, tabChannel) { return nil, nil }
