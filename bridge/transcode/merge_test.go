// SPDX-License-Identifier: Apache-2.0

package transcode

import (
	"bytes"
	"testing"
)

// needsMerging runs a program's tight path alone.
func needsMerging(p *Program, wire []byte) bool {
	r := &run{prog: p, wire: wire, limit: p.opts.maxOutput}
	_, err := r.message(nil, p.root, 0, len(wire), MaxDepth-1)
	return err == errOdd
}

func TestOddWire(t *testing.T) {
	t.Parallel()
	plain := variant{"without defaults", []Option{WithoutDefaults()}, variants()[3].oracle}
	for _, tt := range oddWires {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			wire := tt.wire.Marshal()
			md := testSchema().message(t, tt.message)
			p := plain.compile(t, md)
			got, err := p.AppendJSON(nil, wire)
			if tt.want == "" {
				if err == nil {
					t.Errorf("got %s, want an error", got)
				}
			} else if err != nil || string(got) != tt.want {
				t.Errorf("got %s, error %v, want %s", got, err, tt.want)
			}
			if merged := needsMerging(p, wire); merged != tt.merged {
				t.Errorf("needs merging: %v, want %v", merged, tt.merged)
			}
			for _, v := range variants() {
				v.checkOracle(t, v.compile(t, md), wire)
			}
		})
	}
}

// TestEncodersNeedNoMerging holds the tight path to what it is for: whatever an
// encoder writes in one go.
func TestEncodersNeedNoMerging(t *testing.T) {
	t.Parallel()
	v := variants()[0]
	for _, s := range append(written(t), filled(t)...) {
		if needsMerging(v.compile(t, s.desc), s.wire) {
			t.Errorf("%s has to be merged", s.name)
		}
	}
}

// TestMergingLeavesNothingToMerge holds that what merge gives is what the tight
// path takes.
func TestMergingLeavesNothingToMerge(t *testing.T) {
	t.Parallel()
	v := variants()[0]
	for _, s := range append(written(t), filled(t)...) {
		p := v.compile(t, s.desc)
		twice := append(bytes.Clone(s.wire), s.wire...)
		merged, err := merge(p, twice, DefaultMaxOutput)
		if err != nil {
			if _, refused := p.AppendJSON(nil, s.wire); refused == nil {
				t.Errorf("%s: %v", s.name, err)
			}
			continue
		}
		if needsMerging(p, merged) {
			t.Errorf("%s has to be merged again", s.name)
		}
	}
}
