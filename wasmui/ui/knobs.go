// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"encoding/json"
	"net/url"
	"strconv"
	"strings"
	"unicode"
)

// Knobs is the request as a person has set it. Text is kept as it was typed: the
// server says what is allowed, in one place and in its own words, and the page
// shows what it says beside the knob. The zero value asks for the server's
// defaults.
type Knobs struct {
	Sequence Sequence
	Count    string // whole number; "" for 10 to 20
	Endless  bool
	MinPause string // seconds; "" for 0.1
	MaxPause string // seconds; "" for 1
	Seed     string // whole number; "" for one of the server's
	Lower    string // bounds, for the sequences that have them
	Upper    string
}

// The request's fields by their proto names. They are the names of the page's
// query too: what follows the question mark of the page's address can be put
// behind that of the stream.
const (
	fieldSequence = "sequence"
	fieldCount    = "count"
	fieldEndless  = "endless"
	fieldMinPause = "min_pause"
	fieldMaxPause = "max_pause"
	fieldSeed     = "seed"
	fieldLower    = "lower_bound"
	fieldUpper    = "upper_bound"
)

// ParseKnobs reads the knobs from a query. Names and values that it does not
// know are left out: an address is often typed by hand, or of another version.
func ParseKnobs(q url.Values) Knobs {
	k := Knobs{
		Sequence: parseSequence(q.Get(fieldSequence)),
		Count:    trim(q.Get(fieldCount)),
		MinPause: parsePause(q.Get(fieldMinPause)),
		MaxPause: parsePause(q.Get(fieldMaxPause)),
		Seed:     trim(q.Get(fieldSeed)),
		Lower:    trim(q.Get(fieldLower)),
		Upper:    trim(q.Get(fieldUpper)),
	}
	k.Endless, _ = strconv.ParseBool(q.Get(fieldEndless))
	return k
}

// Query gives the request in the form of a query, fields in a fixed order and
// those left alone left out: "count=5&min_pause=0.2s".
func (k Knobs) Query() string {
	var q strings.Builder
	for _, f := range k.fields() {
		if q.Len() > 0 {
			q.WriteByte('&')
		}
		q.WriteString(f.name + "=" + url.QueryEscape(f.text))
	}
	return q.String()
}

// JSON gives the request as a ProtoJSON object on one line.
func (k Knobs) JSON() string {
	var out strings.Builder
	out.WriteByte('{')
	for i, f := range k.fields() {
		if i > 0 {
			out.WriteByte(',')
		}
		out.WriteString(`"` + f.name + `":`)
		if f.literal {
			out.WriteString(f.text)
			continue
		}
		// A string always encodes.
		quoted, _ := json.Marshal(f.text)
		out.Write(quoted)
	}
	out.WriteByte('}')
	return out.String()
}

// field is one field that was set. A literal stands in JSON without quotes.
type field struct {
	name, text string
	literal    bool
}

// fields gives what was set and means something: no count beside endless, and
// no bounds for a sequence that has none, though the knobs remember both.
func (k Knobs) fields() []field {
	var fields []field
	add := func(name, text string, number bool) {
		if text = trim(text); text != "" {
			fields = append(fields, field{name, text, number && json.Valid([]byte(text))})
		}
	}
	if k.Sequence != Counting {
		add(fieldSequence, k.Sequence.enum(), false)
	}
	if k.Endless {
		add(fieldEndless, "true", true)
	} else {
		add(fieldCount, k.Count, true)
	}
	add(fieldMinPause, formatPause(k.MinPause), false)
	add(fieldMaxPause, formatPause(k.MaxPause), false)
	add(fieldSeed, k.Seed, true)
	if k.Sequence.Bounded() {
		add(fieldLower, k.Lower, true)
		add(fieldUpper, k.Upper, true)
	}
	return fields
}

// formatPause gives a pause the unit that durations have in JSON. What is not
// a plain number goes out as it is, for the server to object to.
func formatPause(seconds string) string {
	seconds = trim(seconds)
	if _, err := strconv.ParseFloat(seconds, 64); err == nil {
		return seconds + "s"
	}
	return seconds
}

// parsePause undoes formatPause.
func parsePause(text string) string {
	text = trim(text)
	if seconds, ok := strings.CutSuffix(text, "s"); ok {
		if _, err := strconv.ParseFloat(seconds, 64); err == nil {
			return seconds
		}
	}
	return text
}

func trim(text string) string { return strings.TrimFunc(text, unicode.IsSpace) }
