// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"strings"

	"github.com/maxence-charriere/go-app/v10/pkg/app"
)

// comment shows a comment of a proto file: its first sentence, and the rest where
// a person asks for it. id is that of the first sentence, "" for none.
func comment(id, content string) app.UI {
	first, rest := splitComment(content)
	if rest == "" {
		return with(node("p", "explore-comment", inline(first)...), "id", id)
	}
	return node("details", "explore-comment",
		node("summary", "", with(node("span", "", inline(first)...), "id", id)),
		node("p", "", inline(rest)...),
	)
}

// inline sets what stands between backquotes as code.
func inline(content string) []app.UI {
	parts := strings.Split(content, "`")
	return each(len(parts), func(i int) app.UI {
		if i%2 == 1 && i < len(parts)-1 {
			return text("code", "", parts[i])
		}
		return app.Text(parts[i])
	})
}

func firstSentence(content string) string {
	first, _ := splitComment(content)
	return first
}

// splitComment parts a comment after its first sentence. Lines are joined, as
// they were broken for another width; paragraphs stay.
func splitComment(content string) (first, rest string) {
	var paragraphs []string
	for p := range strings.SplitSeq(content, "\n\n") {
		if p = strings.Join(strings.Fields(p), " "); p != "" {
			paragraphs = append(paragraphs, p)
		}
	}
	if len(paragraphs) == 0 {
		return "", ""
	}
	first = paragraphs[0]
	if at := sentenceEnd(first); at < len(first) {
		paragraphs[0], first = strings.TrimSpace(first[at:]), first[:at]
	} else {
		paragraphs = paragraphs[1:]
	}
	return first, strings.Join(paragraphs, "\n\n")
}

// sentenceEnd gives the end of the first sentence: a point that a capital letter
// follows, so that none of "e.g. this" is.
func sentenceEnd(text string) int {
	for i := 0; i+2 < len(text); i++ {
		if next := text[i+2]; strings.IndexByte(".!?", text[i]) >= 0 && text[i+1] == ' ' && (next < 'a' || next > 'z') {
			return i + 1
		}
	}
	return len(text)
}
