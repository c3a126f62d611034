// SPDX-License-Identifier: Apache-2.0

package ui

import "strconv"

// Sentence says in words what is asked for: "Primes, 100 numbers, 0.1 to 1 s
// apart".
func (k Knobs) Sentence() string {
	s := k.Sequence.Label() + ", " + k.amount() + ", " + k.pace()
	if seed := trim(k.Seed); seed != "" {
		s += ", seed " + seed
	}
	return s
}

func (k Knobs) amount() string {
	count := trim(k.Count)
	switch {
	case k.Endless:
		return "without end"
	case count == "" || count == "0":
		return "10 to 20 numbers"
	case count == "1":
		return "1 number"
	}
	return count + " numbers"
}

// pace fills in what the server would: a pause that is not set is 0.1 or 1 s, or
// the other one where that leaves no room.
func (k Knobs) pace() string {
	least, leastKnown := pauseOr(k.MinPause, 0.1)
	most, mostKnown := pauseOr(k.MaxPause, 1)
	switch {
	case !leastKnown || !mostKnown:
		return "pauses of " + orDash(k.MinPause) + " to " + orDash(k.MaxPause)
	case trim(k.MinPause) == "":
		least = min(least, most)
	case trim(k.MaxPause) == "":
		most = max(least, most)
	}
	switch {
	case least == 0 && most == 0:
		return "as fast as they are read"
	case least == most:
		return seconds(least) + " s apart"
	}
	return seconds(least) + " to " + seconds(most) + " s apart"
}

func pauseOr(text string, unset float64) (value float64, known bool) {
	if text = trim(text); text == "" {
		return unset, true
	}
	v, err := strconv.ParseFloat(text, 64)
	return v, err == nil
}

func seconds(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

func orDash(text string) string {
	if text = trim(text); text == "" {
		return "–"
	}
	return text
}
