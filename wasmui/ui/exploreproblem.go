// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"strings"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"sluice/wasmui/events"
	"sluice/wasmui/stream"
)

// problem shows how a run ended, where there is more to say than that it did:
// its error with all the server says of it, or the trailers of a good end.
func (x *Explore) problem(v runView) app.UI {
	return node("div", "run-end",
		with(node("div", "problem", x.failure(v.Failure)...), "role", "alert"),
		when(v.Failure == nil && strings.Count(v.End, ":") > 1, func() app.UI { return fullJSON("The end in full", v.End) }),
	)
}

func (x *Explore) failure(err *stream.Error) []app.UI {
	if err == nil {
		return nil
	}
	title := "The call failed"
	if len(err.Violations) > 0 {
		title = "The request was refused"
	}
	said := false
	for _, v := range err.Violations {
		said = said || strings.Contains(err.Message, v.Description)
	}
	return []app.UI{node("div", "problem-body",
		node("div", "problem-head",
			text("h3", "", title),
			when(err.Code != "", func() app.UI { return text("code", "problem-code", err.Code) }),
		),
		when(!said, func() app.UI { return text("p", "problem-message", sentence(err.Message)) }),
		when(len(err.Violations) > 0, func() app.UI {
			return node("ul", "problem-fields", each(len(err.Violations), func(i int) app.UI {
				f := err.Violations[i]
				return node("li", "",
					button("link", f.Field, func(app.Context, app.Event) { x.showField(f.Field) }, f.Field),
					text("span", "", sentence(f.Description)),
				)
			})...)
		}),
		when(strings.Contains(err.Status, `"details"`), func() app.UI { return fullJSON("All that the server says", err.Status) }),
	)}
}

// fullJSON shows JSON where a person asks for it.
func fullJSON(label, json string) app.UI {
	html, _ := events.AppendJSON([]byte(`<pre class="json" tabindex="0" role="group" aria-label="JSON">`), []byte(json))
	return node("details", "explore-fold",
		text("summary", "", label),
		app.Raw(string(append(html, "</pre>"...))),
	)
}
