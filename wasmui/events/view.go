// SPDX-License-Identifier: Apache-2.0

package events

import "sort"

// View is the events of a log that a filter takes, each at a place that stays
// its own for as long as it is there. Without a filter the place is the event's
// index. The zero value takes all.
type View struct {
	filter Filter
	found  []uint64 // the indices, in order, of those that the filter takes
	gone   uint64   // how many of them are no longer in the log, and not in found
	next   uint64   // the index of the first that was not looked at
}

// NewView gives a view that has not looked at anything yet.
func NewView(f Filter) View { return View{filter: f} }

// Sync looks at what has come, and lets go of what the log has let go of. It has
// to be called before the others where the log has changed.
func (v *View) Sync(l *Log) {
	lo, hi := l.Bounds()
	if v.filter.All() {
		v.gone, v.next = lo, hi
		return
	}
	drop := sort.Search(len(v.found), func(i int) bool { return v.found[i] >= lo })
	v.found, v.gone = v.found[drop:], v.gone+uint64(drop)
	for v.next = max(v.next, lo); v.next < hi; v.next++ {
		if v.filter.Match(l.At(v.next)) {
			v.found = append(v.found, v.next)
		}
	}
}

// Bounds gives the places that there are: from lo up to but not including hi.
func (v *View) Bounds() (lo, hi uint64) {
	if v.filter.All() {
		return v.gone, v.next
	}
	return v.gone, v.gone + uint64(len(v.found))
}

// Index gives the index in the log of the event at a place within Bounds.
func (v *View) Index(place uint64) uint64 {
	if v.filter.All() {
		return place
	}
	return v.found[place-v.gone]
}

// After gives the place of the first event from an index on, which is that after
// the last where there is none.
func (v *View) After(index uint64) (place uint64) {
	lo, hi := v.Bounds()
	return lo + uint64(sort.Search(int(hi-lo), func(i int) bool { return v.Index(lo+uint64(i)) >= index }))
}

// Filter is what the view was made with.
func (v *View) Filter() Filter { return v.filter }
