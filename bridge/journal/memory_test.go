// SPDX-License-Identifier: Apache-2.0

package journal_test

import (
	"errors"
	"testing"

	"sluice/bridge/journal"
	"sluice/bridge/journal/journaltest"
)

func TestMemory(t *testing.T) {
	t.Parallel()
	journaltest.Run(t, func(_ testing.TB, c journaltest.Config) journal.Journal {
		return journal.NewMemory(journal.MemoryConfig{Limit: c.Limit, Reserve: c.Reserve, After: c.After})
	})
}

// A budget that is always spent takes away the past, never what is to be read.
func TestMemoryWithoutBudget(t *testing.T) {
	t.Parallel()
	budget := journal.NewBudget(1)
	j := journal.NewMemory(journal.MemoryConfig{Budget: budget})
	frame := make([]byte, 300)
	for n := uint64(1); n <= 100; n++ {
		for {
			_, err := j.Append(journal.Message, frame, journal.Window{}, journal.Window{})
			if err == nil {
				break
			}
			if !errors.Is(err, journal.ErrFull) {
				t.Fatal(err)
			}
			if j.Extent().First == n {
				t.Fatalf("record %d: refused although all is read", n)
			}
			j.Release(n - 1)
		}
	}
	select {
	case <-budget.Pressure():
	default:
		t.Error("the budget did not say that it is spent")
	}
	j.Close()
	if got := budget.Used(); got != 0 {
		t.Errorf("%d bytes of the budget are still taken after Close", got)
	}
}

func TestBudgetIsSharedAndGivenBack(t *testing.T) {
	t.Parallel()
	budget := journal.NewBudget(64 << 10)
	var js []*journal.Memory
	for range 4 {
		j := journal.NewMemory(journal.MemoryConfig{Limit: 32 << 10, Budget: budget})
		js = append(js, j)
		for {
			if _, err := j.Append(journal.Message, make([]byte, 1000), journal.Window{}, journal.Window{}); err != nil {
				break
			}
		}
	}
	if got := budget.Used(); got > budget.Limit()+int64(len(js))*2048 {
		t.Errorf("four journals hold %d bytes together, the budget is %d", got, budget.Limit())
	}
	for _, j := range js {
		j.Close()
	}
	if got := budget.Used(); got != 0 {
		t.Errorf("%d bytes are taken by no journal", got)
	}
}

func BenchmarkAppend(b *testing.B) {
	j := journal.NewMemory(journal.MemoryConfig{})
	frame := make([]byte, 160)
	b.ReportAllocs()
	b.SetBytes(int64(len(frame)))
	for b.Loop() {
		n, err := j.Append(journal.Message, frame, journal.Window{}, journal.Window{})
		if err != nil {
			b.Fatal(err)
		}
		j.Release(n)
	}
}
