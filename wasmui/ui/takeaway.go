// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"bytes"
	"io"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"sluice/wasmui/store"
)

// takeaway is what can be done with the numbers: copy them, save them, send a
// link to the run.
type takeaway struct {
	app.Compo

	Run     string
	Running bool
	Kept    string // how many numbers are kept, where that is not all of them
	Page    *Page
}

// Render implements app.Composer.
func (t *takeaway) Render() app.UI {
	return with(node("div", "takeaway",
		t.button("Copy", "Copy the numbers", t.onCopy),
		t.button("CSV", "Download the numbers as CSV", t.onCSV),
		t.button("JSON", "Download the numbers as JSON", t.onJSON),
		t.button("Link", "Copy a link to this run", t.onLink),
		when(!t.Running, func() app.UI { return t.button("Clear", "Clear the page", t.onClear) }),
		when(t.Kept != "", func() app.UI { return text("p", "takeaway-note", t.Kept) }),
	), "role", "group", "aria-label", "Take the numbers along")
}

// button has a short text, which its name begins with: who says what they see
// should reach it.
func (t *takeaway) button(label, title string, onClick app.EventHandler) app.UI {
	return with(button("button quiet small", label, onClick, label), "title", title, "aria-label", label+": "+title)
}

func (t *takeaway) onCopy(app.Context, app.Event) {
	out, what, ok := t.take((*store.History).WritePlain)
	if ok {
		t.Page.copy(string(out), "Copied "+what+".")
	}
}

func (t *takeaway) onCSV(app.Context, app.Event) {
	t.save("numbers.csv", "text/csv;charset=utf-8", (*store.History).WriteCSV)
}

func (t *takeaway) onJSON(app.Context, app.Event) {
	t.save("numbers.json", "application/json", (*store.History).WriteJSON)
}

func (t *takeaway) save(name, contentType string, write func(*store.History, io.Writer) error) {
	out, what, ok := t.take(write)
	if ok {
		saveFile(name, contentType, out)
		t.Page.say("Saved " + what + " as " + name + ".")
	}
}

// take gives the numbers as write has them, and how many they are. Where it
// cannot, it says so.
func (t *takeaway) take(write func(*store.History, io.Writer) error) (content []byte, what string, ok bool) {
	var out bytes.Buffer
	var err error
	t.Page.session.read(func(h *store.History, _ []mark) {
		err, what = write(h, &out), taken(h)
	})
	if err != nil {
		t.Page.say("The numbers could not be written: " + sentence(err.Error()))
		return nil, "", false
	}
	return out.Bytes(), what, true
}

// taken says how many numbers are taken along, and where those are not all of
// them, which.
func taken(h *store.History) string {
	if h.Dropped() == 0 {
		return numbers(h.Total())
	}
	return "the last " + store.FormatCount(uint64(h.Len())) + " of " + numbers(h.Total())
}

func (t *takeaway) onLink(app.Context, app.Event) { t.Page.copyLink(t.Run) }

func (t *takeaway) onClear(app.Context, app.Event) { t.Page.clear() }
