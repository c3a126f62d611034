// SPDX-License-Identifier: Apache-2.0

package transcode

import "encoding/binary"

// The ranges of google.protobuf.Timestamp and google.protobuf.Duration, as
// their files give them.
const (
	minTimestamp = -62_135_596_800 // 0001-01-01T00:00:00Z
	maxTimestamp = 253_402_300_799 // 9999-12-31T23:59:59Z
	maxDuration  = 315_576_000_000 // about ten thousand years
	maxNanos     = 999_999_999
)

const secondsPerDay = 24 * 60 * 60

// secondsAndNanos reads the two fields that timestamps and durations have.
func secondsAndNanos(entries []entry) (seconds int64, nanos int32) {
	for _, e := range entries {
		if e.code>>1 == 0 {
			seconds = int64(e.value)
		} else {
			nanos = int32(e.value)
		}
	}
	return seconds, nanos
}

// appendTimestamp writes a google.protobuf.Timestamp as RFC 3339 in UTC, with
// 0, 3, 6 or 9 digits after the second.
func appendTimestamp(out []byte, entries []entry, at int) ([]byte, *Error) {
	seconds, nanos := secondsAndNanos(entries)
	if seconds < minTimestamp || seconds > maxTimestamp {
		return out, fault(ErrValue, at, "a timestamp of %d seconds is not between the years 1 and 9999", seconds)
	}
	if nanos < 0 || nanos > maxNanos {
		return out, fault(ErrValue, at, "a timestamp has %d nanoseconds, and may have 0 to %d", nanos, maxNanos)
	}
	// From here on all is positive and fits in 64 bits with room to spare.
	since := uint64(seconds - minTimestamp)
	year, month, day := civil(uint32(since / secondsPerDay))
	clock := uint32(since % secondsPerDay)

	var text [len(`"2006-01-02T15:04:05`)]byte
	text[0] = '"'
	put2(text[1:], year/100)
	put2(text[3:], year%100)
	text[5] = '-'
	put2(text[6:], month)
	text[8] = '-'
	put2(text[9:], day)
	text[11] = 'T'
	put2(text[12:], clock/3600)
	text[14] = ':'
	put2(text[15:], clock/60%60)
	text[17] = ':'
	put2(text[18:], clock%60)
	out = append(out, text[:]...)
	return append(appendFraction(out, uint32(nanos)), 'Z', '"'), nil
}

// civil turns days since 0001-01-01 into a date of the proleptic Gregorian
// calendar.
//
// Years are taken to begin in March, so that the leap day is a year's last; the
// months then have 31 30 31 30 31 days, twice and once more in part, and
// (153*m+2)/5 is how many days come before month m.
func civil(days uint32) (year, month, day uint32) {
	const (
		fromMarch    = 306 // 0000-03-01 to 0001-01-01
		daysPerEra   = 146_097
		daysPer100   = 36_524
		daysPer4     = 1_461
		yearsPerEra  = 400
		daysPerYear  = 365
		lastMonthOld = 10 // January is month 10 of a year that begins in March
	)
	days += fromMarch
	era, d := days/daysPerEra, days%daysPerEra
	// The last day of every fourth year, but of every hundredth, belongs to
	// the year before.
	y := (d - d/(daysPer4-1) + d/daysPer100 - d/(daysPerEra-1)) / daysPerYear
	d -= y*daysPerYear + y/4 - y/100
	m := (5*d + 2) / 153
	day = d - (153*m+2)/5 + 1
	year = era*yearsPerEra + y
	if m >= lastMonthOld {
		return year + 1, m - lastMonthOld + 1, day
	}
	return year, m + 3, day
}

// appendDuration writes a google.protobuf.Duration: seconds with 0, 3, 6 or 9
// digits behind the point, and an s.
func appendDuration(out []byte, entries []entry, at int) ([]byte, *Error) {
	seconds, nanos := secondsAndNanos(entries)
	switch {
	case seconds < -maxDuration || seconds > maxDuration:
		return out, fault(ErrValue, at, "a duration of %d seconds is not between %d and %d", seconds, int64(-maxDuration), int64(maxDuration))
	case nanos < -maxNanos || nanos > maxNanos:
		return out, fault(ErrValue, at, "a duration has %d nanoseconds, and may have %d to %d", nanos, -maxNanos, maxNanos)
	case seconds > 0 && nanos < 0 || seconds < 0 && nanos > 0:
		return out, fault(ErrValue, at, "a duration of %d seconds and %d nanoseconds has two signs", seconds, nanos)
	}
	out = append(out, '"')
	if seconds < 0 || nanos < 0 {
		out = append(out, '-')
		seconds, nanos = -seconds, -nanos
	}
	out = appendUint(out, uint64(seconds))
	return append(appendFraction(out, uint32(nanos)), 's', '"'), nil
}

// appendFraction writes a point and billionths, with as many groups of three
// digits as it takes. It writes nothing for zero.
func appendFraction(out []byte, nanos uint32) []byte {
	if nanos == 0 {
		return out
	}
	out = append(out, '.', '0'+byte(nanos/tenTo8))
	out = binary.LittleEndian.AppendUint64(out, spread8(uint64(nanos%tenTo8))|asciiZeros)
	switch {
	case nanos%1_000 != 0:
		return out
	case nanos%1_000_000 != 0:
		return out[:len(out)-3]
	}
	return out[:len(out)-6]
}
