// SPDX-License-Identifier: Apache-2.0

package backend

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"math"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	numbersv1 "sluice/proto/gen/sluice/numbers/v1"
)

var tokenForm = regexp.MustCompile(`^[A-Za-z0-9_-]{1,63}$`)

// randomPlan returns any valid plan and a place that a stream of it may be at,
// the greatest values included.
func randomPlan(tb testing.TB, r *rand.Rand) (plan, place) {
	tb.Helper()
	number := func() uint32 {
		if r.IntN(4) == 0 {
			return math.MaxUint32
		}
		return r.Uint32() >> r.IntN(32)
	}
	pauses := []int64{r.Int64N(int64(MaxPause) + 1), r.Int64N(int64(MaxPause) + 1), int64(MaxPause), 0}
	a, b := pauses[r.IntN(4)], pauses[r.IntN(4)]
	req := &numbersv1.GenerateRequest{
		Sequence: numbersv1.Sequence(1 + r.IntN(len(kinds))),
		Count:    number(),
		Seed:     max(1, number()),
		MinPause: &durationpb.Duration{Seconds: min(a, b) / 1e9, Nanos: int32(min(a, b) % 1e9)},
		MaxPause: &durationpb.Duration{Seconds: max(a, b) / 1e9, Nanos: int32(max(a, b) % 1e9)},
	}
	req.Endless = req.Count == 0
	if kinds[req.Sequence].bounded {
		lower, upper := r.NormFloat64(), r.NormFloat64()
		if r.IntN(2) == 0 {
			req.LowerBound = proto.Float64(min(lower, upper, 2))
		}
		if r.IntN(2) == 0 {
			req.UpperBound = proto.Float64(max(lower, upper, -2) + 0.5)
		}
	}
	p := mustPlan(tb, req)
	at := place{position: max(1, number())}
	if p.count != 0 {
		at.position = min(at.position, p.count)
	}
	switch p.sequence {
	case numbersv1.Sequence_SEQUENCE_FIBONACCI:
		at.position = min(at.position, fibonacciLast)
	case numbersv1.Sequence_SEQUENCE_PRIMES:
		at.state = int64(nextPrime(r.Uint64N(primeLimit / 2)))
	case numbersv1.Sequence_SEQUENCE_RANDOM_WALK:
		lower, upper := walkRange(p.lower, p.upper)
		reach := int64(at.position) * walkUnits
		at.state = min(max(walkStart(lower, upper)+r.Int64N(2*reach+1)-reach, lower), upper)
	}
	return p, at
}

func TestTokensHoldEverything(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	longest := 0
	for range 20_000 {
		p, at := randomPlan(t, r)
		token := newTokenWriter(p).write(at)
		if !tokenForm.MatchString(token) {
			t.Fatalf("%+v at %+v: token %q", p, at, token)
		}
		longest = max(longest, len(token))
		gotPlan, gotPlace, err := readToken(token)
		if err != nil {
			t.Fatalf("%+v at %+v: %v", p, at, err)
		}
		if gotPlan != p || gotPlace != at {
			t.Fatalf("%+v at %+v came back as %+v at %+v", p, at, gotPlan, gotPlace)
		}
	}
	if longest != maxTokenLetters {
		t.Errorf("the longest token has %d letters, and %d are allowed for", longest, maxTokenLetters)
	}
}

