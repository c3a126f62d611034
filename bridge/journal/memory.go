// SPDX-License-Identifier: Apache-2.0

package journal

import (
	"sort"
	"sync"
	"unsafe"
)

const (
	// DefaultLimit is how many bytes of records a journal holds: enough for
	// some seconds of a fast stream or hours of a slow one.
	DefaultLimit = 1 << 20

	// DefaultReserve is how far behind the released cursor a journal reaches,
	// in bytes. It is for what sockets and proxies between bridge and browser
	// hold of what was written, and so is the larger part. The send buffer and
	// most proxies hold less. The receive buffer of a browser that reads fast and
	// then pauses may hold more, up to several MiB: if its connection then
	// breaks, the oldest of that is no longer in the journal.
	DefaultReserve = DefaultLimit / 4 * 3

	// Chunks begin small, since most streams are, and double, up to a
	// sixteenth of the journal: what is forgotten at a time.
	minChunk   = 1 << 10
	maxChunk   = 64 << 10
	minEntries = 8

	// recordOverhead is what a record takes beside its frame.
	recordOverhead = int(unsafe.Sizeof(entry{}))
)

// MemoryConfig says how large a journal in memory may grow. The zero value has
// the defaults and begins at record 1.
type MemoryConfig struct {
	// Limit is how many bytes the records may take, 0 for DefaultLimit.
	Limit int
	// Reserve is how many bytes behind the released cursor are kept, 0 for
	// three quarters of Limit. It is given up for a record that would not fit beside
	// it, and when the budget is spent.
	Reserve int
	// Budget is shared with other journals; nil for none.
	Budget *Budget
	// After is the number before the first record's: where a run takes up
	// what another began.
	After uint64
}

// Memory is a journal in memory, made by [NewMemory]. Its records stand in
// chunks, in the order in which they came, so that a reader gets many of them
// as one slice and copies nothing; memory comes and goes by the chunk.
type Memory struct {
	limit, reserve int
	chunkLimit     int
	budget         *Budget

	mu       sync.Mutex
	chunks   []*chunk
	last     uint64
	released uint64
	bytes    int
	ended    bool
	closed   bool
	changed  chan struct{}
}

var _ Journal = (*Memory)(nil)

// chunk holds consecutive records. What has been written to buf is never
// written again, so that readers may keep slices of it without a lock.
type chunk struct {
	first   uint64 // number of the first record
	buf     []byte
	entries []entry
	cost    int // of the records, in bytes
	taken   int // from the budget, in bytes
}

// entry is where one record stands in its chunk.
type entry struct {
	end                uint32
	id, idEnd          uint32
	dataStart, dataEnd uint32
	kind               Kind
}

// NewMemory returns an empty journal.
func NewMemory(c MemoryConfig) *Memory {
	if c.Limit <= 0 {
		c.Limit = DefaultLimit
	}
	if c.Reserve <= 0 {
		c.Reserve = c.Limit / 4 * 3
	}
	return &Memory{
		limit: c.Limit, reserve: min(c.Reserve, c.Limit), chunkLimit: max(minChunk, min(maxChunk, c.Limit/16)),
		budget: c.Budget, last: c.After, released: c.After,
	}
}

// Append implements [Journal].
func (m *Memory) Append(kind Kind, frame []byte, id, data Window) (uint64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed || m.ended {
		return 0, ErrClosed
	}
	cost := len(frame) + recordOverhead
	if err := m.makeRoom(kind, cost); err != nil {
		return 0, err
	}
	c, err := m.tail(kind, len(frame))
	if err != nil {
		return 0, err
	}
	start := len(c.buf)
	c.buf = append(c.buf, frame...)
	c.entries = append(c.entries, entry{
		end: uint32(len(c.buf)), kind: kind,
		id: uint32(start + id.Start), idEnd: uint32(start + id.End),
		dataStart: uint32(start + data.Start), dataEnd: uint32(start + data.End),
	})
	c.cost += cost
	m.bytes += cost
	m.last++
	m.ended = kind == End
	m.signal()
	return m.last, nil
}

// makeRoom forgets what may be forgotten until cost more bytes fit.
func (m *Memory) makeRoom(kind Kind, cost int) error {
	if cost > m.limit && kind != End {
		return ErrTooLarge
	}
	for m.bytes+cost > m.limit && m.forgettable(min(m.reserve, max(0, m.limit-cost))) {
		m.forget()
	}
	if m.bytes+cost > m.limit && kind != End {
		return ErrFull
	}
	return nil
}

// forgettable is whether the oldest chunk may go: all of it is released, and
// with it gone at least reserve bytes, less a part of that one chunk, remain
// behind the cursor.
func (m *Memory) forgettable(reserve int) bool {
	if len(m.chunks) == 0 {
		return false
	}
	if m.released == Everything {
		return true
	}
	oldest := m.chunks[0]
	if oldest.lastSeq() > m.released {
		return false
	}
	behind := 0
	for _, c := range m.chunks {
		if c.lastSeq() > m.released {
			// The cursor stands in this chunk: count what is before it.
			if c.first <= m.released {
				i := m.released - c.first
				behind += int(c.entries[i].end) + int(i+1)*recordOverhead
			}
			break
		}
		behind += c.cost
	}
	return behind > reserve
}

