// SPDX-License-Identifier: Apache-2.0

package ui

import "testing"

func TestScroll(t *testing.T) {
	t.Parallel()
	end := scroll{top: 1000, height: 500, content: 1500}
	tests := []struct {
		name                string
		at                  scroll
		atEnd, nearT, nearE bool
	}{
		{"at the end", end, true, false, true},
		{"a fraction of a pixel short", scroll{top: 999.5, height: 500, content: 1500}, true, false, true},
		{"a line above", scroll{top: 950, height: 500, content: 1500}, false, false, true},
		{"at the top", scroll{top: 0, height: 500, content: 5000}, false, true, false},
		{"in the middle", scroll{top: 2000, height: 500, content: 5000}, false, false, false},
		{"nothing to scroll", scroll{top: 0, height: 500, content: 500}, true, true, true},
	}
	for _, tt := range tests {
		if tt.at.atEnd() != tt.atEnd || tt.at.nearTop() != tt.nearT || tt.at.nearEnd() != tt.nearE {
			t.Errorf("%s: at the end %v, near the top %v, near the end %v", tt.name, tt.at.atEnd(), tt.at.nearTop(), tt.at.nearEnd())
		}
	}
}

func TestScrollTellsAReaderFromALayout(t *testing.T) {
	t.Parallel()
	last := scroll{top: 1000, height: 500, content: 1500}
	tests := []struct {
		name     string
		at       scroll
		up, down bool
	}{
		{"the reader goes up", scroll{900, 500, 1500}, true, false},
		{"up while more comes", scroll{900, 500, 1700}, true, false},
		{"down", scroll{1010, 500, 1510}, false, true},
		{"a block was taken away above", scroll{700, 500, 1200}, false, false},
		{"the element grew", scroll{800, 700, 1500}, false, false},
		{"only more came", scroll{1000, 500, 1700}, false, false},
	}
	for _, tt := range tests {
		if tt.at.wentUp(last) != tt.up || tt.at.wentDown(last) != tt.down {
			t.Errorf("%s: up %v, down %v", tt.name, tt.at.wentUp(last), tt.at.wentDown(last))
		}
	}
}