// Tokens of version 1 that were given out must be taken for ever.
func TestGoldenTokens(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		req   *numbersv1.GenerateRequest
		at    place
		token string
	}{
		{"counting", &numbersv1.GenerateRequest{Seed: goldenSeed}, place{position: 3}, "EQAAABABNSUFAAGGoAAPQkAAAAADuXnL6Q"},
		{"uniform", &numbersv1.GenerateRequest{Seed: goldenSeed, Sequence: seqUniform, Endless: true}, place{position: 4_000_000_000}, "EgAAAAABNSUFAAGGoAAPQkAAAAAAAAAAAD_wAAAAAAAA7msoAC_o7NE"},
		{"normal", &numbersv1.GenerateRequest{Seed: goldenSeed, Sequence: seqNormal, Count: 9}, place{position: 9}, "EwAAAAkBNSUFAAGGoAAPQkD_8AAAAAAAAH_wAAAAAAAAAAAACVcCJjY"},
		{"random walk", &numbersv1.GenerateRequest{Seed: goldenSeed, Sequence: seqWalk, LowerBound: proto.Float64(-5)}, place{position: 5, state: -12345}, "FAAAABABNSUFAAGGoAAPQkDAFAAAAAAAAH_wAAAAAAAAAAAABf_____Px6-QMtY"},
		{"primes", unpaced(&numbersv1.GenerateRequest{Seed: goldenSeed, Sequence: seqPrimes}), place{position: 2, state: 3}, "FQAAABABNSUFAAAAAAAAAAAAAAACAAAAAAAD6rMVmg"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := mustPlan(t, tt.req)
			if got := newTokenWriter(p).write(tt.at); got != tt.token {
				t.Errorf("wrote %q, want %q", got, tt.token)
			}
			gotPlan, gotPlace, err := readToken(tt.token)
			if err != nil || gotPlan != p || gotPlace != tt.at {
				t.Errorf("read %+v at %+v, %v; want %+v at %+v", gotPlan, gotPlace, err, p, tt.at)
			}
		})
	}
}

// Whatever one or two bits of a token are changed to, or however it is cut or
// lengthened, it is refused.
func TestDamagedTokens(t *testing.T) {
	t.Parallel()
	p := mustPlan(t, &numbersv1.GenerateRequest{Seed: goldenSeed, Sequence: seqWalk, LowerBound: proto.Float64(-5), UpperBound: proto.Float64(5)})
	token := newTokenWriter(p).write(place{position: 5, state: -12345})
	refused := func(damaged string) {
		t.Helper()
		if _, _, err := readToken(damaged); err == nil {
			t.Errorf("%q is taken", damaged)
		}
	}
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		t.Fatal(err)
	}
	for i := range len(raw) * 8 {
		raw[i/8] ^= 1 << (i % 8)
		refused(base64.RawURLEncoding.EncodeToString(raw))
		for j := range i {
			raw[j/8] ^= 1 << (j % 8)
			refused(base64.RawURLEncoding.EncodeToString(raw))
			raw[j/8] ^= 1 << (j % 8)
		}
		raw[i/8] ^= 1 << (i % 8)
	}
	for n := range len(token) {
		refused(token[:n])
		refused(token[n+1:])
	}
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/=\n\r \x00é"
	for _, letter := range letters {
		refused(token + string(letter))
		refused(string(letter) + token)
		// The last letter has spare bits, which must be 0.
		if last := token[len(token)-1:]; string(letter) != last {
			refused(token[:len(token)-1] + string(letter))
		}
	}
	refused(token + token)
	refused(strings.Repeat("A", 1<<20))
}

// A token is refused for what is wrong with it.
func TestWhatIsSaidOfTokens(t *testing.T) {
	t.Parallel()
	const token = "EQAAABABNSUFAAGGoAAPQkAAAAADuXnL6Q"
	for _, tt := range []struct {
		text string
		want error
	}{
		{"bad", errTokenLength},
		{strings.Repeat("A", maxTokenLetters+1), errTokenLength},
		{"FQAAABABNSUFAAAAAAAAAAAAAAACAAAAAAAD6rMVm", errTokenLength}, // one of primes without its last letter
		{token + "AAA", errTokenLength},
		{token[:20] + "*" + token[21:], errTokenLetters},
		{token[:20] + "\n" + token[20:], errTokenLetters},
		{"8" + token[1:], errTokenVersion},
		{token[:20] + "B" + token[21:], errTokenDamaged},
		{token[:len(token)-1] + "R", errTokenDamaged}, // a spare bit
	} {
		if _, _, err := readToken(tt.text); !errors.Is(err, tt.want) {
			t.Errorf("%q: %v, want %v", tt.text, err, tt.want)
		}
	}
}

// seal makes a token of any bytes: what somebody could who knows the checksum.
func seal(body []byte) string {
	return base64.RawURLEncoding.EncodeToString(binary.BigEndian.AppendUint32(body, crc32.Checksum(body, tokenTable)))
}

