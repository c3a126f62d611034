// SPDX-License-Identifier: Apache-2.0

package stream

// runBytes is the length of a run in an event id: 128 bits in base 32.
const runBytes = 26

// maxNumberDigits is how long a number in an event id may be, which keeps it
// from overflowing.
const maxNumberDigits = 19

// parseEventID takes an event id of the form <run>-<n> or <run>-<n>-<position>
// apart: which run, and which event of it, from 1. ok is false for the ids of
// other servers, which may be anything.
func parseEventID(id string) (run string, n uint64, ok bool) {
	if len(id) < runBytes {
		return "", 0, false
	}
	run = id[:runBytes]
	for i := range len(run) {
		if c := run[i]; (c < 'a' || c > 'z') && (c < '2' || c > '7') {
			return "", 0, false
		}
	}
	n, ok = parseNumber(id[runBytes:])
	return run, n, ok
}

// parseNumber reads what follows the run in an event id.
func parseNumber(s string) (n uint64, ok bool) {
	if len(s) < 2 || s[0] != '-' || s[1] == '0' {
		return 0, false
	}
	s = s[1:]
	for i := range len(s) {
		d := s[i] - '0'
		if d > 9 {
			return n, i > 0 && s[i] == '-'
		}
		if i == maxNumberDigits {
			return 0, false
		}
		n = n*10 + uint64(d)
	}
	return n, true
}

// sequence follows the numbers of the events of a run. The zero value has seen
// nothing. Numbers of different runs have nothing to do with each other.
type sequence struct {
	run   string
	last  uint64
	known bool // the next event is last+1
}

// start sets the place after the event with this id.
func (s *sequence) start(id string) {
	s.run, s.last, s.known = parseEventID(id)
}

// begin sets the place to the start of a run that is read from there, so that
// what is gone of its start counts as missed.
func (s *sequence) begin(run string) { *s = sequence{run: run, known: true} }

// accept says whether the event with this id is new, and how many that should
// have come before it did not. An id of another form is always new.
func (s *sequence) accept(id string) (fresh bool, missed uint64) {
	var run string
	var n uint64
	var ok bool
	if len(id) > runBytes && id[:runBytes] == s.run {
		// Nearly every event: its run needs no second look.
		run = s.run
		n, ok = parseNumber(id[runBytes:])
	} else {
		run, n, ok = parseEventID(id)
	}
	if !ok {
		return true, 0
	}
	if s.known && run == s.run {
		if n <= s.last {
			return false, 0
		}
		missed = n - s.last - 1
	}
	*s = sequence{run: run, last: n, known: true}
	return true, missed
}

// reset sets the place to where a server says that it goes on, and gives how
// many events lie between. Where it goes back, events that came before come
// again, and are taken as new: the server knows of no others.
func (s *sequence) reset(run string, first uint64) (missed uint64) {
	if first == 0 {
		s.known = false
		return 0
	}
	if s.known && run == s.run && first > s.last+1 {
		missed = first - s.last - 1
	}
	*s = sequence{run: run, last: first - 1, known: true}
	return missed
}
