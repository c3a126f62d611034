// SPDX-License-Identifier: Apache-2.0

package check

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// maxQuoted is how much of what a server sent is shown, in bytes.
const maxQuoted = 48

// quote shows what a server sent, without what a terminal would obey.
func quote(s string) string {
	if len(s) > maxQuoted {
		return strconv.Quote(strings.ToValidUTF8(s[:maxQuoted], "")) + "..."
	}
	return strconv.Quote(s)
}

// quoteURL shows a URL without its password.
func quoteURL(s string) string {
	u, err := url.Parse(s)
	if err != nil {
		return quote(s)
	}
	return u.Redacted()
}

// plural returns the number with the noun.
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// span shows how long something took, as exactly as anybody wants to know.
func span(d time.Duration) string {
	switch {
	case d < 0:
		return "0 ms"
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Round(time.Millisecond).Milliseconds())
	case d < 10*time.Second:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d < 2*time.Minute:
		return fmt.Sprintf("%.0f s", d.Seconds())
	default:
		return fmt.Sprintf("%.0f min", d.Minutes())
	}
}
