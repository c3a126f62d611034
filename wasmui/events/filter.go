// SPDX-License-Identifier: Apache-2.0

package events

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// Filter says which events are of interest. The zero value takes all.
type Filter struct {
	words   []string // in lower case
	without []string
	pattern *regexp.Regexp
}

// ParseFilter reads what a person types: words that the event has to hold in its
// type, id or data, whatever their case, -words that it must not hold, or one
// /regular expression/. It fails where that expression is none.
func ParseFilter(text string) (Filter, error) {
	text = strings.TrimSpace(text)
	if inner, ok := strings.CutPrefix(text, "/"); ok && inner != "" {
		pattern, err := regexp.Compile(strings.TrimSuffix(inner, "/"))
		if err != nil {
			return Filter{}, fmt.Errorf("this is no regular expression: %w", err)
		}
		return Filter{pattern: pattern}, nil
	}
	var f Filter
	for _, word := range strings.Fields(strings.ToLower(text)) {
		if not, ok := strings.CutPrefix(word, "-"); ok && not != "" && !isNumber(not) {
			f.without = append(f.without, not)
			continue
		}
		f.words = append(f.words, word)
	}
	return f, nil
}

// isNumber has -5 looked for rather than done without.
func isNumber(text string) bool { return text[0] >= '0' && text[0] <= '9' }

// All reports whether the filter takes all events.
func (f Filter) All() bool {
	return f.pattern == nil && len(f.words) == 0 && len(f.without) == 0
}

// Match reports whether an event is of interest.
func (f Filter) Match(e Event) bool {
	if f.pattern != nil {
		return f.pattern.Match(e.Data) || f.pattern.MatchString(e.Type) || f.pattern.MatchString(e.ID)
	}
	for _, word := range f.words {
		if !holds(e, word) {
			return false
		}
	}
	for _, word := range f.without {
		if holds(e, word) {
			return false
		}
	}
	return true
}

func holds(e Event, word string) bool {
	return index(e.Data, word) >= 0 || index(e.Type, word) >= 0 || index(e.ID, word) >= 0
}

// Find gives the first place in some text that the filter looks for, and -1 for
// none.
func (f Filter) Find(text []byte) (start, end int) {
	start = -1
	if f.pattern != nil {
		if at := f.pattern.FindIndex(text); at != nil && at[1] > at[0] {
			return at[0], at[1]
		}
		return -1, -1
	}
	for _, word := range f.words {
		if at := index(text, word); at >= 0 && (start < 0 || at < start) {
			start, end = at, at+len(word)
		}
	}
	return start, end
}

// index finds a word in lower case, whatever the case in the text. Beside ASCII
// letters, only those count as the same whose two cases are of the same length.
func index[T []byte | string](text T, word string) int {
	for i := 0; i+len(word) <= len(text); i++ {
		if c := text[i]; c == word[0] || lower(c) == word[0] || c >= utf8.RuneSelf {
			if equal(text[i:i+len(word)], word) {
				return i
			}
		}
	}
	return -1
}

func equal[T []byte | string](text T, word string) bool {
	for i := 0; i < len(word); i++ {
		if text[i] >= utf8.RuneSelf {
			return strings.ToLower(string(text[i:])) == word[i:]
		}
		if lower(text[i]) != word[i] {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}
