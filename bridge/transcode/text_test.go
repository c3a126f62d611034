// SPDX-License-Identifier: Apache-2.0

package transcode

import (
	"strings"
	"testing"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// checkString holds appendString to protojson, which writes a StringValue as
// the string in it, and to utf8.Valid.
func checkString(t *testing.T, s string) {
	t.Helper()
	got, ok := appendString([]byte("x"), []byte(s))
	if valid := utf8.ValidString(s); ok != valid {
		t.Errorf("%x: taken as UTF-8: %v, want %v", s, ok, valid)
		return
	}
	if !ok {
		return
	}
	want, err := protojson.Marshal(wrapperspb.String(s))
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != "x"+string(want) {
		t.Errorf("%x: got %s, want %s", s, got[1:], want)
	}
}

// TestStrings puts every byte, and every kind of character good and bad, at
// every place that a stretch of eight bytes has, between ASCII and between
// others.
func TestStrings(t *testing.T) {
	t.Parallel()
	var parts []string
	for c := range 256 {
		parts = append(parts, string([]byte{byte(c)}))
	}
	parts = append(
		parts,
		"", "é", "ßé", "ж", "жи", "жизнь", "数", "数字", "数字流", "🙂", "🙂🚀", "\u2028", "\ufffd", "\uffff", "\U0010ffff", "\u0800", "\u07ff", "\u0080",
		"\ud7ff", "\ue000", "\U00010000",
		"\xc0\x80", "\xc1\xbf", "\xc2", "\xc2\x41", "\xdf\xc0", // two bytes
		"\xe0\x80\x80", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xed\xbf\xbf", "\xe2\x82", "\xe2\x28\xa1", "\xe2\x82\x28", // three
		"\xf0\x80\x80\x80", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xf0\x9f\x99", "\xf0\x9f\x28\x82", "\xf8\x88\x80\x80\x80", // four
		"\xc3\xa9\xc0\x80", "\xe6\x95\xb0\xed\xa0\x80", "\xe6\x95\xb0\xe0\x80\x80", // a bad one behind a good one
		"é\"", "\"é", "\\", "\\\\\\\\", "a\nb\nc\nd\ne\nf",
	)
	for _, part := range parts {
		for before := range 10 {
			for _, after := range []int{0, 1, 7, 8, 17} {
				checkString(t, strings.Repeat("a", before)+part+strings.Repeat("z", after))
				checkString(t, strings.Repeat("ж", before)+part+strings.Repeat("数", after))
				checkString(t, strings.Repeat("数", before)+part+strings.Repeat("🙂", after))
			}
		}
	}
}

// TestEveryTwoBytes puts all pairs of bytes in front of text that makes some of
// them characters.
func TestEveryTwoBytes(t *testing.T) {
	t.Parallel()
	for _, rest := range []string{"", "\x80", "\xbf\xbf", "\x80\x80 and more", "\xbf\xbf\xbf\xbf\xbf\xbf\xbf\xbf"} {
		for pair := range 1 << 16 {
			s := string([]byte{byte(pair >> 8), byte(pair)}) + rest
			if _, ok := appendString(nil, []byte(s)); ok != utf8.ValidString(s) {
				t.Fatalf("%x: taken as UTF-8: %v", s, ok)
			}
		}
	}
}

func FuzzString(f *testing.F) {
	for _, s := range []string{"", "plain", "größer", "数字流", "🙂", "\xed\xa0\x80", "quote \" and \\", "\x00\x1f\x7f"} {
		f.Add(s)
	}
	f.Fuzz(checkString)
}