// A token with a right checksum is held to the rules of a request all the same.
func TestForgedTokens(t *testing.T) {
	t.Parallel()
	endless := func(sequence numbersv1.Sequence) plan {
		return mustPlan(t, unpaced(&numbersv1.GenerateRequest{Sequence: sequence, Endless: true, Seed: 1}))
	}
	with := func(p plan, change func(*plan)) plan {
		change(&p)
		return p
	}
	finite := mustPlan(t, &numbersv1.GenerateRequest{Count: 5, Seed: 1})
	bounded := mustPlan(t, &numbersv1.GenerateRequest{Sequence: seqWalk, Seed: 1, LowerBound: proto.Float64(3), UpperBound: proto.Float64(4)})
	tests := []struct {
		name string
		plan plan
		at   place
	}{
		{"position 0", finite, place{}},
		{"position after the last", finite, place{position: 6}},
		{"no seed", with(finite, func(p *plan) { p.seed = 0 }), place{position: 1}},
		{"longest pause under the shortest", with(finite, func(p *plan) { p.maxPause = 1 }), place{position: 1}},
		{"pause over the limit", with(finite, func(p *plan) { p.maxPause = 3_600_000_001 }), place{position: 1}},
		{"bound not a number", with(endless(seqUniform), func(p *plan) { p.lower = math.NaN() }), place{position: 1}},
		{"uniform without a bound", with(endless(seqUniform), func(p *plan) { p.upper = math.Inf(1) }), place{position: 1}},
		{"bounds the wrong way round", with(endless(seqUniform), func(p *plan) { p.upper = -1 }), place{position: 1}},
		{"improbable normal", with(endless(seqNormal), func(p *plan) { p.lower = 9 }), place{position: 1}},
		{"walk too far", with(endless(seqWalk), func(p *plan) { p.upper = 2e9 }), place{position: 1}},
		{"walk faster than its steps", endless(seqWalk), place{position: 2, state: 2*walkUnits + 1}},
		{"walk under its bound", bounded, place{position: 2, state: 3*walkUnits - 1}},
		{"walk over its bound", bounded, place{position: 2, state: 4*walkUnits + 1}},
		{"a composite", endless(seqPrimes), place{position: 4, state: 9}},
		{"no prime yet", endless(seqPrimes), place{position: 4}},
		{"a negative prime", endless(seqPrimes), place{position: 4, state: -7}},
		{"a prime out of reach", endless(seqPrimes), place{position: 4, state: 1<<37 + 9}},
		{"a Fibonacci number that there is not", endless(numbersv1.Sequence_SEQUENCE_FIBONACCI), place{position: 79}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if _, _, err := readToken(newTokenWriter(tt.plan).write(tt.at)); !errors.Is(err, errTokenContents) {
				t.Errorf("got %v, want %v", err, errTokenContents)
			}
		})
	}
	body := make([]byte, tokenSize(kinds[seqCounting])-tokenChecksum)
	body[0] = tokenVersion << 4 // a sequence that there is not
	if _, _, err := readToken(seal(body)); !errors.Is(err, errTokenContents) {
		t.Errorf("sequence 0: got %v", err)
	}
	body[0] = 2<<4 | byte(seqCounting)
	if _, _, err := readToken(seal(body)); !errors.Is(err, errTokenVersion) {
		t.Errorf("version 2: got %v", err)
	}
}

// FuzzReadToken: what is taken is, letter by letter, what would be written; and
// a stream can go on from it.
func FuzzReadToken(f *testing.F) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 30 {
		p, at := randomPlan(f, r)
		token := newTokenWriter(p).write(at)
		raw, _ := base64.RawURLEncoding.DecodeString(token)
		f.Add(token, raw[:len(raw)-tokenChecksum])
	}
	f.Add("", []byte{})
	f.Fuzz(func(t *testing.T, text string, body []byte) {
		// The body is tried with a right checksum: no fuzzer finds one.
		for _, token := range []string{text, seal(body)} {
			p, at, err := readToken(token)
			if err != nil {
				continue
			}
			if again := newTokenWriter(p).write(at); again != token {
				t.Errorf("%q was taken as %q", token, again)
			}
			if !p.valid() || p.done(place{}) {
				t.Errorf("%q holds %+v", token, p)
			}
			take(p, at, 3)
		}
	})
}
