// SPDX-License-Identifier: Apache-2.0

// Package journaltest is the suite that every implementation of
// [journal.Journal] passes.
package journaltest

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"sluice/bridge/journal"
)

// Config is what a journal under test is asked to be.
type Config struct {
	// Limit and Reserve are in bytes, as in [journal.MemoryConfig].
	Limit, Reserve int
	// After is the number before the first record's.
	After uint64
}

// Run runs the suite against the journals that open makes. Each is closed by
// the suite.
func Run(t *testing.T, open func(tb testing.TB, c Config) journal.Journal) {
	make := func(t *testing.T, c Config) journal.Journal {
		j := open(t, c)
		t.Cleanup(j.Close)
		return j
	}
	t.Run("empty", func(t *testing.T) { testEmpty(t, make(t, Config{Limit: 1 << 16})) })
	t.Run("order", func(t *testing.T) { testOrder(t, make(t, Config{Limit: 1 << 20})) })
	t.Run("windows", func(t *testing.T) { testWindows(t, make(t, Config{Limit: 1 << 16})) })
	t.Run("begins after", func(t *testing.T) { testAfter(t, make(t, Config{Limit: 1 << 16, After: 41})) })
	t.Run("end", func(t *testing.T) { testEnd(t, make(t, Config{Limit: 1 << 16})) })
	t.Run("full", func(t *testing.T) { testFull(t, make(t, Config{Limit: 1 << 16, Reserve: 1 << 14})) })
	t.Run("reserve", func(t *testing.T) { testReserve(t, make(t, Config{Limit: 1 << 16, Reserve: 1 << 14})) })
	t.Run("large record", func(t *testing.T) { testLarge(t, make(t, Config{Limit: 1 << 16, Reserve: 1 << 15})) })
	t.Run("everything", func(t *testing.T) { testEverything(t, make(t, Config{Limit: 1 << 14})) })
	t.Run("held slices stay", func(t *testing.T) { testHeld(t, make(t, Config{Limit: 1 << 14})) })
	t.Run("changed", func(t *testing.T) { testChanged(t, make(t, Config{Limit: 1 << 16})) })
	t.Run("closed", func(t *testing.T) { testClosed(t, make(t, Config{Limit: 1 << 16})) })
	t.Run("concurrent readers", func(t *testing.T) { testConcurrent(t, make(t, Config{Limit: 1 << 15, Reserve: 1 << 12})) })
	t.Run("model", func(t *testing.T) { testModel(t, make) })
}

// frame returns the frame of a given number and size that the suite appends,
// and the windows of its id and data.
func frame(n uint64, size int) ([]byte, journal.Window, journal.Window) {
	head := fmt.Sprintf("id: %d\ndata: ", n)
	idEnd := bytes.IndexByte([]byte(head), '\n')
	b := []byte(head)
	for i := 0; len(b) < size-2; i++ {
		b = append(b, byte('a'+(n+uint64(i))%26))
	}
	data := journal.Window{Start: len(head), End: len(b)}
	return append(b, "\n\n"...), journal.Window{Start: 4, End: idEnd}, data
}

func add(t *testing.T, j journal.Journal, kind journal.Kind, n uint64, size int) error {
	t.Helper()
	f, id, data := frame(n, size)
	got, err := j.Append(kind, f, id, data)
	if err == nil && got != n {
		t.Fatalf("Append returned number %d, want %d", got, n)
	}
	return err
}

func mustAdd(t *testing.T, j journal.Journal, kind journal.Kind, n uint64, size int) {
	t.Helper()
	if err := add(t, j, kind, n, size); err != nil {
		t.Fatalf("Append of record %d: %v", n, err)
	}
}

func checkRecord(t *testing.T, r journal.Record, n uint64) {
	t.Helper()
	want, id, data := frame(r.Seq, len(r.Frame))
	if r.Seq != n || !bytes.Equal(r.Frame, want) {
		t.Fatalf("record %d is %d, %q, want %q", n, r.Seq, r.Frame, want)
	}
	if !bytes.Equal(r.ID, want[id.Start:id.End]) || !bytes.Equal(r.Data, want[data.Start:data.End]) {
		t.Fatalf("record %d has id %q and data %q", n, r.ID, r.Data)
	}
}

func testEmpty(t *testing.T, j journal.Journal) {
	if got, want := j.Extent(), (journal.Extent{First: 1}); got != want {
		t.Errorf("Extent is %+v, want %+v", got, want)
	}
	if rs, err := j.Read(nil, 0, 1<<20); err != nil || len(rs) != 0 {
		t.Errorf("Read gave %d records, %v", len(rs), err)
	}
	if s, err := j.Span(0, 1<<20); err != nil || len(s.Frames) != 0 || s.Last != 0 || s.Ended {
		t.Errorf("Span gave %+v, %v", s, err)
	}
}

