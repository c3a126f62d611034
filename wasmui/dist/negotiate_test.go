// SPDX-License-Identifier: Apache-2.0

package dist

import "testing"

func TestNegotiate(t *testing.T) {
	t.Parallel()
	all := &asset{variants: []variant{{coding: brotli}, {coding: gzip}, {coding: identity}}}
	plain := &asset{variants: []variant{{coding: identity}}}
	tests := []struct {
		asset  *asset
		header []string
		want   string
	}{
		// No header says nothing of what can be read.
		{all, nil, identity},
		{all, []string{""}, identity},
		// Chromium's, Firefox's, curl's and an old proxy's.
		{all, []string{"gzip, deflate, br, zstd"}, brotli},
		{all, []string{"gzip, deflate"}, gzip},
		{all, []string{"deflate, gzip, br"}, brotli},
		{all, []string{"x-gzip"}, gzip},
		// Weights.
		{all, []string{"br;q=0.5, gzip;q=0.8"}, gzip},
		{all, []string{"br;q=0.8, gzip;q=0.8"}, brotli},
		{all, []string{"br;q=0, gzip;q=0.001"}, gzip},
		{all, []string{"br;q=0"}, identity},
		{all, []string{"identity, br;q=0.5"}, identity},
		{all, []string{"BR ; Q=1.0"}, brotli},
		{all, []string{"gzip", "br;q=0.9"}, gzip},
		// Stars.
		{all, []string{"*"}, brotli},
		{all, []string{"*;q=0.5, gzip"}, gzip},
		{all, []string{"*, br;q=0"}, gzip},
		{all, []string{"br, *;q=0"}, brotli},
		{plain, []string{"br, *;q=0"}, ""},
		{plain, []string{"*;q=0, identity;q=0.1"}, identity},
		{plain, []string{"identity;q=0"}, ""},
		{plain, []string{"br"}, identity},
		// What cannot be understood is not offered.
		{all, []string{"br;q=high"}, identity},
		{all, []string{"br;q=-1, gzip;q=2"}, identity},
		{all, []string{"br;q=NaN"}, identity},
		{all, []string{",,;q=1,"}, identity},
		{all, []string{"br;level=11"}, brotli},
	}
	for _, tt := range tests {
		var got string
		if v := tt.asset.negotiate(tt.header); v != nil {
			got = v.coding
		}
		if got != tt.want {
			t.Errorf("Accept-Encoding %q of %d variants: %q, want %q", tt.header, len(tt.asset.variants), got, tt.want)
		}
	}
}
