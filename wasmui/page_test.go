// SPDX-License-Identifier: Apache-2.0

//go:build !js

package main

import "testing"

func TestCanonical(t *testing.T) {
	t.Parallel()
	tests := []struct{ in, want string }{
		{`<p>`, `<p>`},
		{`<p id="b" class="a">x</p>`, `<p class="a" id="b">x</p>`},
		{`<a aria-hidden href="/">`, `<a aria-hidden="true" href="/">`},
		{`<a data-empty>`, `<a data-empty="true">`},
		{`<input type="text" disabled>`, `<input disabled type="text">`},
		{`<input disabled="false" checked="false" spellcheck="false">`, `<input spellcheck="false">`},
		{`<p title="a \"b\" <c> & d">`, `<p title="a &quot;b&quot; &lt;c> &amp; d">`},
		{`<p title="a > b" id="x">`, `<p id="x" title="a > b">`},
		{`a < b and c > d`, `a < b and c > d`},
		{`<svg viewBox="0 0 1 1" aria-hidden="true">`, `<svg aria-hidden="true" viewBox="0 0 1 1">`},
	}
	for _, tt := range tests {
		if got := canonical(tt.in); got != tt.want {
			t.Errorf("%s\nbecame %s\nwant   %s", tt.in, got, tt.want)
		}
	}
}
