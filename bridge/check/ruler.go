// SPDX-License-Identifier: Apache-2.0

package check

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// ruler tells where in a stream an event stands, so that those of several
// connections can be compared. One step on is the next event.
type ruler struct {
	// by says what the place is read from.
	by string
	// at returns the place, and false for an event that shows none.
	at func(*event) (int64, bool)
	// byID and byData are whether an event stands where the undisturbed
	// connection got its like, so that beyond its end nothing can be said.
	byID, byData bool
}

// minCount is how many events in a row must count up by one before what they
// count is taken to be their place.
const minCount = 3

// rulers returns what places can be read from, the surest first, by the events
// of an undisturbed connection that have ids.
func rulers(events []*event) []*ruler {
	var all []*ruler
	add := func(r *ruler) {
		if r != nil {
			all = append(all, r)
		}
	}
	add(idIndex(events))
	add(idCounter(events))
	add(dataCounter(events))
	add(dataIndex(events))
	return all
}

// idIndex finds an event by its id.
func idIndex(events []*event) *ruler {
	index := make(map[string]int64, len(events))
	for i, e := range events {
		if _, ok := index[e.id]; ok {
			return nil
		}
		index[e.id] = int64(i)
	}
	return &ruler{by: "ids", byID: true, at: func(e *event) (int64, bool) {
		i, ok := index[e.id]
		return i, ok
	}}
}

// dataIndex finds an event by its data, which must never repeat.
func dataIndex(events []*event) *ruler {
	index := make(map[[sha256.Size]byte]int64, len(events))
	for i, e := range events {
		if _, ok := index[e.sum]; ok {
			return nil
		}
		index[e.sum] = int64(i)
	}
	return &ruler{by: "data", byData: true, at: func(e *event) (int64, bool) {
		i, ok := index[e.sum]
		return i, ok
	}}
}

// idCounter reads a number that counts within the ids, if there is one.
func idCounter(events []*event) *ruler {
	if len(events) == 0 {
		return nil
	}
	for i := range idParts(events[0].id) {
		at := func(e *event) (int64, bool) {
			parts := idParts(e.id)
			if i >= len(parts) {
				return 0, false
			}
			n, err := strconv.ParseInt(parts[i], 10, 64)
			return n, err == nil
		}
		if counts(events, at) {
			return &ruler{by: "the numbers in the ids", at: at}
		}
	}
	return nil
}

// idParts cuts an id at everything but letters and digits.
func idParts(id string) []string {
	return strings.FieldsFunc(id, func(c rune) bool { return !unicode.IsLetter(c) && !unicode.IsDigit(c) })
}

// dataCounter reads a number that counts within the data, if there is one.
func dataCounter(events []*event) *ruler {
	if len(events) == 0 {
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(events[0].numbers)) {
		at := func(e *event) (int64, bool) {
			n, ok := e.numbers[name]
			return n, ok
		}
		if counts(events, at) {
			by := "the numbers in the data"
			if name != "" {
				by = fmt.Sprintf("the field %s of the data", quote(name))
			}
			return &ruler{by: by, at: at}
		}
	}
	return nil
}

// counts is whether the place rises by one from event to event, of which the
// last may have none, since it may say that the stream is over. Events whose
// data was not looked into any more do not count.
func counts(events []*event, at func(*event) (int64, bool)) bool {
	events = events[:min(len(events), maxStudied/2)]
	n := 0
	var before int64
	for i, e := range events {
		place, ok := at(e)
		switch {
		case !ok && i == len(events)-1:
		case !ok || n > 0 && place != before+1:
			return false
		default:
			n++
			before = place
		}
	}
	return n >= minCount
}
