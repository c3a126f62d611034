// SPDX-License-Identifier: Apache-2.0

package store

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func sampleHistory() *History {
	h := New(4)
	created := time.Date(2026, 1, 2, 3, 4, 5, 9e6, time.UTC).UnixMilli()
	for i, v := range []float64{7, 1, 0.1, 1e21, math.Inf(-1)} {
		h.Append(Number{Position: uint32(i + 1), Value: v, Created: created + int64(i)*1000, Received: created + int64(i)*1000 + 12})
	}
	return h
}

func TestWriteCSV(t *testing.T) {
	t.Parallel()
	h := sampleHistory()
	h.Append(Number{Position: 6, Value: -123456789, Received: 0})
	var got strings.Builder
	if err := h.WriteCSV(&got); err != nil {
		t.Fatal(err)
	}
	want := strings.Join([]string{
		"position,value,create_time,receive_time,delay_ms",
		"3,0.1,2026-01-02T03:04:07.009Z,2026-01-02T03:04:07.021Z,12",
		"4,1e+21,2026-01-02T03:04:08.009Z,2026-01-02T03:04:08.021Z,12",
		"5,-Infinity,2026-01-02T03:04:09.009Z,2026-01-02T03:04:09.021Z,12",
		"6,-123456789,,1970-01-01T00:00:00.000Z,",
		"",
	}, "\r\n")
	if diff := cmp.Diff(want, got.String()); diff != "" {
		t.Errorf("CSV (-want +got):\n%s", diff)
	}
}

// What programs read is the header first, whatever is no longer kept.
func TestCSVBeginsWithItsHeader(t *testing.T) {
	t.Parallel()
	h := sampleHistory()
	var out bytes.Buffer
	if err := h.WriteCSV(&out); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&out).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if h.Dropped() == 0 || len(rows) != 1+h.Len() || rows[0][0] != "position" || rows[1][0] != "2" {
		t.Errorf("%d numbers were dropped, and the CSV is %v", h.Dropped(), rows)
	}
}

func TestWritePlain(t *testing.T) {
	t.Parallel()
	h := New(0)
	for _, v := range []float64{0, 1, 1e6, 0.1, -2.5, 1e-7, 1e300, math.NaN(), math.Inf(1), math.Inf(-1)} {
		h.Append(Number{Value: v})
	}
	var got strings.Builder
	if err := h.WritePlain(&got); err != nil {
		t.Fatal(err)
	}
	want := "0\n1\n1000000\n0.1\n-2.5\n1e-07\n1e+300\nNaN\nInfinity\n-Infinity\n"
	if diff := cmp.Diff(want, got.String()); diff != "" {
		t.Errorf("plain values (-want +got):\n%s", diff)
	}
}

func TestWriteJSON(t *testing.T) {
	t.Parallel()
	var got strings.Builder
	if err := sampleHistory().WriteJSON(&got); err != nil {
		t.Fatal(err)
	}
	want := `{"total":5,"dropped":1,"numbers":[
{"position":2,"value":1,"createTime":"2026-01-02T03:04:06.009Z","receiveTime":"2026-01-02T03:04:06.021Z"},
{"position":3,"value":0.1,"createTime":"2026-01-02T03:04:07.009Z","receiveTime":"2026-01-02T03:04:07.021Z"},
{"position":4,"value":1e+21,"createTime":"2026-01-02T03:04:08.009Z","receiveTime":"2026-01-02T03:04:08.021Z"},
{"position":5,"value":"-Infinity","createTime":"2026-01-02T03:04:09.009Z","receiveTime":"2026-01-02T03:04:09.021Z"}
]}
`
	if diff := cmp.Diff(want, got.String()); diff != "" {
		t.Errorf("JSON (-want +got):\n%s", diff)
	}
	got.Reset()
	if err := New(0).WriteJSON(&got); err != nil || !json.Valid([]byte(got.String())) {
		t.Errorf("an empty history: %q, %v", got.String(), err)
	}
}

func TestPlainNumbers(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		v    float64
		want string
	}{
		{math.NaN(), "NaN"},
		{math.Inf(1), "Infinity"},
		{math.Inf(-1), "-Infinity"},
		{0, "0"},
		{math.Copysign(0, -1), "-0"},
		{1e20, "100000000000000000000"},
		{1e21, "1e+21"},
		{-1e-6, "-0.000001"},
		{1e-7, "1e-07"},
		{1.0 / 3, "0.3333333333333333"},
		{math.MaxFloat64, "1.7976931348623157e+308"},
	} {
		if got := string(appendPlain(nil, tt.v)); got != tt.want {
			t.Errorf("%v is written %s, want %s", tt.v, got, tt.want)
		}
	}
}

// TestExportRoundTrip reads what was written with the readers of the standard
// library: every number is there, to the last bit.
func TestExportRoundTrip(t *testing.T) {
	t.Parallel()
	h := filled(5000) // several chunks
	var asCSV, asJSON bytes.Buffer
	if err := errors.Join(h.WriteCSV(&asCSV), h.WriteJSON(&asJSON)); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&asCSV).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	rows = rows[1:]
	var object struct {
		Total, Dropped int
		Numbers        []struct {
			Position    uint32
			Value       float64
			ReceiveTime time.Time
		}
	}
	if err := json.Unmarshal(asJSON.Bytes(), &object); err != nil {
		t.Fatal(err)
	}
	if len(rows) != h.Len() || len(object.Numbers) != h.Len() || object.Total != h.Len() {
		t.Fatalf("%d numbers: %d in the CSV, %d in the JSON, which says %d", h.Len(), len(rows), len(object.Numbers), object.Total)
	}
	for i, row := range rows {
		want := h.At(i)
		v, err := strconv.ParseFloat(row[1], 64)
		if err != nil || v != want.Value || object.Numbers[i].Value != want.Value || object.Numbers[i].Position != want.Position {
			t.Fatalf("number %d is %v; CSV %v, JSON %v", i, want, row, object.Numbers[i])
		}
		if got := object.Numbers[i].ReceiveTime.UnixMilli(); got != want.Received {
			t.Fatalf("number %d was received at %d, JSON says %d", i, want.Received, got)
		}
	}
}

type failingWriter struct{ after int }

func (w *failingWriter) Write(p []byte) (int, error) {
	if w.after--; w.after < 0 {
		return 0, io.ErrClosedPipe
	}
	return len(p), nil
}

func TestExportReportsWriteErrors(t *testing.T) {
	t.Parallel()
	h := filled(5000)
	for _, after := range []int{0, 1} {
		if err := h.WriteCSV(&failingWriter{after}); !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("CSV, write %d fails: %v", after, err)
		}
		if err := h.WriteJSON(&failingWriter{after}); !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("JSON, write %d fails: %v", after, err)
		}
		if err := h.WritePlain(&failingWriter{after}); !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("plain, write %d fails: %v", after, err)
		}
	}
}

func BenchmarkExport(b *testing.B) {
	h := filled(DefaultKeep)
	b.Run("CSV", func(b *testing.B) {
		for b.Loop() {
			_ = h.WriteCSV(io.Discard)
		}
	})
	b.Run("JSON", func(b *testing.B) {
		for b.Loop() {
			_ = h.WriteJSON(io.Discard)
		}
	})
}
