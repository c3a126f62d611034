// SPDX-License-Identifier: Apache-2.0

package store

import (
	"math"
	"strconv"
)

// scanner reads JSON from the front of s. Every method says whether it read what
// it is named for; after the first no, nothing that was read counts.
type scanner struct {
	s []byte
	i int
}

// scanMessage reads a message whose fields and values are written the usual way.
// It gives up, without a word on why, on everything else: whether that is a
// fault is for decodeSlowly to say.
func scanMessage(data []byte) (m Message, ok bool) {
	p := scanner{s: data}
	p.space()
	if !p.byte('{') {
		return m, false
	}
	p.space()
	if p.byte('}') {
		return m, p.end()
	}
	for {
		key, ok := p.string()
		if !ok {
			return m, false
		}
		p.space()
		if !p.byte(':') {
			return m, false
		}
		p.space()
		switch string(key) {
		case "position":
			m.Position, ok = p.uint32()
		case "value":
			m.Value, ok = p.double()
		case "createTime":
			var text []byte
			if text, ok = p.string(); ok {
				m.Created, ok = scanTime(text)
			}
		case "resumeToken":
			m.ResumeToken, ok = p.string()
		default:
			ok = false
		}
		if !ok {
			return m, false
		}
		p.space()
		if p.byte('}') {
			return m, p.end()
		}
		if !p.byte(',') {
			return m, false
		}
		p.space()
	}
}

func (p *scanner) space() {
	for p.i < len(p.s) {
		switch p.s[p.i] {
		case ' ', '\t', '\r', '\n':
			p.i++
		default:
			return
		}
	}
}

func (p *scanner) byte(c byte) bool {
	if p.i < len(p.s) && p.s[p.i] == c {
		p.i++
		return true
	}
	return false
}

func (p *scanner) end() bool {
	p.space()
	return p.i == len(p.s)
}

// string reads a string of printable ASCII without escapes.
func (p *scanner) string() ([]byte, bool) {
	if !p.byte('"') {
		return nil, false
	}
	rest := p.s[p.i:]
	for i, c := range rest {
		if c == '"' {
			p.i += i + 1
			return rest[:i:i], true
		}
		if c < ' ' || c > '~' || c == '\\' {
			return nil, false
		}
	}
	return nil, false
}

// digits reads decimal digits into n and says how many there were. n is wrong
// where there were more than 19.
func (p *scanner) digits(n uint64) (_ uint64, count int) {
	for _, c := range p.s[p.i:] {
		d := c - '0'
		if d > 9 {
			break
		}
		n = n*10 + uint64(d)
		count++
	}
	p.i += count
	return n, count
}

func (p *scanner) uint32() (uint32, bool) {
	start := p.i
	n, count := p.digits(0)
	if count == 0 || count > 10 || n > math.MaxUint32 || count > 1 && p.s[start] == '0' {
		return 0, false
	}
	// A fraction or an exponent is left unread, and is no end of a value.
	return uint32(n), true
}

// exactPow10 are the powers of ten that a double holds exactly.
var exactPow10 = [...]float64{
	1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
	1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
}

// double reads a number, or the three strings that stand for the others.
func (p *scanner) double() (float64, bool) {
	if p.i < len(p.s) && p.s[p.i] == '"' {
		text, ok := p.string()
		if !ok {
			return 0, false
		}
		switch string(text) {
		case "NaN":
			return math.NaN(), true
		case "Infinity":
			return math.Inf(1), true
		case "-Infinity":
			return math.Inf(-1), true
		}
		return 0, false
	}
	start := p.i
	negative := p.byte('-')
	first := p.i
	mantissa, whole := p.digits(0)
	if whole == 0 || whole > 1 && p.s[first] == '0' {
		return 0, false
	}
	fraction := 0
	if p.byte('.') {
		if mantissa, fraction = p.digits(mantissa); fraction == 0 {
			return 0, false
		}
	}
	exponent := p.i < len(p.s) && p.s[p.i]|' ' == 'e'
	if exponent {
		p.i++
		if !p.byte('-') {
			p.byte('+')
		}
		if _, n := p.digits(0); n == 0 {
			return 0, false
		}
	}
	// Two exact doubles divided give the double nearest to the quotient: what
	// was written.
	if !exponent && whole+fraction <= 19 && mantissa <= 1<<53 && fraction < len(exactPow10) {
		v := float64(mantissa) / exactPow10[fraction]
		if negative {
			v = -v
		}
		return v, true
	}
	v, err := strconv.ParseFloat(string(p.s[start:p.i]), 64)
	return v, err == nil
}

// scanTime reads an RFC 3339 time in UTC with at most nanoseconds, such as
// 2026-01-02T03:04:05.678Z, and gives the milliseconds since 1970.
func scanTime(s []byte) (int64, bool) {
	const shape = len("2026-01-02T03:04:05")
	if len(s) <= shape || s[4] != '-' || s[7] != '-' || s[10] != 'T' || s[13] != ':' || s[16] != ':' {
		return 0, false
	}
	valid := true
	two := func(i int) int64 {
		tens, ones := s[i]-'0', s[i+1]-'0'
		valid = valid && tens <= 9 && ones <= 9
		return int64(tens)*10 + int64(ones)
	}
	year, month, day := two(0)*100+two(2), two(5), two(8)
	hour, minute, second := two(11), two(14), two(17)
	if !valid || year == 0 || month == 0 || month > 12 || day == 0 || day > daysIn(year, month) ||
		hour > 23 || minute > 59 || second > 59 {
		return 0, false
	}
	rest := s[shape:]
	var ms int64
	if rest[0] == '.' {
		rest = rest[1:]
		n := 0
		for n < len(rest) && rest[n]-'0' <= 9 {
			if n < 3 {
				ms = ms*10 + int64(rest[n]-'0')
			}
			n++
		}
		if n == 0 || n > 9 {
			return 0, false
		}
		for i := n; i < 3; i++ {
			ms *= 10
		}
		rest = rest[n:]
	}
	if len(rest) != 1 || rest[0] != 'Z' {
		return 0, false
	}
	seconds := daysSince1970(year, month, day)*86400 + hour*3600 + minute*60 + second
	return seconds*1000 + ms, true
}

func daysIn(year, month int64) int64 {
	switch month {
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

// daysSince1970 counts the days of the Gregorian calendar. Years begin in March
// here, which puts the leap day last and makes the lengths of the months a
// straight line.
func daysSince1970(year, month, day int64) int64 {
	if month <= 2 {
		year--
		month += 12
	}
	const from0March1To1970 = 719468
	return 365*year + year/4 - year/100 + year/400 + (153*(month-3)+2)/5 + day - 1 - from0March1To1970
}
