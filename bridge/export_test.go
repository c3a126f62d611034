// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"net/http"
	"time"
)

// RequestedTimeout is for tests.
func RequestedTimeout(h http.Header) (time.Duration, error) {
	d, f := requestedTimeout(h)
	if f != nil {
		return 0, f.status.Err()
	}
	return d, nil
}

// WithBodyTimeout is for tests on real connections.
func WithBodyTimeout(d time.Duration) Option {
	return optionFunc(func(o *options) { o.bodyTimeout = d })
}
