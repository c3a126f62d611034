// SPDX-License-Identifier: Apache-2.0

package run

import (
	"bytes"
	"crypto/sha256"
	"errors"

	"sluice/bridge/catalog"
	"sluice/bridge/journal"
)

// scanBytes is how much of a journal is looked through at a time.
const scanBytes = 64 << 10

// shareKeys returns the keys of the runs that may serve a request beside those
// of others, its own run's last. There is none where the method is not shared.
//
// A run that goes on from a position has not got what was before. It serves
// only those who come back, too, and they are served by any.
func shareKeys(s Spec) []string {
	switch {
	case !s.Method.Policy.Share:
		return nil
	case s.Position == "":
		return []string{shareKey(s, "")}
	}
	return []string{shareKey(s, ""), shareKey(s, "from a position")}
}

// shareKey tells requests apart that may not ride on one run.
func shareKey(s Spec, kind string) string {
	h := sha256.New()
	for _, part := range []string{s.Method.FullName, s.Owner, string(s.Request.Wire), s.Timeout.String(), kind} {
		sum := sha256.Sum256([]byte(part))
		h.Write(sum[:])
	}
	return string(h.Sum(nil))
}

// join adds a viewer to a shared run: behind the event with the given position,
// or where its method says if there is none. It returns nil if the run cannot
// be joined there. One that has ended, or is about to, cannot be: which is
// asked under the lock by which viewers leave, so that the last one does not
// end the run between the question and the joining.
func (r *Run) join(position string) *Viewer {
	r.mu.Lock()
	defer r.mu.Unlock()
	for {
		e := r.journal.Extent()
		if e.Ended || r.ctx.Err() != nil {
			return nil
		}
		after := e.First - 1
		switch {
		case position != "":
			var held bool
			if after, held = r.seqOf(position); !held {
				return nil
			}
		case r.method.Policy.JoinAt == catalog.JoinAtLive:
			return r.attach(e.Last)
		}
		v, err := r.attachAfter(after)
		if err == nil {
			return v
		}
		if trimmed := (*journal.TrimmedError)(nil); position != "" || !errors.As(err, &trimmed) {
			return nil
		}
	}
}

// seqOf returns the number of the first event that has the given position, and
// false where none does that the run still holds. Events that follow with the
// same one had none of their own, and come again wherever the method is called
// from there.
func (r *Run) seqOf(position string) (seq uint64, held bool) {
	if r.position == position {
		return r.after, true
	}
	// The id of an event ends with its position, unless that is too long.
	prefix := len(r.id) + len("-")
	suffix := EventID{Run: r.id, Position: position}.Append(nil)[prefix+len("0"):]
	if len(suffix) == 0 {
		return 0, false
	}
	var records []journal.Record
	for after := r.journal.Extent().First - 1; ; after = records[len(records)-1].Seq {
		var err error
		if records, err = r.journal.Read(records[:0], after, scanBytes); err != nil || len(records) == 0 {
			return 0, false
		}
		for _, record := range records {
			number := record.ID[prefix:]
			if i := bytes.IndexByte(number, '-'); i >= 0 && bytes.Equal(number[i:], suffix) {
				return record.Seq, true
			}
		}
	}
}
