// SPDX-License-Identifier: Apache-2.0

//go:build !race

package transcode

import (
	"errors"
	"testing"
)

// These are not built with the race detector, under which pools forget at
// random and untouched memory is touched.

// TestNoAllocations holds that the tight path allocates nothing once it has met
// what it runs on.
func TestNoAllocations(t *testing.T) {
	for _, v := range variants() {
		for _, s := range append(written(t), filled(t)...) {
			p := v.compile(t, s.desc)
			buf, err := p.AppendJSON(nil, s.wire)
			if err != nil {
				continue
			}
			n := testing.AllocsPerRun(10, func() {
				if buf, err = p.AppendJSON(buf[:0], s.wire); err != nil {
					t.Fatal(err)
				}
			})
			if n != 0 {
				t.Errorf("%s, %s: %v allocations", s.name, v.name, n)
			}
		}
	}
}

// TestNoAllocationsForText holds the same for reading a field.
func TestNoAllocationsForText(t *testing.T) {
	s := textSample(t, "number", "sluice.numbers.v1.GenerateResponse", `position: 5 resume_token: "AAAA"`)
	for _, path := range []string{"position", "resume_token", "create_time.seconds"} {
		f, err := CompileField(s.desc, path)
		if err != nil {
			t.Fatal(err)
		}
		buf := make([]byte, 0, 100)
		n := testing.AllocsPerRun(100, func() {
			if _, _, err := f.AppendText(buf, s.wire); err != nil {
				t.Fatal(err)
			}
		})
		if n != 0 {
			t.Errorf("%s: %v allocations", path, n)
		}
	}
}

func TestErrorOfTooMuchWire(t *testing.T) {
	t.Parallel()
	p := variants()[0].compile(t, testSchema().message(t, "sluice.test.shapes.Nothing"))
	// Never written to, so that no memory is behind it.
	if _, err := p.AppendJSON(nil, make([]byte, MaxWire+1)); !errors.Is(err, ErrTooLarge) {
		t.Errorf("got %v, want ErrTooLarge", err)
	}
}
