// SPDX-License-Identifier: Apache-2.0

package form

import (
	"encoding/json"
	"slices"
	"time"
)

const (
	// MaxHistory is how many requests a History keeps.
	MaxHistory = 50
	// MaxHistoryBytes bounds them in JSON: browsers keep some five million
	// characters for a site, and others may want some too.
	MaxHistoryBytes = 256 << 10
)

// Past is a request that was made.
type Past struct {
	Method  string    `json:"method"`
	Backend string    `json:"backend,omitempty"`
	Request string    `json:"request"`
	At      time.Time `json:"at"`
}

// History is the requests that were made, the last one first, each kept once.
// The zero value is empty.
type History []Past

// ParseHistory reads what JSON gave. What cannot be read is forgotten: another
// version may have written it.
func ParseHistory(data string) History {
	var h History
	if len(data) > 2*MaxHistoryBytes || json.Unmarshal([]byte(data), &h) != nil {
		return nil
	}
	h = slices.DeleteFunc(h, func(p Past) bool { return p.Method == "" || p.Request == "" })
	return h.bound()
}

// JSON is the history for keeping.
func (h History) JSON() string {
	data, err := json.Marshal(h)
	if err != nil {
		return "[]" // a time of the year 10000
	}
	return string(data)
}

// With gives the history with one more request, in front, and without the
// oldest of those that are too many.
func (h History) With(p Past) History {
	same := func(o Past) bool { return o.Method == p.Method && o.Backend == p.Backend && o.Request == p.Request }
	return slices.Insert(slices.DeleteFunc(slices.Clone(h), same), 0, p).bound()
}

func (h History) bound() History {
	size := 0
	for i, p := range h {
		size += len(p.Method) + len(p.Backend) + len(p.Request) + 100
		if i == MaxHistory || size > MaxHistoryBytes {
			return h[:i:i]
		}
	}
	return h
}