func testOrder(t *testing.T, j journal.Journal) {
	const n = 2000
	var all []byte
	for i := uint64(1); i <= n; i++ {
		size := 20 + int(i*37%300)
		mustAdd(t, j, journal.Message, i, size)
		f, _, _ := frame(i, size)
		all = append(all, f...)
	}
	rs, err := j.Read(nil, 0, 1<<30)
	if err != nil || len(rs) != n {
		t.Fatalf("Read gave %d records, %v, want %d", len(rs), err, n)
	}
	for i, r := range rs {
		checkRecord(t, r, uint64(i)+1)
	}
	for _, most := range []int{1, 100, 4096, 1 << 30} {
		var joined []byte
		var cursor uint64
		for cursor < n {
			s, err := j.Span(cursor, most)
			if err != nil || s.Last <= cursor {
				t.Fatalf("Span(%d, %d) gave %d bytes up to %d, %v", cursor, most, len(s.Frames), s.Last, err)
			}
			if one, _ := j.Read(nil, cursor, 1); len(s.Frames) > most && len(s.Frames) != len(one[0].Frame) {
				t.Fatalf("Span(%d, %d) gave %d bytes", cursor, most, len(s.Frames))
			}
			joined, cursor = append(joined, s.Frames...), s.Last
		}
		if !bytes.Equal(joined, all) {
			t.Fatalf("spans of %d bytes do not join to what was appended", most)
		}
	}
	rs, err = j.Read(nil, 1990, 1)
	if err != nil || len(rs) != 1 || rs[0].Seq != 1991 {
		t.Errorf("Read of at most 1 byte gave %v, %v, want record 1991 alone", rs, err)
	}
}

func testWindows(t *testing.T, j journal.Journal) {
	if _, err := j.Append(journal.Message, []byte("id: x-1\ndata: {}\n\n"), journal.Window{Start: 4, End: 7}, journal.Window{Start: 14, End: 16}); err != nil {
		t.Fatal(err)
	}
	rs, err := j.Read(nil, 0, 1<<20)
	if err != nil || len(rs) != 1 {
		t.Fatal(rs, err)
	}
	if string(rs[0].ID) != "x-1" || string(rs[0].Data) != "{}" || rs[0].Kind != journal.Message {
		t.Errorf("got id %q, data %q, kind %v", rs[0].ID, rs[0].Data, rs[0].Kind)
	}
}

func testAfter(t *testing.T, j journal.Journal) {
	mustAdd(t, j, journal.Message, 42, 40)
	if got := j.Extent(); got.First != 42 || got.Last != 42 {
		t.Errorf("Extent is %+v, want record 42 alone", got)
	}
	var trimmed *journal.TrimmedError
	if _, err := j.Read(nil, 3, 1<<20); !errors.As(err, &trimmed) || trimmed.First != 42 || trimmed.After != 3 {
		t.Errorf("Read after 3 gave %v, want that the oldest is 42", err)
	}
	rs, err := j.Read(nil, 41, 1<<20)
	if err != nil || len(rs) != 1 {
		t.Fatalf("Read after 41 gave %v, %v", rs, err)
	}
	checkRecord(t, rs[0], 42)
}

func testEnd(t *testing.T, j journal.Journal) {
	mustAdd(t, j, journal.Message, 1, 40)
	mustAdd(t, j, journal.End, 2, 40)
	if err := add(t, j, journal.Message, 3, 40); !errors.Is(err, journal.ErrClosed) {
		t.Errorf("Append after the end gave %v, want ErrClosed", err)
	}
	if !j.Extent().Ended {
		t.Error("Extent does not say that the run has ended")
	}
	if s, err := j.Span(1, 1<<20); err != nil || !s.Ended || s.Last != 2 {
		t.Errorf("Span of the end gave %+v, %v", s, err)
	}
	if s, err := j.Span(2, 1<<20); err != nil || !s.Ended || len(s.Frames) != 0 {
		t.Errorf("Span after the end gave %+v, %v", s, err)
	}
	if s, err := j.Span(0, 30); err != nil || s.Ended || s.Last != 1 {
		t.Errorf("Span before the end gave %+v, %v", s, err)
	}
}

// fill appends records until the journal is full, and returns the last one's
// number.
func fill(t *testing.T, j journal.Journal, size int) uint64 {
	t.Helper()
	n := j.Extent().Last
	for range 1 << 20 {
		switch err := add(t, j, journal.Message, n+1, size); {
		case errors.Is(err, journal.ErrFull):
			return n
		case err != nil:
			t.Fatal(err)
		}
		n++
	}
	t.Fatal("the journal takes records without end")
	return 0
}

