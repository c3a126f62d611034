// SPDX-License-Identifier: Apache-2.0

package sse

import "strings"

const (
	// idBlockBytes is the memory that ids share. An id that is kept keeps its
	// block, so a block is small.
	idBlockBytes = 2 << 10
	// maxSharedIDBytes is the length up to which an id goes into a block.
	maxSharedIDBytes = 128
	// maxCachedTypeBytes is the length up to which a type is remembered.
	maxCachedTypeBytes = 64
)

// idBlock makes strings of ids. Every event may have an id of its own, so that
// an allocation for each would be the largest cost of reading it: the ids are
// packed one after the other into a block that is never overwritten.
type idBlock struct {
	block strings.Builder
}

func (s *idBlock) add(id []byte) string {
	if len(id) > maxSharedIDBytes {
		return string(id)
	}
	if s.block.Cap()-s.block.Len() < len(id) {
		s.block.Reset() // leaves the old block to the ids in it
		s.block.Grow(idBlockBytes)
	}
	start := s.block.Len()
	s.block.Write(id)
	return s.block.String()[start:]
}

// typeCache makes strings of event types, of which a stream has few.
type typeCache struct {
	types [8]string
	next  int // the oldest, to be replaced
}

func (c *typeCache) add(typ []byte) string {
	for _, t := range c.types[:] {
		if t == string(typ) {
			return t
		}
	}
	t := string(typ)
	if len(t) <= maxCachedTypeBytes {
		c.types[c.next] = t
		c.next = (c.next + 1) % len(c.types)
	}
	return t
}