// forget drops the oldest chunk.
func (m *Memory) forget() {
	c := m.chunks[0]
	m.chunks[0] = nil
	m.chunks = m.chunks[1:]
	m.bytes -= c.cost
	m.budget.give(c.taken)
}

// tail returns the chunk that takes the next frame of n bytes.
func (m *Memory) tail(kind Kind, n int) (*chunk, error) {
	size, entries := minChunk, minEntries
	if k := len(m.chunks); k > 0 {
		c := m.chunks[k-1]
		if cap(c.buf)-len(c.buf) >= n && len(c.entries) < cap(c.entries) {
			return c, nil
		}
		size = min(2*cap(c.buf), m.chunkLimit)
		// Frames will be about as large as they were.
		entries = max(minEntries, size*len(c.entries)/max(1, len(c.buf)))
	}
	size = max(size, n)
	taken := size + entries*recordOverhead
	for !m.budget.take(taken) {
		// Others need the memory more than this run needs its past; but what
		// is still to be read stays, and a journal that holds nothing gets
		// the little it needs to go on.
		switch {
		case m.forgettable(0):
			m.forget()
			continue
		case len(m.chunks) > 0 && kind != End:
			return nil, ErrFull
		}
		size, entries = max(minChunk, n), minEntries
		taken = size + entries*recordOverhead
		m.budget.force(taken)
		break
	}
	c := &chunk{first: m.last + 1, buf: make([]byte, 0, size), entries: make([]entry, 0, entries), taken: taken}
	m.chunks = append(m.chunks, c)
	return c, nil
}

// Read implements [Journal].
func (m *Memory) Read(dst []Record, after uint64, maxBytes int) ([]Record, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	k, i, err := m.find(after)
	if err != nil {
		return dst, err
	}
	total := 0
	for ; k < len(m.chunks); k, i = k+1, 0 {
		c := m.chunks[k]
		for ; i < len(c.entries); i++ {
			r := c.record(i)
			total += len(r.Frame)
			if total > maxBytes && total > len(r.Frame) {
				return dst, nil
			}
			dst = append(dst, r)
		}
	}
	return dst, nil
}

// Span implements [Journal].
func (m *Memory) Span(after uint64, maxBytes int) (Span, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	k, i, err := m.find(after)
	if err != nil || k == len(m.chunks) {
		return Span{Last: after, Ended: err == nil && m.ended}, err
	}
	c := m.chunks[k]
	start := c.startOf(i)
	j := len(c.entries)
	if len(c.buf)-start > maxBytes {
		// The first entry that ends past the limit is left for the next call.
		j = i + sort.Search(len(c.entries)-i, func(x int) bool { return int(c.entries[i+x].end)-start > maxBytes })
		j = max(j, i+1)
	}
	end := int(c.entries[j-1].end)
	return Span{
		Frames: c.buf[start:end:end],
		Last:   c.first + uint64(j) - 1,
		Ended:  c.entries[j-1].kind == End,
	}, nil
}

// find returns the chunk and the index in it of the record after the given
// number, or len(m.chunks) where there is none yet.
func (m *Memory) find(after uint64) (k, i int, err error) {
	if m.closed {
		return 0, 0, ErrClosed
	}
	if after >= m.last {
		return len(m.chunks), 0, nil
	}
	if first := m.first(); after+1 < first {
		return 0, 0, &TrimmedError{After: after, First: first}
	}
	// Readers mostly stand near the end.
	k = len(m.chunks) - 1
	for m.chunks[k].first > after+1 {
		k--
	}
	return k, int(after + 1 - m.chunks[k].first), nil
}

// Release implements [Journal].
func (m *Memory) Release(seq uint64) {
	m.mu.Lock()
	m.released = seq
	m.mu.Unlock()
}

// Changed implements [Journal].
func (m *Memory) Changed() <-chan struct{} {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.changed == nil {
		m.changed = make(chan struct{})
		if m.closed {
			close(m.changed)
		}
	}
	return m.changed
}

// signal wakes whoever waits on Changed.
func (m *Memory) signal() {
	if m.changed != nil {
		close(m.changed)
		m.changed = nil
	}
}

// Extent implements [Journal].
func (m *Memory) Extent() Extent {
	m.mu.Lock()
	defer m.mu.Unlock()
	return Extent{First: m.first(), Last: m.last, Ended: m.ended, Bytes: m.bytes}
}

func (m *Memory) first() uint64 {
	if len(m.chunks) == 0 {
		return m.last + 1
	}
	return m.chunks[0].first
}

// Close implements [Journal].
func (m *Memory) Close() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return
	}
	for len(m.chunks) > 0 {
		m.forget()
	}
	m.closed = true
	m.signal()
}

func (c *chunk) lastSeq() uint64 { return c.first + uint64(len(c.entries)) - 1 }

func (c *chunk) startOf(i int) int {
	if i == 0 {
		return 0
	}
	return int(c.entries[i-1].end)
}

func (c *chunk) record(i int) Record {
	e := c.entries[i]
	return Record{
		Seq: c.first + uint64(i), Kind: e.kind,
		Frame: c.buf[c.startOf(i):e.end:e.end],
		ID:    c.buf[e.id:e.idEnd:e.idEnd],
		Data:  c.buf[e.dataStart:e.dataEnd:e.dataEnd],
	}
}
