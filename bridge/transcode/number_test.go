// SPDX-License-Identifier: Apache-2.0

package transcode

import (
	"math"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
)

func TestIntegers(t *testing.T) {
	t.Parallel()
	check := func(v uint64) {
		t.Helper()
		if got, want := string(appendUint([]byte("x"), v)), "x"+strconv.FormatUint(v, 10); got != want {
			t.Errorf("unsigned %d: got %s", v, got)
		}
		if got, want := string(appendInt([]byte("x"), int64(v))), "x"+strconv.FormatInt(int64(v), 10); got != want {
			t.Errorf("signed %d: got %s", int64(v), got)
		}
	}
	for v := range uint64(100_100) {
		check(v)
	}
	for p := uint64(1); p <= 1e19 && p != 0; p *= 10 {
		for d := range uint64(5) {
			check(p - 2 + d)
			check(5*p - 2 + d)
		}
		if p == 1e19 {
			break
		}
	}
	r := rand.New(rand.NewPCG(3, 4))
	for range 200_000 {
		check(r.Uint64() >> r.IntN(64))
	}
	check(math.MaxUint64)
}

// TestSpread8 holds the arithmetic of eight digits at once to that of one, for
// every group of four in either half.
func TestSpread8(t *testing.T) {
	t.Parallel()
	for v := range uint64(10_000) {
		for _, w := range []uint64{v, v * 10_000, v*10_000 + v, 99_990_000 + v, v*10_000 + 9999} {
			var want uint64
			rest := w
			for i := range 8 {
				want |= rest % 10 << (8 * (7 - i))
				rest /= 10
			}
			if got := spread8(w); got != want {
				t.Fatalf("%d: got %016x, want %016x", w, got, want)
			}
		}
	}
}

func TestVarints(t *testing.T) {
	t.Parallel()
	check := func(b []byte) {
		t.Helper()
		for pad := range 12 {
			wire := append(append([]byte{1, 2, 3}, b...), make([]byte, pad)...)
			want, n := protowire.ConsumeVarint(wire[3:])
			got, next := varint(wire, 3)
			if n < 0 && next >= 0 || n >= 0 && (next != 3+n || got != want) {
				t.Errorf("% x: got %d, %d, want %d, %d", wire[3:], got, next, want, n)
			}
		}
	}
	r := rand.New(rand.NewPCG(5, 6))
	for range 20_000 {
		b := make([]byte, r.IntN(12))
		for i := range b {
			b[i] = byte(r.Uint32()) | 0x80*byte(r.IntN(2))
		}
		check(b)
		check(protowire.AppendVarint(nil, r.Uint64()>>r.IntN(64)))
	}
	for i := range 11 {
		b := make([]byte, i)
		for j := range b {
			b[j] = 0xff
		}
		for _, last := range []byte{0, 1, 2, 0x7f, 0xff} {
			check(append(b, last))
		}
	}
}

// TestEveryDay holds the calendar to package time's, for every day that a
// timestamp can have.
func TestEveryDay(t *testing.T) {
	t.Parallel()
	day := time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)
	for days := range uint32((maxTimestamp-minTimestamp)/secondsPerDay + 1) {
		y, m, d := civil(days)
		if wantY, wantM, wantD := day.Date(); int(y) != wantY || int(m) != int(wantM) || int(d) != wantD {
			t.Fatalf("day %d is %d-%d-%d, want %v", days, y, m, d, day)
		}
		day = day.AddDate(0, 0, 1)
	}
	if y := day.Year(); y != 10000 {
		t.Errorf("the days ended at %v", day)
	}
}

// TestTimestamps holds seconds and fractions to package time's.
func TestTimestamps(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(7, 8))
	for range 20_000 {
		seconds := minTimestamp + r.Int64N(maxTimestamp-minTimestamp+1)
		nanos := []int64{0, 1000 * 1000 * r.Int64N(1000), 1000 * r.Int64N(1e6), r.Int64N(1e9)}[r.IntN(4)]
		entries := []entry{{value: uint64(seconds), code: 0}, {value: uint64(nanos), code: 2}}
		got, err := appendTimestamp(nil, entries, 0)
		if err != nil {
			t.Fatal(err)
		}
		layout := "2006-01-02T15:04:05.000000000Z"
		switch {
		case nanos == 0:
			layout = "2006-01-02T15:04:05Z"
		case nanos%1e6 == 0:
			layout = "2006-01-02T15:04:05.000Z"
		case nanos%1e3 == 0:
			layout = "2006-01-02T15:04:05.000000Z"
		}
		if want := `"` + time.Unix(seconds, nanos).UTC().Format(layout) + `"`; string(got) != want {
			t.Fatalf("%d s, %d ns: got %s, want %s", seconds, nanos, got, want)
		}
	}
}
