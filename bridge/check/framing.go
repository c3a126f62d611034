// SPDX-License-Identifier: Apache-2.0

package check

import (
	"bytes"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// block is what there is of the event that is being written.
type block struct {
	begun   bool // it has a field that needs the blank line
	hasID   bool // one that counts
	hasData bool
	event   string
}

// lint is what is wrong with how a stream is written. Each fault has its first
// example.
type lint struct {
	lines    int
	invalid  fault // not UTF-8
	spilled  fault // data that goes on without its field name
	misspelt fault // a known field in another spelling
	unknown  fault
	badRetry fault
	badID    fault // with a NUL
	emptyID  fault
	doubled  fault // data that begins with a field name
	noData   fault // an event type without data, which is not delivered
	paddedID fault // with spaces that a header loses
}

// fault is something that happened, and where first.
type fault struct {
	n    int
	line int
	text string
}

func (f *fault) at(line int, text []byte) {
	if f.n == 0 {
		f.line, f.text = line, string(text[:min(len(text), maxQuoted+1)])
	}
	f.n++
}

// knownFields are the fields of the standard.
var knownFields = []string{"data", "event", "id", "retry"}

// line looks at a line, which belongs to the block, without its end.
func (l *lint) line(line []byte, b *block) {
	l.lines++
	if l.lines == 1 {
		line = bytes.TrimPrefix(line, []byte("\uFEFF"))
	}
	if !utf8.Valid(line) {
		l.invalid.at(l.lines, line)
	}
	if len(line) == 0 || line[0] == ':' {
		return
	}
	name, value, _ := bytes.Cut(line, []byte(":"))
	value = bytes.TrimPrefix(value, []byte(" "))
	afterData := b.hasData
	switch string(name) {
	case "data":
		b.hasData = true
		for _, known := range []string{"data:", "event:", "id:"} {
			if bytes.HasPrefix(value, []byte(known)) {
				l.doubled.at(l.lines, line)
				break
			}
		}
	case "event":
		b.event = string(value)
	case "id":
		switch {
		case bytes.IndexByte(value, 0) >= 0:
			l.badID.at(l.lines, line)
		case len(value) == 0:
			l.emptyID.at(l.lines, line)
			b.hasID = false
		default:
			b.hasID = true
			if len(bytes.Trim(value, " \t")) != len(value) {
				l.paddedID.at(l.lines, line)
			}
		}
	case "retry":
		if len(value) == 0 || len(bytes.Trim(value, "0123456789")) > 0 {
			l.badRetry.at(l.lines, line)
		}
		return // it counts without its blank line
	default:
		l.stranger(line, name, afterData)
		return
	}
	b.begun = true
}

// stranger finds out what a line is meant to be that begins with no field.
func (l *lint) stranger(line, name []byte, afterData bool) {
	plain := strings.ToLower(string(bytes.TrimSpace(name)))
	for _, known := range knownFields {
		if plain == known {
			l.misspelt.at(l.lines, line)
			return
		}
	}
	// A field that somebody made up has a name of one word. Text that follows
	// data hardly ever looks like that.
	word := !strings.ContainsFunc(string(name), func(c rune) bool {
		return !unicode.IsLetter(c) && !unicode.IsDigit(c) && c != '-' && c != '_'
	})
	if !word || afterData && len(name) == len(line) {
		l.spilled.at(l.lines, line)
		return
	}
	l.unknown.at(l.lines, line)
}

// blank looks at a block that a blank line has ended.
func (l *lint) blank(b *block) {
	if b.event != "" && !b.hasData {
		l.noData.at(l.lines, []byte(b.event))
	}
}

// checkFraming judges how the stream is written.
func checkFraming(rec *recording) Result {
	const name = "framing"
	l := &rec.lint
	switch {
	case rec.tooBig != nil:
		return Result{name, Fail, fmt.Sprintf("The stream could not be read on after %s: %v. Clients have limits like this too.", plural(len(rec.events), "event"), rec.tooBig)}
	case rec.bytes == 0:
		return Result{name, Skipped, "No byte of the stream came, so there is nothing to look at."}
	case l.spilled.n > 0:
		return Result{name, Fail, fmt.Sprintf("Line %d is %s, which is no field, so browsers drop it: data of several lines, such as pretty-printed JSON, was written with \"data:\" before its first line alone. Put \"data: \" before every line, or write the JSON on one.", l.spilled.line, quote(l.spilled.text))}
	case l.misspelt.n > 0:
		return Result{name, Fail, fmt.Sprintf("Line %d is %s, which browsers drop: the names of fields are data, event, id and retry, in lower case and with nothing before the colon.", l.misspelt.line, quote(l.misspelt.text))}
	case l.invalid.n > 0:
		return Result{name, Fail, fmt.Sprintf("%s not UTF-8, first line %d, %s. An event stream always is, whatever its charset says; browsers show U+FFFD instead.", areLines(l.invalid.n), l.invalid.line, quote(l.invalid.text))}
	case rec.ended == endClean && (rec.block.begun || rec.unfinishedLine()):
		return Result{name, Fail, "The stream ends inside an event: browsers drop an event that no blank line has ended. Write the blank line with each event, and flush both together."}
	case l.doubled.n > 0:
		return Result{name, Warn, fmt.Sprintf("Line %d is %s: data that begins with the name of a field looks as if an event had been framed twice, by the program and by a library.", l.doubled.line, quote(l.doubled.text))}
	case l.noData.n > 0:
		return Result{name, Warn, fmt.Sprintf("The event %s, ended in line %d, has no data line. Browsers deliver no event without one; an empty \"data:\" is enough.", quote(l.noData.text), l.noData.line)}
	case l.unknown.n > 0:
		return Result{name, Warn, fmt.Sprintf("Line %d is %s, which is no field that browsers know, so they drop it.", l.unknown.line, quote(l.unknown.text))}
	case rec.cutter.lf+rec.cutter.cr+rec.cutter.crlf == 0:
		return Result{name, Fail, fmt.Sprintf("Not one line was ended in %s.", plural(int(rec.bytes), "byte"))}
	}
	return Result{name, Pass, fmt.Sprintf("All %s are well formed: UTF-8, ended by %s, and every event by its blank line.", plural(l.lines, "line"), rec.cutter.describe())}
}

func areLines(n int) string {
	if n == 1 {
		return "1 line is"
	}
	return fmt.Sprintf("%d lines are", n)
}

// unfinishedLine is whether the last line has no end and is more than a
// comment.
func (r *recording) unfinishedLine() bool {
	return len(r.cutter.begun) > 0 && r.cutter.begun[0] != ':'
}

// checkEventNames finds the name that EventSource confuses.
func checkEventNames(rec *recording) Result {
	const name = "event names"
	if len(rec.events) == 0 {
		return Result{name, Skipped, "No event came."}
	}
	for _, e := range rec.events {
		if e.typ == "error" {
			return Result{name, Warn, "An event is called \"error\", which EventSource hands to the same listeners as a lost connection. Call it something else, such as \"failed\"."}
		}
	}
	seen := map[string]int{}
	var order []string
	for _, e := range rec.events {
		if seen[e.typ]++; seen[e.typ] == 1 {
			order = append(order, e.typ)
		}
	}
	const shown = 5
	text := ""
	for i, typ := range order[:min(len(order), shown)] {
		if i > 0 {
			text += ", "
		}
		text += fmt.Sprintf("%s (%d)", quote(typ), seen[typ])
	}
	if len(order) > shown {
		text += fmt.Sprintf(" and %d more", len(order)-shown)
	}
	return Result{name, Pass, "The events are called " + text + "."}
}

// checkRetry judges the reconnection time.
func checkRetry(rec *recording) Result {
	const name = "retry"
	if rec.lint.badRetry.n > 0 {
		return Result{name, Fail, fmt.Sprintf("Line %d is %s, which browsers ignore: the time is in milliseconds, of digits alone.", rec.lint.badRetry.line, quote(rec.lint.badRetry.text))}
	}
	if rec.bytes == 0 {
		return Result{name, Skipped, "No byte of the stream came."}
	}
	if len(rec.retries) == 0 {
		return Result{name, Warn, "The stream does not say when to come back, so each browser takes a time of its own, of about 3 s, and all come back together. Begin it with a line such as \"retry: 3000\", with a time that differs a little for each."}
	}
	switch d := rec.retries[0]; {
	case d < minRetry:
		return Result{name, Warn, fmt.Sprintf("Browsers are told to come back after %s, so that a server that is down is asked without a pause. A second or more is kinder.", span(d))}
	case d > maxRetry:
		return Result{name, Warn, fmt.Sprintf("Browsers are told to come back after %s; a page without its stream for so long looks broken. A few seconds are usual.", span(d))}
	default:
		return Result{name, Pass, fmt.Sprintf("Browsers are told to come back after %s.", span(d))}
	}
}
