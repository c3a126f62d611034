// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"strings"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"sluice/wasmui/store"
	"sluice/wasmui/stream"
)

// problemValues is what went wrong. The zero value is nothing.
type problemValues struct {
	Title   string
	Code    string // the name of a gRPC code, "" where there is none
	Message string
	Advice  string // what to do about it
	// Fields are those of the request at fault, of which the knobs show their own.
	Fields []fieldProblem
}

// fieldProblem is one field at fault.
type fieldProblem struct {
	Field, Description string
	// Knob is the id of the knob that sets the field, "" where there is none on the
	// page.
	Knob string
}

// shown reports whether there is anything to show.
func (p problemValues) shown() bool { return p.Title != "" }

// of gives what is wrong with one field, "" where nothing is.
func (p problemValues) of(field string) string {
	for _, f := range p.Fields {
		if f.Field == field {
			return f.Description
		}
	}
	return ""
}

// problemOf gives what the page says of a failure, or of messages that it could
// not read.
func problemOf(snap stream.Snapshot, k Knobs, garbled uint64, fault string) problemValues {
	if snap.Phase == stream.Failed && snap.Err != nil {
		return failureOf(snap, k)
	}
	if garbled > 0 {
		return problemValues{
			Title:   "Some messages were no numbers",
			Message: messages(garbled) + " could not be read, the last one because: " + sentence(fault),
			Advice:  "This page is for the number stream; the address may lead to another.",
		}
	}
	return problemValues{}
}

func failureOf(snap stream.Snapshot, k Knobs) problemValues {
	err := snap.Err
	p := problemValues{Title: "The stream failed", Code: err.Code, Message: sentence(err.Message)}
	for _, v := range err.Violations {
		name := protoName(v.Field)
		p.Fields = append(p.Fields, fieldProblem{Field: name, Description: sentence(v.Description), Knob: knobID(name, k)})
	}
	if p.tells(err.Violations) {
		p.Message = ""
	}
	switch {
	case len(p.Fields) > 0:
		p.Title = "The request was refused"
		p.Advice = "Change what is marked, and start again."
	case snap.Joined && (err.Code == "NOT_FOUND" || err.HTTPStatus == 404 || err.HTTPStatus == 410):
		p.Title = "That run is no longer there"
		p.Advice = "Runs are kept for a while after they end. Start begins a new one."
	case err.Retryable:
		p.Advice = "It may well work a little later: start again."
	}
	return p
}

// tells reports whether the message says no more than the fields do.
func (p problemValues) tells(fields []stream.Violation) bool {
	for _, v := range fields {
		if strings.Contains(p.Message, v.Description) {
			return true
		}
	}
	return false
}

func messages(n uint64) string {
	if n == 1 {
		return "1 message"
	}
	return store.FormatCount(n) + " messages"
}

// protoName gives the name of a field as the proto file has it, also where a
// server names it the way JSON does: "minPause" is min_pause.
func protoName(field string) string {
	var out strings.Builder
	for _, r := range field {
		if 'A' <= r && r <= 'Z' {
			out.WriteByte('_')
			r += 'a' - 'A'
		}
		out.WriteRune(r)
	}
	return out.String()
}

// problem shows what went wrong.
type problem struct {
	app.Compo

	Values problemValues
	Page   *Page
}

// Render implements app.Composer. The element of the role alert is always
// there, because a screen reader announces what comes into one, not that one
// comes.
func (p *problem) Render() app.UI {
	v := p.Values
	return with(node("div", "problem",
		when(v.shown(), func() app.UI {
			return node("div", "problem-body",
				node("div", "problem-head",
					text("h2", "", v.Title),
					when(v.Code != "", func() app.UI { return text("code", "problem-code", v.Code) }),
				),
				when(v.Message != "", func() app.UI { return text("p", "problem-message", v.Message) }),
				when(len(v.Fields) > 0, func() app.UI {
					return node("ul", "problem-fields",
						each(len(v.Fields), func(i int) app.UI { return p.field(v.Fields[i]) })...,
					)
				}),
				text("p", "problem-advice", v.Advice),
			)
		}),
	), "role", "alert")
}

func (p *problem) field(f fieldProblem) app.UI {
	name := text("code", "", f.Field)
	if f.Knob != "" {
		name = button("link", f.Field, func(app.Context, app.Event) { p.Page.showKnob(f.Knob) }, f.Knob)
	}
	return node("li", "", name, text("span", "", f.Description))
}
