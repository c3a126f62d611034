// SPDX-License-Identifier: Apache-2.0

package check

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"strconv"
	"sync"
	"time"

	"sluice/bridge/sse"
)

// What is held of one connection, at most.
const (
	maxEvents     = 50_000
	maxHeldBytes  = 16 << 20 // of what is kept of the events
	maxLineBytes  = 1 << 20
	maxEventBytes = 4 << 20
	// maxStudied is of how many events the data is looked into, and
	// maxStudiedBytes how large data may be for that.
	maxStudied      = 4096
	maxStudiedBytes = 64 << 10
	// maxNumbers is how many numbers of one event are kept.
	maxNumbers = 32
)

// event is what is kept of an event.
type event struct {
	id   string // its own, "" if it has none
	typ  string
	sum  [sha256.Size]byte // of its data
	size int               // of its data
	at   time.Time
	// created is when it was made, by what its data says, zero if it does not.
	created time.Time
	// numbers are the whole numbers at the top of its data, by name; that of
	// data that is nothing but a number is "".
	numbers map[string]int64
	done    bool // whether the data is a word, in brackets, such as [DONE]
}

// ending is how a recording ended.
type ending uint8

const (
	endNot     ending = iota // it goes on, or was cut on purpose
	endClean                 // the server closed the stream
	endBroken                // the connection broke
	endWatched               // the time was up
	endFull                  // more came than is held
)

// recording is what came over one connection, and when. Its methods may be
// used by several goroutines at once; its fields only when it is read no more.
type recording struct {
	askedAt time.Time
	headAt  time.Time
	firstAt time.Time // of the first byte of the body, zero if there is none
	lastAt  time.Time // of the last byte, or of the head
	endedAt time.Time

	events   []event
	withID   []int // the indexes of the events that have an id of their own
	lint     lint
	retries  []time.Duration
	comment  string // the last that says something
	comments int
	quiet    silences
	bytes    int64

	ended ending

	mu      sync.Mutex
	changed chan struct{} // closed, and made anew, when something comes
	parser  sse.Parser
	block   block
	cutter  lineCutter
	now     time.Time
	held    int
	tooBig  error
}

// newRecording is of a connection that is asked for now.
func newRecording(lastEventID string) *recording {
	r := &recording{askedAt: time.Now(), changed: make(chan struct{})}
	r.parser.MaxLineBytes, r.parser.MaxEventBytes = maxLineBytes, maxEventBytes
	r.parser.Reset(lastEventID)
	return r
}

// answered notes that the head of the answer is there.
func (r *recording) answered() {
	r.headAt = time.Now()
	r.lastAt = r.headAt
}

// feed records what came. It returns true at the first line after which enough
// is true; what follows that line is dropped, as if it had never arrived.
func (r *recording) feed(chunk []byte, at time.Time, enough func(*recording) bool) bool {
	if len(chunk) == 0 {
		return false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.now = at
	if r.firstAt.IsZero() {
		r.firstAt = at
	}
	r.quiet.byteAfter(at.Sub(r.lastAt), r.lastAt)
	r.lastAt = at
	r.bytes += int64(len(chunk))
	defer r.tell()
	for len(chunk) > 0 && r.tooBig == nil {
		piece, line, whole := r.cutter.next(chunk)
		chunk = chunk[len(piece):]
		if whole {
			r.lint.line(line, &r.block)
		}
		// With the end of the line, so that the parser delivers an event while
		// its block is still known.
		if err := r.parser.Feed(piece, handler{r}); err != nil {
			r.tooBig = err
		}
		if whole {
			if len(line) == 0 {
				r.lint.blank(&r.block)
				r.block = block{}
			}
			if enough != nil && enough(r) {
				return true
			}
		}
	}
	return false
}

// end notes that nothing more comes.
func (r *recording) end(why ending, at time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ended, r.endedAt = why, at
	r.quiet.byteAfter(at.Sub(r.lastAt), r.lastAt)
	r.quiet.eventAfter(at)
	r.tell()
}

// tell wakes those who wait. The lock must be held.
func (r *recording) tell() {
	close(r.changed)
	r.changed = make(chan struct{})
}

// full is whether no more can be held.
func (r *recording) full() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.tooBig != nil || len(r.events) >= maxEvents || r.held >= maxHeldBytes
}

// wait waits until ready is true or the recording has ended, and returns an
// error if ctx is done before.
func (r *recording) wait(ctx context.Context, ready func(*recording) bool) error {
	for {
		r.mu.Lock()
		done, changed := r.ended != endNot || ready(r), r.changed
		r.mu.Unlock()
		if done {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// ids returns how many events with ids there are, while it is being read.
func (r *recording) ids() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.withID)
}

// lastID is what a client would come back with.
func (r *recording) lastID() string { return r.parser.LastEventID() }

// hasIDs returns whether there are at least n events with ids.
func hasIDs(n int) func(*recording) bool {
	return func(r *recording) bool { return len(r.withID) >= n }
}

// numbered returns the events that have ids of their own.
func (r *recording) numbered() []*event {
	all := make([]*event, len(r.withID))
	for i, at := range r.withID {
		all[i] = &r.events[at]
	}
	return all
}

// handler takes what the parser finds.
type handler struct{ *recording }

func (r handler) Event(e sse.Event) {
	own := event{typ: e.Type, sum: sha256.Sum256(e.Data), size: len(e.Data), at: r.now}
	if r.block.hasID {
		own.id = e.ID
	}
	if len(r.events) < maxStudied && len(e.Data) <= maxStudiedBytes {
		own.study(e.Data)
	}
	if own.id != "" {
		r.withID = append(r.withID, len(r.events))
	}
	r.events = append(r.events, own)
	const overhead = 256 // about what an event takes beside its texts
	r.held += len(own.id) + len(own.typ) + overhead + len(own.numbers)*32
	r.quiet.eventAfter(r.now)
}

func (r handler) Comment(text []byte) {
	r.comments++
	if len(text) > 0 {
		r.comment = string(text[:min(len(text), 2*maxQuoted)])
	}
	r.quiet.comment()
}

func (r handler) Retry(d time.Duration) {
	if len(r.retries) < maxStudied {
		r.retries = append(r.retries, d)
	}
}

// study keeps what the data says of its place in the stream.
func (e *event) study(data []byte) {
	if n, err := strconv.ParseInt(string(data), 10, 64); err == nil {
		e.numbers = map[string]int64{"": n}
		return
	}
	e.done = len(data) > 2 && data[0] == '[' && data[len(data)-1] == ']' && !json.Valid(data)
	var fields map[string]json.RawMessage
	if len(data) == 0 || data[0] != '{' || json.Unmarshal(data, &fields) != nil {
		return
	}
	for name, value := range fields {
		text := string(value)
		// 64-bit numbers are strings in the JSON of many.
		if unquoted, err := strconv.Unquote(text); err == nil {
			text = unquoted
		}
		if n, err := strconv.ParseInt(text, 10, 64); err == nil && len(fields) <= maxNumbers {
			if e.numbers == nil {
				e.numbers = make(map[string]int64)
			}
			e.numbers[name] = n
		}
	}
	for _, name := range createdNames {
		var t time.Time
		if value, ok := fields[name]; ok && json.Unmarshal(value, &t) == nil && !t.IsZero() {
			e.created = t
			return
		}
	}
}

// createdNames are what the time is called at which something was made, in
// RFC 3339.
var createdNames = []string{
	"createTime", "create_time", "createdAt", "created_at", "created",
	"timestamp", "@timestamp", "time", "ts",
}
