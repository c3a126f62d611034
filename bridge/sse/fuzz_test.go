// SPDX-License-Identifier: Apache-2.0

package sse

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// cut cuts a stream into chunks whose sizes are the bytes of cuts, in turn.
func cut(stream string, cuts []byte) []string {
	var parts []string
	for len(cuts) > 0 && len(stream) > 0 {
		n := min(int(cuts[0]), len(stream))
		parts = append(parts, stream[:n])
		stream, cuts = stream[n:], cuts[1:]
	}
	return append(parts, stream)
}

// FuzzChunks: any bytes, cut anyhow, with or without limits, are read as they
// are when whole, and without limits as the oracle reads them.
func FuzzChunks(f *testing.F) {
	for _, c := range corpus() {
		if len(c.stream) < 5<<10 {
			f.Add(c.stream, []byte{1, 1, 1, 2, 3, 0, 7}, "", uint16(0), uint16(0))
			f.Add(c.stream, []byte{2, 5, 4}, "9", uint16(12), uint16(3))
		}
	}
	f.Fuzz(func(t *testing.T, stream string, cuts []byte, lastEventID string, maxLine, maxEvent uint16) {
		limits := Parser{MaxLineBytes: int(maxLine), MaxEventBytes: int(maxEvent)}
		whole, chunked := limits, limits
		whole.Reset(lastEventID)
		chunked.Reset(lastEventID)
		want, wantErr := feed(&whole, stream)
		got, err := feed(&chunked, cut(stream, cuts)...)
		if !slices.Equal(got, want) || chunked.LastEventID() != whole.LastEventID() {
			t.Errorf("in chunks found %v, last event id %q; whole %v, %q", got, chunked.LastEventID(), want, whole.LastEventID())
		}
		checkSameLimitError(t, err, wantErr)
		for _, r := range got {
			if !utf8.ValidString(r.Text) || r.Kind == "event" && (!utf8.ValidString(r.Type) || r.Type == "") {
				t.Errorf("found %v, want UTF-8 and a type", r)
			}
		}
		if maxLine > 0 || maxEvent > 0 {
			return
		}
		if err != nil {
			t.Fatalf("error %v, want none for %d bytes", err, len(stream))
		}
		byOracle, id := oracle(stream, lastEventID)
		if !slices.Equal(want, byOracle) || whole.LastEventID() != id {
			t.Errorf("found %v, last event id %q; the oracle %v, %q", want, whole.LastEventID(), byOracle, id)
		}
	})
}

func checkSameLimitError(t *testing.T, got, want error) {
	t.Helper()
	g, _ := errors.AsType[*TooLargeError](got)
	w, _ := errors.AsType[*TooLargeError](want)
	if (got == nil) != (want == nil) || g != nil && w != nil && *g != *w {
		t.Errorf("in chunks the error is %v, whole %v", got, want)
	}
}

// FuzzRoundTrip: what is written is read, by the parser and by the oracle,
// amid other blocks and however it is cut.
func FuzzRoundTrip(f *testing.F) {
	f.Add("1", "add", []byte("1"), "beat", int64(time.Second), []byte{1, 2, 3})
	f.Add("", "", []byte(""), "", int64(0), []byte{})
	f.Add(" :", ": ", []byte("\r\n\r\ndata: x\n"), "a\n\ndata: x\n\n", int64(-1), []byte{9, 9, 9})
	f.Add("\xEF\xBB\xBF", "\x00", []byte("\xEF\xBB\xBF\xE2\x82\r\xAC"), "\xFF\r", int64(1<<62), []byte{1})
	f.Add("a\nb", "a", []byte("x"), "x", int64(1), []byte{1})
	f.Add("a", "a\rb", []byte("x"), "x", int64(1), []byte{1})
	f.Add("a\x00", "", []byte("x"), "x", int64(1), []byte{1})
	f.Fuzz(func(t *testing.T, id, event string, data []byte, text string, pause int64, cuts []byte) {
		stream := AppendRetry(nil, time.Duration(pause))
		stream = AppendComment(stream, text)
		before := len(stream)
		stream, err := AppendEvent(stream, id, event, data)
		if refused := strings.ContainsAny(id, "\r\n\x00") || strings.ContainsAny(event, "\r\n") ||
			!utf8.ValidString(id) || !utf8.ValidString(event); refused != (err != nil) {
			t.Fatalf("AppendEvent(%q, %q): error %v, want one: %v", id, event, err, refused)
		}
		if err != nil {
			if len(stream) != before {
				t.Errorf("refused, but wrote %q", stream[before:])
			}
			return
		}
		stream = AppendComment(stream, "after")

		var want []record
		if pause >= 0 {
			want = append(want, retry(min(time.Duration(pause).Round(time.Millisecond), MaxRetry)))
		}
		for _, line := range strings.Split(withLF(text), "\n") {
			want = append(want, comment(line))
		}
		ev := typed(id, event, withLF(string(data)))
		if event == "" {
			ev.Type = "message"
		}
		want = append(want, ev, comment("after"))

		got, err := feed(&Parser{}, cut(string(stream), cuts)...)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%q is read as %v, %v, want %v", stream, got, err, want)
		}
		if byOracle, _ := oracle(string(stream), ""); !slices.Equal(byOracle, want) {
			t.Errorf("%q is read by the oracle as %v, want %v", stream, byOracle, want)
		}
	})
}

// withLF is what becomes of text on its way: every line end an LF, and U+FFFD
// for what is not UTF-8.
func withLF(text string) string {
	return strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(decodeUTF8(text))
}
