// SPDX-License-Identifier: Apache-2.0

package check

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// Outcome is what a check came to.
type Outcome uint8

// The outcomes. The zero value is Skipped.
const (
	// Skipped is what could not be told.
	Skipped Outcome = iota
	// Pass is as it should be.
	Pass
	// Warn works, but not everywhere or not for everybody.
	Warn
	// Fail loses events, repeats them, holds them back or breaks clients.
	Fail
)

var outcomes = [...]string{Skipped: "skipped", Pass: "pass", Warn: "warn", Fail: "fail"}

// String returns the outcome in lower case.
func (o Outcome) String() string {
	if int(o) < len(outcomes) {
		return outcomes[o]
	}
	return fmt.Sprintf("Outcome(%d)", uint8(o))
}

// MarshalText implements [encoding.TextMarshaler].
func (o Outcome) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// UnmarshalText implements [encoding.TextUnmarshaler].
func (o *Outcome) UnmarshalText(text []byte) error {
	for i, name := range outcomes {
		if string(text) == name {
			*o = Outcome(i)
			return nil
		}
	}
	return fmt.Errorf("check: %q is no outcome: want pass, warn, fail or skipped", text)
}

// Result is what one check found.
type Result struct {
	// Name says what was checked. It stays the same from one version to the
	// next.
	Name string `json:"name"`
	// Outcome says how it was.
	Outcome Outcome `json:"outcome"`
	// Text says what was seen and, where that is not as it should be, what to
	// change. What came from the server is quoted and shortened.
	Text string `json:"text"`
}

// Report is the outcome of [Run].
type Report struct {
	// URL is what was checked.
	URL string
	// Connected is whether there was a server to check.
	Connected bool
	// Results are in the order in which they are best read.
	Results []Result
}

func (r *Report) add(results ...Result) { r.Results = append(r.Results, results...) }

// Count returns how many results have the outcome.
func (r *Report) Count(o Outcome) int {
	n := 0
	for _, one := range r.Results {
		if one.Outcome == o {
			n++
		}
	}
	return n
}

// MarshalJSON implements [json.Marshaler]: the fields, the URL without its
// password, and the counts under "summary".
func (r *Report) MarshalJSON() ([]byte, error) {
	summary := map[string]int{}
	for o := range outcomes {
		summary[Outcome(o).String()] = r.Count(Outcome(o))
	}
	return json.Marshal(struct {
		URL       string         `json:"url"`
		Connected bool           `json:"connected"`
		Results   []Result       `json:"results"`
		Summary   map[string]int `json:"summary"`
	}{quoteURL(r.URL), r.Connected, r.Results, summary})
}

// textWidth is how long the lines of WriteText may get, in characters.
const textWidth = 100

// WriteText writes the report as a table of plain text, with a summary as its
// last line.
func (r *Report) WriteText(w io.Writer) error {
	nameWidth := 0
	for _, one := range r.Results {
		nameWidth = max(nameWidth, utf8.RuneCountInString(one.Name))
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n", quoteURL(r.URL))
	const outcomeWidth = len("skipped")
	indent := strings.Repeat(" ", outcomeWidth+2+nameWidth+2)
	for _, one := range r.Results {
		outcome := one.Outcome.String()
		if one.Outcome == Fail {
			outcome = "FAIL" // what is looked for first, also without colour
		}
		fmt.Fprintf(&b, "%-*s  %-*s  ", outcomeWidth, outcome, nameWidth, one.Name)
		for i, line := range wrap(one.Text, textWidth-len(indent)) {
			if i > 0 {
				b.WriteString(indent)
			}
			b.WriteString(line)
			b.WriteByte('\n')
		}
	}
	fmt.Fprintf(&b, "\n%s\n", r.summary())
	_, err := io.WriteString(w, b.String())
	return err
}

// summary is the last line.
func (r *Report) summary() string {
	counts := fmt.Sprintf("%s: %d passed, %d warned, %d failed, %d skipped", plural(len(r.Results), "check"), r.Count(Pass), r.Count(Warn), r.Count(Fail), r.Count(Skipped))
	if !r.Connected {
		return counts + ". There was nothing to check."
	}
	return counts + "."
}

// wrap cuts text at its spaces into lines of at most width characters; a word
// that is longer has a line of its own. It returns at least one line.
func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		switch {
		case line == "":
			line = word
		case utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > width:
			lines = append(lines, line)
			line = word
		default:
			line += " " + word
		}
	}
	return append(lines, line)
}
