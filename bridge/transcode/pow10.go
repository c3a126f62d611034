// SPDX-License-Identifier: Apache-2.0

package transcode

import "math/big"

// The powers of ten by which doubles are scaled: those that are 10^-k for the
// k of shortest64, from the largest double to the smallest.
const (
	minPower = -292
	maxPower = 324
)

// pow10 is a power of ten without its binary exponent: 128 bits of which the
// highest is set, rounded up past the exact value.
type pow10 struct{ high, low uint64 }

// powersOfTen are the powers from minPower on, 10 KB that take a fraction of a
// millisecond to work out.
var powersOfTen = makePowersOfTen()

func makePowersOfTen() (table [maxPower - minPower + 1]pow10) {
	var (
		ten  = big.NewInt(10)
		one  = big.NewInt(1)
		mask = new(big.Int).SetUint64(1<<64 - 1)
	)
	for i := range table {
		power := i + minPower
		exact := new(big.Int).Exp(ten, big.NewInt(int64(max(power, -power))), nil)
		g := new(big.Int)
		if power >= 0 {
			if n := exact.BitLen() - 128; n > 0 {
				g.Rsh(exact, uint(n))
			} else {
				g.Lsh(exact, uint(-n))
			}
		} else {
			// 1/10^n has the bits of 2^m/10^n; with this m there are 128.
			g.Lsh(one, uint(exact.BitLen()+127))
			g.Quo(g, exact)
		}
		g.Add(g, one)
		table[i] = pow10{high: new(big.Int).Rsh(g, 64).Uint64(), low: new(big.Int).And(g, mask).Uint64()}
	}
	return table
}