func testFull(t *testing.T, j journal.Journal) {
	last := fill(t, j, 100)
	e := j.Extent()
	if e.First != 1 || e.Bytes > 1<<16 || e.Bytes < 1<<15 {
		t.Fatalf("a full journal holds %+v", e)
	}
	// Nothing that was not released is lost, and nothing changes while it waits.
	j.Release(10)
	if err := add(t, j, journal.Message, last+1, 100); !errors.Is(err, journal.ErrFull) {
		t.Fatalf("Append with all but 10 records to be read gave %v, want ErrFull", err)
	}
	rs, err := j.Read(nil, 0, 1<<30)
	if err != nil || uint64(len(rs)) != last {
		t.Fatalf("Read gave %d records, %v, want %d", len(rs), err, last)
	}
	j.Release(last)
	mustAdd(t, j, journal.Message, last+1, 100)
	j.Release(0)
	last = fill(t, j, 100)
	if err := add(t, j, journal.End, last+1, 100); err != nil {
		t.Fatalf("Append of the end to a full journal: %v", err)
	}
}

func testReserve(t *testing.T, j journal.Journal) {
	n := uint64(0)
	for range 5000 {
		n++
		mustAdd(t, j, journal.Message, n, 100)
		j.Release(n)
		e := j.Extent()
		if e.Bytes > 1<<16 {
			t.Fatalf("%d bytes are held, more than the limit", e.Bytes)
		}
		if held := int(e.Last-e.First+1) * 100; e.First > 1 && held < 1<<13 {
			t.Fatalf("only %d bytes are held behind the cursor, the reserve is %d", held, 1<<14)
		}
	}
	// A viewer that stays behind by no more than limit - reserve stops nothing
	// and loses nothing.
	cursor := n
	last := fill(t, j, 100)
	rs, err := j.Read(nil, cursor, 1<<30)
	if err != nil || uint64(len(rs)) != last-cursor || len(rs) == 0 {
		t.Fatalf("after the journal filled, Read gave %d records, %v, want %d", len(rs), err, last-cursor)
	}
}

func testLarge(t *testing.T, j journal.Journal) {
	n := uint64(0)
	for _, size := range []int{100, 40_000, 60_000, 65_000, 20, 65_000, 65_000} {
		n++
		mustAdd(t, j, journal.Message, n, size)
		j.Release(n)
	}
	if err := add(t, j, journal.Message, n+1, 1<<16+1); !errors.Is(err, journal.ErrTooLarge) {
		t.Errorf("Append of more than the limit gave %v, want ErrTooLarge", err)
	}
	mustAdd(t, j, journal.Message, n+1, 100)
}

func testEverything(t *testing.T, j journal.Journal) {
	j.Release(journal.Everything)
	for n := uint64(1); n <= 5000; n++ {
		mustAdd(t, j, journal.Message, n, 100)
	}
	var trimmed *journal.TrimmedError
	if _, err := j.Span(0, 1<<20); !errors.As(err, &trimmed) {
		t.Fatalf("Span from the start gave %v, want a TrimmedError", err)
	}
	rs, err := j.Read(nil, trimmed.First-1, 1<<30)
	if err != nil || len(rs) == 0 || rs[0].Seq != trimmed.First {
		t.Errorf("Read from %d gave %d records, %v", trimmed.First, len(rs), err)
	}
}

func testHeld(t *testing.T, j journal.Journal) {
	j.Release(journal.Everything)
	var held []journal.Record
	for n := uint64(1); n <= 1000; n++ {
		mustAdd(t, j, journal.Message, n, 100)
		rs, err := j.Read(nil, n-1, 1)
		if err != nil || len(rs) != 1 {
			t.Fatal(rs, err)
		}
		held = append(held, rs...)
	}
	for i, r := range held {
		checkRecord(t, r, uint64(i)+1)
	}
}

func testChanged(t *testing.T, j journal.Journal) {
	before := j.Changed()
	select {
	case <-before:
		t.Fatal("Changed before anything did")
	default:
	}
	mustAdd(t, j, journal.Message, 1, 30)
	select {
	case <-before:
	default:
		t.Fatal("Append did not close the channel")
	}
	after := j.Changed()
	select {
	case <-after:
		t.Fatal("Changed again before anything did")
	default:
	}
	j.Close()
	<-after
}

