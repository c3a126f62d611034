// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"text/tabwriter"
)

// report is all that a run found out.
type report struct {
	Machine machine `json:"machine"`
	Noise   noise   `json:"noise"`
	Tables  []table `json:"tables"`
}

// table is what one measurement found out.
type table struct {
	Name  string `json:"name"`
	About string `json:"about"`
	// How says what was done, in a line for people.
	How   string `json:"how"`
	Lines []line `json:"lines"`
}

// line is one figure of one contender, with a value for each round.
type line struct {
	Who    string    `json:"who"`
	Unit   string    `json:"unit"`
	Values []float64 `json:"values"`
	Ratios []ratio   `json:"ratios,omitempty"`
}

// ratio is a line's figure over that of a peer, round by round.
type ratio struct {
	// Of says which peer's figure was divided by, or into.
	Of     string    `json:"of"`
	Values []float64 `json:"values"`
	// AtLeast is what is promised of the median, 0 for nothing.
	AtLeast float64 `json:"at_least,omitempty"`
}

// missed names the promises that were not kept.
func (r report) missed() []string {
	var missed []string
	for _, t := range r.Tables {
		for _, l := range t.Lines {
			for _, q := range l.Ratios {
				// Not a number is not a promise kept.
				if m := median(q.Values); q.AtLeast > 0 && !(m >= q.AtLeast) {
					// A digit more than the table has: near misses are rounded to hits.
					missed = append(missed, fmt.Sprintf("%s: %s is %.3f × %s, promised is %s", t.Name, l.Who, m, q.Of, short(q.AtLeast)))
				}
			}
		}
	}
	return missed
}

func (r report) writeJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(r)
}

// writeText prints the report for people.
func (r report) writeText(w io.Writer) error {
	var text bytes.Buffer
	out := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	fmt.Fprintf(out, "%s\n%s\nMedians; in brackets the least and the greatest value, or of more than %d values the quartiles.\n", r.Machine, r.Noise, fewValues)
	for _, t := range r.Tables {
		fmt.Fprintf(out, "\n%s: %s\n%s\n\n", t.Name, t.About, t.How)
		for _, l := range t.Lines {
			fmt.Fprintf(out, "  %s\t%s %s\t%s", l.Who, short(median(l.Values)), l.Unit, spread(l.Values))
			for i, q := range l.Ratios {
				if i > 0 {
					fmt.Fprint(out, "\n  \t\t")
				}
				fmt.Fprintf(out, "\t%s × %s\t%s", short(median(q.Values)), q.Of, spread(q.Values))
				if promise := q.promise(); promise != "" {
					fmt.Fprint(out, "\t", promise)
				}
			}
			fmt.Fprintln(out)
		}
	}
	if err := out.Flush(); err != nil {
		return err
	}
	// Cells that are empty leave spaces at the ends of lines.
	for line := range bytes.Lines(text.Bytes()) {
		if _, err := w.Write(append(bytes.TrimRight(line, " \n"), '\n')); err != nil {
			return err
		}
	}
	return nil
}

// promise says what is promised of a ratio, and whether it is so.
func (q ratio) promise() string {
	switch {
	case q.AtLeast <= 0:
		return ""
	case median(q.Values) >= q.AtLeast:
		return fmt.Sprintf("promised ≥ %s: met", short(q.AtLeast))
	}
	return fmt.Sprintf("promised ≥ %s: MISSED", short(q.AtLeast))
}

// fewValues is up to how many values all of them are of interest: the extremes
// of many tell of the machine alone.
const fewValues = 12

// spread says how far values are apart.
func spread(values []float64) string {
	part := 0.0
	switch {
	case len(values) < 2:
		return ""
	case len(values) > fewValues:
		part = 0.25
	}
	return fmt.Sprintf("(%s–%s)", short(quantile(values, part)), short(quantile(values, 1-part)))
}

// short writes a number with three digits that say something, and with all
// those before the point.
func short(v float64) string {
	switch a := math.Abs(v); {
	case math.IsNaN(v):
		return "?"
	case a >= 100_000:
		return fmt.Sprintf("%.0fk", v/1000)
	case a >= 100:
		return fmt.Sprintf("%.0f", v)
	case a >= 10:
		return fmt.Sprintf("%.1f", v)
	default:
		return fmt.Sprintf("%.2f", v)
	}
}
