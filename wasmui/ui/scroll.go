// SPDX-License-Identifier: Apache-2.0

package ui

// scroll is where a scrolling element stands, in CSS pixels.
type scroll struct {
	top, height, content float64
}

// How near to an edge counts as there: the end for following, either end for
// showing what lies beyond it.
const (
	followWithin = 32
	moreWithin   = 600
)

// atEnd reports whether the end is in view.
func (s scroll) atEnd() bool { return s.below() <= followWithin }

// nearTop and nearEnd report whether an edge is about to come into view.
func (s scroll) nearTop() bool { return s.top <= moreWithin }
func (s scroll) nearEnd() bool { return s.below() <= moreWithin }

// wentUp reports whether a reader scrolled up since last. Taking blocks away, or
// giving the element more height, also moves the top, and is nobody's wish.
func (s scroll) wentUp(last scroll) bool {
	return s.top < last.top && s.height == last.height && s.content >= last.content
}

// wentDown reports whether the end came nearer since last.
func (s scroll) wentDown(last scroll) bool { return s.top > last.top }

func (s scroll) below() float64 { return s.content - s.top - s.height }