func testClosed(t *testing.T, j journal.Journal) {
	mustAdd(t, j, journal.Message, 1, 30)
	j.Close()
	j.Close()
	if err := add(t, j, journal.Message, 2, 30); !errors.Is(err, journal.ErrClosed) {
		t.Errorf("Append gave %v, want ErrClosed", err)
	}
	if _, err := j.Read(nil, 0, 1); !errors.Is(err, journal.ErrClosed) {
		t.Errorf("Read gave %v, want ErrClosed", err)
	}
	if _, err := j.Span(0, 1); !errors.Is(err, journal.ErrClosed) {
		t.Errorf("Span gave %v, want ErrClosed", err)
	}
	<-j.Changed()
}

// testConcurrent appends at full speed while readers of every kind follow: the
// one that is released for gets all, the others get all or are told.
func testConcurrent(t *testing.T, j journal.Journal) {
	const n = 20_000
	var wg sync.WaitGroup
	progress := make(chan uint64, 1)
	follow := func(lead bool) {
		defer wg.Done()
		var cursor uint64
		for {
			changed := j.Changed()
			rs, err := j.Read(nil, cursor, 4096)
			var trimmed *journal.TrimmedError
			if errors.As(err, &trimmed) && !lead {
				cursor = trimmed.First - 1
				continue
			}
			if err != nil {
				t.Errorf("Read after %d: %v", cursor, err)
				return
			}
			for _, r := range rs {
				if want, _, _ := frame(cursor+1, len(r.Frame)); r.Seq != cursor+1 || !bytes.Equal(r.Frame, want) {
					t.Errorf("record %d is %d, %q", cursor+1, r.Seq, r.Frame)
					return
				}
				cursor = r.Seq
			}
			if lead && len(rs) > 0 {
				select {
				case <-progress:
				default:
				}
				progress <- cursor
			}
			if len(rs) > 0 && rs[len(rs)-1].Kind == journal.End {
				return
			}
			if len(rs) == 0 {
				<-changed
			}
		}
	}
	wg.Add(4)
	go follow(true)
	for range 3 {
		go follow(false)
	}
	for i := uint64(1); i <= n; i++ {
		kind := journal.Message
		if i == n {
			kind = journal.End
		}
		for {
			f, id, data := frame(i, 60)
			_, err := j.Append(kind, f, id, data)
			if err == nil {
				break
			}
			if !errors.Is(err, journal.ErrFull) {
				t.Fatal(err)
			}
			j.Release(<-progress)
		}
	}
	wg.Wait()
}

// testModel compares random operations with a list that forgets nothing: what
// a journal gives is right, what it refuses it may refuse, and it refuses
// nothing that was not released.
func testModel(t *testing.T, open func(*testing.T, Config) journal.Journal) {
	for seed := range uint64(200) {
		rng := rand.New(rand.NewPCG(seed, 1))
		limit := 2000 + rng.IntN(30_000)
		reserve := rng.IntN(limit)
		j := open(t, Config{Limit: limit, Reserve: reserve})
		var sizes []int // of record i+1
		var released, low uint64
		for range 500 {
			switch last := uint64(len(sizes)); rng.IntN(4) {
			case 0, 1:
				size := 20 + rng.IntN(1+rng.IntN(limit/4))
				switch err := add(t, j, journal.Message, last+1, size); {
				case err == nil:
					f, _, _ := frame(last+1, size)
					sizes = append(sizes, len(f))
				case !errors.Is(err, journal.ErrFull) || released == last:
					t.Fatalf("seed %d: Append with %d of %d released gave %v", seed, released, last, err)
				}
			case 2:
				if last > 0 {
					released = released + rng.Uint64N(last-released+1)
					j.Release(released)
				}
			case 3:
				after := rng.Uint64N(last + 1)
				rs, err := j.Read(nil, after, 1+rng.IntN(limit))
				var trimmed *journal.TrimmedError
				if errors.As(err, &trimmed) {
					if trimmed.First > released+1 {
						t.Fatalf("seed %d: record %d was forgotten, but only %d are released", seed, trimmed.First-1, released)
					}
					low = max(low, trimmed.First)
					continue
				}
				if err != nil || after < last && len(rs) == 0 {
					t.Fatalf("seed %d: Read after %d of %d gave %d records, %v", seed, after, last, len(rs), err)
				}
				if after+1 < low {
					t.Fatalf("seed %d: record %d came back after it was forgotten", seed, after+1)
				}
				for i, r := range rs {
					checkRecord(t, r, after+1+uint64(i))
					if len(r.Frame) != sizes[r.Seq-1] {
						t.Fatalf("seed %d: record %d has %d bytes, want %d", seed, r.Seq, len(r.Frame), sizes[r.Seq-1])
					}
				}
			}
			if e := j.Extent(); e.Bytes > limit {
				t.Fatalf("seed %d: %d bytes are held, the limit is %d", seed, e.Bytes, limit)
			}
		}
	}
}
