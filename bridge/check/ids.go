// SPDX-License-Identifier: Apache-2.0

package check

import (
	"fmt"
	"strings"
)

// maxIDBytes is how long a header may be that browsers send to another origin
// without asking first, as the Fetch standard says of the names it calls
// CORS-safelisted; EventSource keeps to it.
const maxIDBytes = 128

// unsafeInID is what such a header may not hold, beside control characters.
const unsafeInID = "\"():<>?@[\\]{}\x7f"

// checkIDs judges the ids of the undisturbed stream, and with what other
// connections saw under the same ids.
func checkIDs(rec *recording, others []*resume) Result {
	const name = "ids"
	switch {
	case len(rec.events) == 0:
		return Result{name, Skipped, "No event came."}
	case rec.lint.badID.n > 0:
		return Result{name, Fail, fmt.Sprintf("The id in line %d holds a NUL, for which browsers ignore it.", rec.lint.badID.line)}
	case len(rec.withID) == 0:
		return Result{name, Warn, fmt.Sprintf("Not one of %s has an id, so whoever loses the connection loses what is sent meanwhile. Send an \"id:\" with each event, and go on after the one that comes back as Last-Event-ID.", plural(len(rec.events), "event"))}
	}
	with, without := map[string]bool{}, map[string]int{}
	first := map[string]int{}
	for i := range rec.events {
		e := &rec.events[i]
		if e.id == "" {
			without[e.typ]++
			continue
		}
		with[e.typ] = true
		if before, ok := first[e.id]; ok {
			return Result{name, Fail, fmt.Sprintf("Events %d and %d have the same id, %s: after a lost connection nobody can tell which of them was the last. Give each event one of its own.", before+1, i+1, quote(e.id))}
		}
		first[e.id] = i
	}
	for i := range rec.events {
		if text := idFault(rec.events[i].id); text != "" {
			return Result{name, Warn, text}
		}
	}
	if f := rec.lint.paddedID; f.n > 0 {
		return Result{name, Warn, fmt.Sprintf("The id in line %d begins or ends with a space, which is lost in the header it comes back in.", f.line)}
	}
	for typ, n := range without {
		if with[typ] {
			return Result{name, Warn, fmt.Sprintf("Of the events called %s, %d have no id and others do: those without cannot be asked for again. Leave the id out only of what need not be.", quote(typ), n)}
		}
	}
	for _, o := range others {
		if e := o.contradiction(rec); e != nil {
			return Result{name, Warn, fmt.Sprintf("Two connections at the same time got different data under the id %s. If these are different streams, an id does not say of which, and who comes back with it gets another's events: put something into it that differs from stream to stream. (If the data only says who reads it, all is well.)", quote(e.id))}
		}
	}
	return Result{name, Pass, fmt.Sprintf("%d of %s have ids, all different, short, and of characters that browsers send everywhere; such as %s.", len(rec.withID), plural(len(rec.events), "event"), quote(rec.events[rec.withID[0]].id))}
}

// idFault says what may become of an id on its way back.
func idFault(id string) string {
	if len(id) > maxIDBytes {
		return fmt.Sprintf("The id %s has %d bytes. From another origin browsers send no more than %d back without a preflight, which EventSource servers seldom answer. Keep ids shorter.", quote(id), len(id), maxIDBytes)
	}
	for _, c := range id {
		switch {
		case c < ' ' || strings.ContainsRune(unsafeInID, c):
			return fmt.Sprintf("The id %s holds %s, which browsers do not send to another origin without a preflight. Letters, digits, \"-\", \".\", \"_\" and \"~\" go everywhere.", quote(id), quote(string(c)))
		case c > '~':
			return fmt.Sprintf("The id %s is not ASCII: browsers send it back as UTF-8, which many servers and proxies read as something else. Letters, digits, \"-\", \".\", \"_\" and \"~\" go everywhere.", quote(id))
		}
	}
	return ""
}
