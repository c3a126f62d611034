// SPDX-License-Identifier: Apache-2.0

//go:build !js

package main

import (
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/maxence-charriere/go-app/v10/pkg/app"
)

// renderPage gives the HTML of a page as it is before the program runs: what a
// person sees first, and what stays where there is no WebAssembly.
func renderPage(root app.Composer) (string, error) {
	html := canonical(app.HTMLString(root))
	if !strings.Contains(html, "<main") {
		return "", errors.New("the page rendered to nothing")
	}
	return html, nil
}

var (
	openTag   = regexp.MustCompile(`<([a-z][a-z0-9]*)((?: [a-zA-Z:-]+(?:="(?:[^"\\]|\\.)*")?)+)>`)
	attribute = regexp.MustCompile(` ([a-zA-Z:-]+)(?:=("(?:[^"\\]|\\.)*"))?`)
)

// canonical puts right what go-app's renderer gets wrong, and makes the same
// page the same bytes. It writes attributes in the order of a map, quotes their
// values as Go does rather than as HTML does, drops the value "true", which ARIA
// attributes cannot do without, and writes "false" where being there at all means
// true.
func canonical(html string) string {
	return openTag.ReplaceAllStringFunc(html, func(tag string) string {
		m := openTag.FindStringSubmatch(tag)
		attrs := attribute.FindAllStringSubmatch(m[2], -1)
		slices.SortFunc(attrs, func(a, b []string) int { return strings.Compare(a[1], b[1]) })
		var out strings.Builder
		out.WriteString("<" + m[1])
		for _, a := range attrs {
			if a[2] == `"false"` && slices.Contains(booleans, a[1]) {
				continue
			}
			out.WriteString(" " + a[1])
			switch value, err := strconv.Unquote(a[2]); {
			case err == nil:
				out.WriteString(`="` + htmlAttribute.Replace(value) + `"`)
			case strings.HasPrefix(a[1], "aria-"), strings.HasPrefix(a[1], "data-"):
				out.WriteString(`="true"`)
			}
		}
		out.WriteString(">")
		return out.String()
	})
}

// booleans are the attributes of the page that mean true by being there.
var booleans = []string{"checked", "disabled", "hidden", "novalidate"}

var htmlAttribute = strings.NewReplacer("&", "&amp;", `"`, "&quot;", "<", "&lt;")
