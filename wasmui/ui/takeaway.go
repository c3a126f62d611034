// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"bytes"
	"math"
	"strconv"

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
	var text string
	var n int
	t.Page.session.read(func(h *store.History, _ []mark) {
		text, n = plainText(h), h.Len()
	})
	t.Page.copy(text, "Copied "+numbers(uint64(n))+".")
}

func (t *takeaway) onCSV(app.Context, app.Event) {
	t.save("numbers.csv", "text/csv;charset=utf-8", func(h *store.History, out *bytes.Buffer) error { return h.WriteCSV(out) })
}

func (t *takeaway) onJSON(app.Context, app.Event) {
	t.save("numbers.json", "application/json", func(h *store.History, out *bytes.Buffer) error { return h.WriteJSON(out) })
}

func (t *takeaway) save(name, contentType string, write func(*store.History, *bytes.Buffer) error) {
	var out bytes.Buffer
	var err error
	t.Page.session.read(func(h *store.History, _ []mark) { err = write(h, &out) })
	if err != nil {
		t.Page.say("The file could not be made: " + sentence(err.Error()))
		return
	}
	saveFile(name, contentType, out.Bytes())
	t.Page.say("Saved as " + name + ".")
}

func (t *takeaway) onLink(app.Context, app.Event) { t.Page.copyLink(t.Run) }

func (t *takeaway) onClear(app.Context, app.Event) { t.Page.clear() }

// plainText gives the values that are kept, one a line, as programs read them.
func plainText(h *store.History) string {
	var out []byte
	for i := range h.Len() {
		v := h.At(i).Value
		// The limits of ECMAScript, which writes a million as 1000000 too.
		format := byte('f')
		if size := math.Abs(v); size != 0 && (size < 1e-6 || size >= 1e21) {
			format = 'e'
		}
		out = strconv.AppendFloat(out, v, format, -1, 64)
		out = append(out, '\n')
	}
	return string(out)
}
