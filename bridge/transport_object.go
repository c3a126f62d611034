// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"encoding/json"
	"sync"
	"time"

	"sluice/bridge/journal"
	"sluice/bridge/run"
)

// The types of events that are no part of a run.
const (
	// resetEvent tells a viewer what it does not get.
	resetEvent = "reset"
	// openEvent is the first line, or message, of a stream of objects.
	openEvent = "open"
	// heartbeatEvent shows that a stream is alive.
	heartbeatEvent = "heartbeat"
)

// appendObject appends an event as every transport but SSE carries it, on one
// line:
//
//	{"id":"<id>","event":"<type>","data":<data>}
//
// What is empty is left out. The id is one of a run, all of whose bytes stand
// for themselves, and the type is given as JSON.
func appendObject(dst, id, event, data []byte) []byte {
	start := len(dst)
	if len(id) > 0 {
		dst = append(dst, `,"id":"`...)
		dst = append(dst, id...)
		dst = append(dst, '"')
	}
	if len(event) > 0 {
		dst = append(dst, `,"event":`...)
		dst = append(dst, event...)
	}
	if len(data) > 0 {
		dst = append(dst, `,"data":`...)
		dst = append(dst, data...)
	}
	dst[start] = '{'
	return append(dst, '}')
}

// appendOpen appends what a stream of objects begins with, and an event stream
// says in fields and comments: the run, and when to come back.
func appendOpen(dst []byte, runID string, retry time.Duration) []byte {
	data, err := json.Marshal(struct {
		Run   string `json:"run"`
		Retry int64  `json:"retry"` // in milliseconds
	}{runID, retry.Milliseconds()})
	if err != nil {
		panic("an open is a string and a number: " + err.Error())
	}
	return appendObject(dst, nil, quotedOpen, data)
}

// quoted returns an event's type as JSON, nothing for none.
func quoted(event string) []byte {
	if event == "" {
		return nil
	}
	b, err := json.Marshal(event)
	if err != nil {
		panic("a string is JSON: " + err.Error())
	}
	return b
}

var (
	quotedEnd       = quoted(run.EndEvent)
	quotedReset     = quoted(resetEvent)
	quotedOpen      = quoted(openEvent)
	quotedHeartbeat = quoted(heartbeatEvent)
)

// objects reads a run's events one by one, for the transports that carry them
// as objects.
type objects struct {
	message []byte // the type of messages, as JSON
}

func objectsOf(r *run.Run) objects { return objects{message: quoted(r.Method().Policy.Event)} }

// recordBatch holds events for as long as it takes to write them as objects.
type recordBatch struct{ records []journal.Record }

// maxKeptRecords is how many events the largest batch that is kept has had.
const maxKeptRecords = 1 << 10

var recordBatches = sync.Pool{New: func() any { return new(recordBatch) }}

// each gives the viewer's next events to do, as objects that are its until it
// returns, and says whether the run's last is among them or before them.
func (o objects) each(v *run.Viewer, do func(id, object []byte)) (ended bool, err error) {
	batch := recordBatches.Get().(*recordBatch)
	batch.records, err = v.Read(batch.records[:0], spanBytes)
	if len(batch.records) > 0 {
		line := takeBuffer()
		for _, r := range batch.records {
			event := o.message
			if r.Kind == journal.End {
				event, ended = quotedEnd, true
			}
			line.bytes = appendObject(line.bytes[:0], r.ID, event, r.Data)
			do(r.ID, line.bytes)
		}
		line.put()
	} else if e := v.Run().Extent(); err == nil && e.Ended && e.Last <= v.Cursor() {
		ended = true
	}
	// What is kept holds no journal's memory.
	clear(batch.records)
	if cap(batch.records) <= maxKeptRecords {
		recordBatches.Put(batch)
	}
	return ended, err
}
