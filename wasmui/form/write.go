// SPDX-License-Identifier: Apache-2.0

package form

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"strings"
)

// JSON is the request as ProtoJSON, on one line. What is no value of its field
// is written as a string: it says what was typed, and no server takes it for
// anything else.
func (f *Form) JSON() string { return string(f.Root.appendJSON(nil)) }

// Indent gives JSON as people write it, and text that is no JSON as it is.
func Indent(text string) string {
	var out bytes.Buffer
	if json.Indent(&out, []byte(strings.TrimSpace(text)), "", "  ") != nil {
		return text
	}
	return out.String()
}

// Compact gives JSON on one line, and text that is no JSON as it is.
func Compact(text string) string {
	var out bytes.Buffer
	if json.Compact(&out, []byte(text)) != nil {
		return text
	}
	return out.String()
}

func (n *Node) appendJSON(dst []byte) []byte {
	switch n.Kind {
	case Nested:
		return appendMembers(dst, '{', n.Children, func(dst []byte, c *Node) []byte {
			return c.appendJSON(append(appendQuoted(dst, c.Field.JSONName), ':'))
		})
	case List:
		return appendMembers(dst, '[', n.Children, func(dst []byte, c *Node) []byte { return c.appendJSON(dst) })
	case Map:
		return appendMembers(dst, '{', n.Children, func(dst []byte, c *Node) []byte {
			return c.appendJSON(append(appendQuoted(dst, c.Key), ':'))
		})
	}
	return n.appendText(dst)
}

// appendMembers writes those that are given between brackets of the kind that
// opens.
func appendMembers(dst []byte, opens byte, nodes []*Node, member func([]byte, *Node) []byte) []byte {
	dst = append(dst, opens)
	first := true
	for _, n := range nodes {
		if !n.Given() {
			continue
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = member(dst, n)
	}
	return append(dst, opens+2) // '}' and ']' follow '{' and '[' with one in between
}

// appendText writes a value that is typed in one piece.
func (n *Node) appendText(dst []byte) []byte {
	text := strings.TrimSpace(n.Text)
	switch n.Kind {
	case Text:
		return appendQuoted(dst, n.Text)
	case Bool:
		if text == "" {
			text = "false"
		}
		if text == "true" || text == "false" {
			return append(dst, text...)
		}
	case Integer:
		if digits, ok := wholeNumber(text); ok {
			if strings.HasSuffix(n.value.proto, "64") {
				// As ProtoJSON does, since JavaScript's numbers hold no more than 53 bits.
				return appendQuoted(dst, digits)
			}
			return append(dst, digits...)
		}
	case Float:
		if v, err := strconv.ParseFloat(text, 64); err == nil && !math.IsInf(v, 0) && !math.IsNaN(v) {
			if json.Valid([]byte(text)) {
				return append(dst, text...)
			}
			return strconv.AppendFloat(dst, v, 'g', -1, 64)
		}
	case Choice:
		if _, err := strconv.ParseInt(text, 10, 32); err == nil {
			return append(dst, text...)
		}
	case Raw:
		if text == "" {
			return append(dst, "{}"...)
		}
		if json.Valid([]byte(text)) {
			return append(dst, Compact(text)...)
		}
	}
	return appendQuoted(dst, text)
}

// Quote makes text a string of JSON, which is one of JavaScript too. It leaves <, > and & alone, which
// package json writes as \u003c for pages that have JSON within them.
func Quote(text string) string {
	var out strings.Builder
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	_ = e.Encode(text) // a string always has a form
	return strings.TrimSuffix(out.String(), "\n")
}

func appendQuoted(dst []byte, text string) []byte { return append(dst, Quote(text)...) }

// wholeNumber gives a whole number as plain digits, also where it is written
// as 1e3 or 2.0, which ProtoJSON takes for whole numbers too.
func wholeNumber(text string) (digits string, ok bool) {
	sign, rest := "", text
	if strings.HasPrefix(text, "-") {
		sign, rest = "-", text[1:]
	}
	if rest != "" && strings.Trim(rest, "0123456789") == "" {
		rest = strings.TrimLeft(rest, "0")
		if rest == "" {
			return "0", true
		}
		return sign + rest, true
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || v != math.Trunc(v) || math.Abs(v) > 1<<53 || strings.ContainsAny(text, "xX_") || text[0] == '+' {
		return "", false
	}
	return strconv.FormatInt(int64(v), 10), true
}
