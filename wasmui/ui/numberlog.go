// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"sluice/wasmui/store"
)

// numbersID is the id of the element that the numbers are in.
const numbersID = "numbers"

// numberLog is the place of the numbers. go-app's tree ends at it: what is
// inside is the View's.
type numberLog struct {
	app.Compo

	Empty  bool
	Live   bool // a caret waits for the next one
	Fast   bool
	Tone   tone
	Behind uint64 // how many came after the last one shown; 0 while they are followed
	Free   bool   // the reader has scrolled away from the end
	View   *logView
}

// OnMount implements app.Mounter.
func (l *numberLog) OnMount(app.Context) {
	l.View.mount(app.Window().GetElementByID(numbersID))
}

// OnDismount implements app.Dismounter.
func (l *numberLog) OnDismount() { l.View.dismount() }

// Render implements app.Composer.
func (l *numberLog) Render() app.UI {
	host := with(node("div", "numbers"),
		"id", numbersID,
		"role", "log",
		"aria-label", "Numbers",
		"aria-live", l.liveness(),
		"data-tone", string(l.Tone),
		"data-caret", yes(l.Live),
		"tabindex", l.tabIndex())
	return node("div", "stage-log",
		host,
		when(l.Free && !l.Empty, func() app.UI { return button("button jump", l.jumpLabel(), l.onJump) }),
	)
}

// tabIndex has what scrolls be reached by keyboard, and what is empty only by
// the link that skips to it.
func (l *numberLog) tabIndex() string {
	if l.Empty {
		return "-1"
	}
	return "0"
}

// liveness has a screen reader announce each number politely, for as long as
// that can be listened to.
func (l *numberLog) liveness() string {
	if l.Fast {
		return "off"
	}
	return "polite"
}

func (l *numberLog) jumpLabel() string {
	if l.Behind == 0 {
		return "Jump to the latest"
	}
	return "Jump to the latest, " + store.FormatCount(l.Behind) + " further on"
}

func (l *numberLog) onJump(app.Context, app.Event) {
	l.View.jump()
	focus(numbersID)
}

// numberSource is the numbers of a session for a logView.
type numberSource struct{ *session }

func (s numberSource) bounds() (lo, hi uint64) {
	s.read(func(h *store.History, _ []mark) { lo, hi = h.Dropped(), h.Total() })
	return lo, hi
}

func (s numberSource) markup(dst []byte, from, to uint64, fresh bool) []byte {
	s.read(func(h *store.History, marks []mark) { dst = appendNumbers(dst, h, marks, from, to, fresh) })
	return dst
}

// label is the position in the stream, in words.
func (s numberSource) label(place uint64) (text string) {
	s.read(func(h *store.History, _ []mark) {
		if i := place - h.Dropped(); i < uint64(h.Len()) {
			text = store.FormatCount(uint64(h.At(int(i)).Position))
		}
	})
	return text
}
