// SPDX-License-Identifier: Apache-2.0

package journal

import "sync/atomic"

// Budget bounds what many journals hold together, in bytes of memory. A nil
// Budget has no bound. It may be used by any number of goroutines at once.
type Budget struct {
	limit    int64
	used     atomic.Int64
	pressure chan struct{}
}

// NewBudget returns a budget of limit bytes.
func NewBudget(limit int64) *Budget {
	return &Budget{limit: limit, pressure: make(chan struct{}, 1)}
}

// Used returns how many bytes are taken.
func (b *Budget) Used() int64 {
	if b == nil {
		return 0
	}
	return b.used.Load()
}

// Limit returns the bound in bytes.
func (b *Budget) Limit() int64 { return b.limit }

// Pressure returns a channel that has a value when a journal has asked for
// more than there was: the time to close journals that nobody needs.
func (b *Budget) Pressure() <-chan struct{} { return b.pressure }

// take takes n bytes, if there are as many.
func (b *Budget) take(n int) bool {
	if b == nil {
		return true
	}
	if b.used.Add(int64(n)) <= b.limit {
		return true
	}
	b.used.Add(-int64(n))
	select {
	case b.pressure <- struct{}{}:
	default:
	}
	return false
}

// force takes n bytes whether there are as many or not.
func (b *Budget) force(n int) {
	if b != nil {
		b.used.Add(int64(n))
	}
}

// give gives n bytes back.
func (b *Budget) give(n int) {
	if b != nil {
		b.used.Add(-int64(n))
	}
}
