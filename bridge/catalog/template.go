// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// maxTemplateSegments bounds how long a path template is, and with it how deep
// looking up a path goes. Templates come from backends.
const maxTemplateSegments = 64

// Segments of a template that are no text.
const (
	oneSegment  = "*"
	allSegments = "**"
)

// template is a path with variables, in the language of google.api.http:
//
//	Template  = "/" Segments [ ":" LITERAL ] .
//	Segments  = Segment { "/" Segment } .
//	Segment   = "*" | "**" | LITERAL | Variable .
//	Variable  = "{" FieldPath [ "=" Segments ] "}" .
//	FieldPath = IDENT { "." IDENT } .
//
// A "*" is one segment that is not empty, a "**" any number of them, and nothing
// but the verb after the colon comes behind it. A variable without segments of
// its own is one segment, and none is in another. Source of the language:
// google/api/http.proto in https://github.com/googleapis/googleapis.
type template struct {
	text      string
	segments  []string // a literal, oneSegment or allSegments
	verb      string   // what comes after the colon, or ""
	variables []variable
}

// variable is a part of a template that is given to a field of the request.
type variable struct {
	field    string // its path, in proto names joined by dots
	from, to int    // segments of the template; to is -1 where they end in allSegments
}

// parseTemplate reads a template. Its errors go after "the path".
func parseTemplate(text string) (*template, error) {
	rest, ok := strings.CutPrefix(text, "/")
	if !ok {
		return nil, errors.New("must begin with a slash")
	}
	t := &template{text: text}
	for more := true; more; {
		var err error
		if rest, err = t.parsePart(rest); err != nil {
			return nil, err
		}
		rest, more = strings.CutPrefix(rest, "/")
	}
	if verb, ok := strings.CutPrefix(rest, ":"); ok {
		if !isLiteral(verb) || strings.Contains(verb, ":") {
			return nil, errors.New("must have letters, digits, or some of -._~!$&'()+,;=@ after the colon at its end")
		}
		t.verb, rest = verb, ""
	}
	if rest != "" {
		return nil, fmt.Errorf("must have a slash, or a colon and no slash, before %s", quote(rest))
	}
	return t, t.check()
}

// parsePart reads a segment, or a variable, at the beginning of text, and
// returns what comes after it.
func (t *template) parsePart(text string) (rest string, err error) {
	inside, isVariable := strings.CutPrefix(text, "{")
	if !isVariable {
		end := strings.IndexAny(text, "/{}")
		if end < 0 {
			end = len(text)
		}
		segment := text[:end]
		// The last colon of the last segment begins the verb.
		if colon := strings.LastIndexByte(segment, ':'); colon >= 0 && end == len(text) {
			segment, end = segment[:colon], colon
		}
		return text[end:], t.addSegment(segment)
	}
	inside, rest, closed := strings.Cut(inside, "}")
	if !closed {
		return "", errors.New("must have a closing brace for each opening one")
	}
	field, segments, given := strings.Cut(inside, "=")
	if !isFieldPath(field) {
		return "", fmt.Errorf("must have names of fields joined by dots in its variables, got %s", quote(field))
	}
	if !given {
		segments = oneSegment
	}
	v := variable{field: field, from: len(t.segments)}
	for segment := range strings.SplitSeq(segments, "/") {
		if err := t.addSegment(segment); err != nil {
			return "", err
		}
	}
	v.to = len(t.segments)
	if t.segments[v.to-1] == allSegments {
		v.to = -1
	}
	t.variables = append(t.variables, v)
	return rest, nil
}

// addSegment adds a segment.
func (t *template) addSegment(segment string) error {
	switch {
	case len(t.segments) == maxTemplateSegments:
		return fmt.Errorf("must have %d segments at most", maxTemplateSegments)
	case segment == "":
		return errors.New("must not have an empty segment, nor end in a slash")
	case segment == "." || segment == "..":
		return errors.New("must not have a \".\" or \"..\" segment, which browsers resolve")
	case segment != oneSegment && segment != allSegments && !isLiteral(segment):
		return fmt.Errorf("must have letters, digits, or some of -._~:!$&'()+,;=@ in its segments, or a variable, got %s", quote(segment))
	}
	t.segments = append(t.segments, segment)
	return nil
}

// check says what is wrong with a template as a whole.
func (t *template) check() error {
	for i, segment := range t.segments {
		if segment == allSegments && i < len(t.segments)-1 {
			return errors.New("must not go on behind \"**\", but with a colon and a verb")
		}
	}
	for i, v := range t.variables {
		for _, other := range t.variables[:i] {
			if v.field == other.field {
				return fmt.Errorf("must not have two variables %s", v.field)
			}
		}
	}
	return nil
}

// isLiteral reports whether text can be a segment without a variable: what RFC
// 3986, section 3.3, lets stand in one as it is, but for the "*".
func isLiteral(text string) bool {
	return text != "" && !strings.ContainsFunc(text, func(r rune) bool {
		return !isPathRune(r) && !strings.ContainsRune("!$&'()+,;=@", r)
	})
}

// isFieldPath reports whether text is names of fields joined by dots.
func isFieldPath(text string) bool {
	for name := range strings.SplitSeq(text, ".") {
		if name == "" || '0' <= name[0] && name[0] <= '9' || strings.ContainsFunc(name, func(r rune) bool {
			return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '_')
		}) {
			return false
		}
	}
	return true
}

// shape is the template without the names of its variables. Templates of one
// shape match the same paths.
func (t *template) shape() string {
	shape := "/" + strings.Join(t.segments, "/")
	if t.verb != "" {
		shape += ":" + t.verb
	}
	return shape
}

// isPlain reports whether the template matches one path alone.
func (t *template) isPlain() bool {
	for _, segment := range t.segments {
		if segment == oneSegment || segment == allSegments {
			return false
		}
	}
	return true
}

// value returns what a variable has in a path, given by its segments as they
// are written, or reports false where they are not written as they must be.
//
// A variable of one segment is unescaped altogether. In others an escaped slash
// stays escaped, so that it can be told from those between segments.
func (v variable) value(segments []string) (string, bool) {
	to := v.to
	if to < 0 {
		to = len(segments)
	}
	if v.to == v.from+1 {
		value, err := url.PathUnescape(segments[v.from])
		return value, err == nil
	}
	parts := make([]string, 0, to-v.from)
	for _, segment := range segments[v.from:to] {
		for i, part := range splitEscapedSlash(segment) {
			value, err := url.PathUnescape(part)
			if err != nil {
				return "", false
			}
			if i == 0 {
				parts = append(parts, value)
			} else {
				parts[len(parts)-1] += "%2F" + value
			}
		}
	}
	return strings.Join(parts, "/"), true
}

// splitEscapedSlash splits a segment at each slash that is escaped in it.
func splitEscapedSlash(segment string) []string {
	return strings.Split(strings.ReplaceAll(segment, "%2f", "%2F"), "%2F")
}
