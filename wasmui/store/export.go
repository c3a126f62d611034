// SPDX-License-Identifier: Apache-2.0

package store

import (
	"io"
	"math"
	"strconv"
	"time"
)

// exportChunk is about how much is handed to the writer at once.
const exportChunk = 64 << 10

// WritePlain writes the values that are kept, one a line, as programs read them.
func (h *History) WritePlain(w io.Writer) error {
	return h.export(w, nil, func(dst []byte, n Number, _ bool) []byte {
		return append(appendPlain(dst, n.Value), '\n')
	}, "")
}

// WriteCSV writes the kept numbers as CSV (RFC 4180) with a header line:
// position, value, the times in RFC 3339, and the delay between them in
// milliseconds. CSV has no comments, so that the start of the stream is no longer
// kept shows in the first position alone.
func (h *History) WriteCSV(w io.Writer) error {
	const head = "position,value,create_time,receive_time,delay_ms\r\n"
	var clock stamp
	return h.export(w, []byte(head), func(dst []byte, n Number, _ bool) []byte {
		dst = strconv.AppendUint(dst, uint64(n.Position), 10)
		dst = append(dst, ',')
		dst = appendPlain(dst, n.Value)
		dst = append(dst, ',')
		if n.Created != 0 {
			dst = clock.append(dst, n.Created)
		}
		dst = append(dst, ',')
		dst = clock.append(dst, n.Received)
		dst = append(dst, ',')
		if n.Created != 0 {
			dst = strconv.AppendInt(dst, n.Received-n.Created, 10)
		}
		return append(dst, "\r\n"...)
	}, "")
}

// WriteJSON writes the kept numbers as one JSON object:
//
//	{"total":2,"dropped":0,"numbers":[
//	{"position":1,"value":1.5,"createTime":"…","receiveTime":"…"},
//	{"position":2,"value":"NaN","createTime":"…","receiveTime":"…"}
//	]}
//
// Of total numbers the first, dropped in all, were no longer kept. Values are
// written as ProtoJSON writes them.
func (h *History) WriteJSON(w io.Writer) error {
	dst := append([]byte(nil), `{"total":`...)
	dst = strconv.AppendUint(dst, h.Total(), 10)
	dst = append(dst, `,"dropped":`...)
	dst = strconv.AppendUint(dst, h.Dropped(), 10)
	dst = append(dst, `,"numbers":[`...)
	var clock stamp
	return h.export(w, dst, func(dst []byte, n Number, first bool) []byte {
		if !first {
			dst = append(dst, ',')
		}
		dst = append(dst, "\n{\"position\":"...)
		dst = strconv.AppendUint(dst, uint64(n.Position), 10)
		dst = append(dst, `,"value":`...)
		if finite(n.Value) {
			dst = appendPlain(dst, n.Value)
		} else {
			dst = append(dst, '"')
			dst = appendPlain(dst, n.Value)
			dst = append(dst, '"')
		}
		if n.Created != 0 {
			dst = append(dst, `,"createTime":"`...)
			dst = clock.append(dst, n.Created)
			dst = append(dst, '"')
		}
		dst = append(dst, `,"receiveTime":"`...)
		dst = clock.append(dst, n.Received)
		return append(dst, `"}`...)
	}, "\n]}\n")
}

// export writes head, a row for every kept number, and tail.
func (h *History) export(w io.Writer, head []byte, row func(dst []byte, n Number, first bool) []byte, tail string) error {
	dst := head
	for i := range h.Len() {
		dst = row(dst, h.At(i), i == 0)
		if len(dst) >= exportChunk {
			if _, err := w.Write(dst); err != nil {
				return err
			}
			dst = dst[:0]
		}
	}
	_, err := w.Write(append(dst, tail...))
	return err
}

// appendPlain writes a value so that a program reads the same double again:
// whole numbers as whole numbers, as far as a person would (below 1e21, where
// JavaScript draws the line too), and the names that ProtoJSON has for the rest.
func appendPlain(dst []byte, v float64) []byte {
	switch {
	case math.IsNaN(v):
		return append(dst, "NaN"...)
	case math.IsInf(v, 1):
		return append(dst, "Infinity"...)
	case math.IsInf(v, -1):
		return append(dst, "-Infinity"...)
	}
	if a := math.Abs(v); a != 0 && (a < 1e-6 || a >= 1e21) {
		return strconv.AppendFloat(dst, v, 'e', -1, 64)
	}
	return strconv.AppendFloat(dst, v, 'f', -1, 64)
}

// stamp writes times. Neighbouring ones mostly lie in the same second, of which
// the text is kept.
type stamp struct {
	second int64
	text   []byte
}

func (s *stamp) append(dst []byte, ms int64) []byte {
	t := time.UnixMilli(ms).UTC()
	if s.text == nil || s.second != t.Unix() {
		s.second = t.Unix()
		s.text = t.AppendFormat(s.text[:0], "2006-01-02T15:04:05")
	}
	milli := t.Nanosecond() / int(time.Millisecond)
	dst = append(dst, s.text...)
	return append(dst, '.', byte('0'+milli/100), byte('0'+milli/10%10), byte('0'+milli%10), 'Z')
}
