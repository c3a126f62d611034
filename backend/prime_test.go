// SPDX-License-Identifier: Apache-2.0

package backend

import "testing"

func TestNextPrimeAgainstSieve(t *testing.T) {
	t.Parallel()
	const limit = 2_000_000
	composite := make([]bool, limit)
	prime := uint64(0)
	for n := uint64(2); n < limit; n++ {
		if composite[n] {
			continue
		}
		for m := n * n; m < limit; m += n {
			composite[m] = true
		}
		if prime = nextPrime(prime); prime != n {
			t.Fatalf("got %d where the next prime is %d", prime, n)
		}
	}
}

// The composites are strong pseudoprimes to the bases named, the classic ones
// by which a wrong set of bases gives itself away.
func TestIsPrime(t *testing.T) {
	t.Parallel()
	tests := []struct {
		n    uint64
		want bool
		why  string
	}{
		{0, false, ""},
		{1, false, ""},
		{2, true, ""},
		{37, true, "the last trial prime"},
		{trialEnd, false, "41²"},
		{2047, false, "base 2"},
		{3_215_031_751, false, "bases 2, 3, 5, 7"},
		{4_759_123_141, false, "bases 2, 7, 61"},
		{4_759_123_129, true, "the last prime below it"},
		{4_294_967_291, true, "the last prime below 2^32"},
		{4_294_967_311, true, "the first prime above 2^32"},
		{25_326_001, false, "bases 2, 3, 5"},
		{104_484_802_043, true, "where positions run out, or nearly"},
		{primeLimit - 25, true, "the last prime below 2^37"},
	}
	for _, tt := range tests {
		if got := isPrime(tt.n); got != tt.want {
			t.Errorf("isPrime(%d) is %v (%s)", tt.n, got, tt.why)
		}
	}
}

func TestPrimesNearTheEndOfPositions(t *testing.T) {
	t.Parallel()
	// Primes around 1e11, which everybody can look up.
	want := []uint64{100_000_000_003, 100_000_000_019, 100_000_000_057, 100_000_000_063, 100_000_000_069}
	p := uint64(100_000_000_000)
	for _, w := range want {
		if p = nextPrime(p); p != w {
			t.Fatalf("got %d, want %d", p, w)
		}
	}
}
