// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// spot is where in a route file something stands: a line and a column, and the
// keys that lead there. Other files are told by their name.
type spot struct {
	line, column int
	key          string
}

// below returns the spot of what the node has under a key of s.
func (s spot) below(key string, node ast.Node) spot {
	return spotOf(node, join(s.key, key))
}

// spotOf returns the spot of a node.
func spotOf(node ast.Node, key string) spot {
	// The token of a mapping is its first colon, unless it has braces.
	switch mapping := node.(type) {
	case *ast.MappingNode:
		if !mapping.IsFlowStyle && len(mapping.Values) > 0 {
			node = mapping.Values[0].Key
		}
	case *ast.MappingValueNode:
		node = mapping.Key
	}
	s := spot{line: 1, column: 1, key: key}
	if t := node.GetToken(); t != nil && t.Position != nil {
		s.line, s.column = t.Position.Line, t.Position.Column
	}
	return s
}

// yamlReader reads a document strictly: what it does not expect is a fault.
type yamlReader struct {
	file   string
	faults []error
}

// fault records that something is wrong at a spot.
func (r *yamlReader) fault(at spot, format string, args ...any) {
	if len(r.faults) < maxViolations {
		r.faults = append(r.faults, newRouteError(r.file, at, fmt.Sprintf(format, args...)))
	}
}

// document returns what the only document in text holds, nil where there is
// none.
func (r *yamlReader) document(text []byte) ast.Node {
	if len(text) > MaxRoutesBytes {
		r.fault(spot{line: 1, column: 1}, "must have %d bytes at most, and has %d", MaxRoutesBytes, len(text))
		return nil
	}
	file, err := parser.ParseBytes(bytes.TrimPrefix(text, []byte("\ufeff")), 0)
	if err != nil {
		r.syntax(err)
		return nil
	}
	var documents []ast.Node
	for _, document := range file.Docs {
		if document.Body != nil {
			documents = append(documents, document.Body)
		}
	}
	switch len(documents) {
	case 0:
		return nil
	case 1:
		return documents[0]
	}
	r.fault(spotOf(documents[1], ""), "must be one document")
	return nil
}

// syntax records why a file is no YAML.
func (r *yamlReader) syntax(err error) {
	at := spot{line: 1, column: 1}
	text := err.Error()
	if failed, ok := errors.AsType[yaml.Error](err); ok {
		text = failed.GetMessage()
		if t := failed.GetToken(); t != nil && t.Position != nil {
			at.line, at.column = t.Position.Line, t.Position.Column
		}
	}
	r.fault(at, "is not YAML: %s", plain(errors.New(text)))
}

// entry is a key and its value.
type entry struct {
	key   string
	spot  spot // of the key
	value ast.Node
}

// isMapping reports whether a node is a mapping.
func isMapping(node ast.Node) bool {
	switch node.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		return true
	}
	return false
}

// mapping returns the entries of a mapping.
func (r *yamlReader) mapping(at spot, node ast.Node) []entry {
	var values []*ast.MappingValueNode
	switch node := node.(type) {
	case *ast.MappingNode:
		values = node.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{node}
	default:
		r.fault(at, "must be a mapping, got %s", kindOf(node))
		return nil
	}
	var entries []entry
	for _, value := range values {
		key, ok := scalarOf(value.Key)
		if !ok {
			r.fault(spotOf(value.Key, at.key), "must have keys that are text, got %s", kindOf(value.Key))
			continue
		}
		e := entry{key: key, spot: at.below(key, value.Key), value: value.Value}
		if slices.ContainsFunc(entries, func(other entry) bool { return other.key == key }) {
			r.fault(e.spot, "is given twice")
			continue
		}
		entries = append(entries, e)
	}
	return entries
}

// reader reads the value of a key.
type reader func(at spot, value ast.Node)

// object reads a mapping whose keys are known.
func (r *yamlReader) object(at spot, node ast.Node, keys []string, readers ...reader) {
	for _, e := range r.mapping(at, node) {
		if i := slices.Index(keys, e.key); i >= 0 {
			readers[i](e.spot, e.value)
		} else {
			r.fault(e.spot, "is not a key here: there are %s", list(keys))
		}
	}
}

// sequence returns the elements of a sequence.
func (r *yamlReader) sequence(at spot, node ast.Node) []ast.Node {
	sequence, ok := node.(*ast.SequenceNode)
	if !ok {
		r.fault(at, "must be a list, got %s", kindOf(node))
		return nil
	}
	return sequence.Values
}

// text reads a string, and reports whether it is one.
func (r *yamlReader) text(at spot, node ast.Node) (string, bool) {
	switch node := node.(type) {
	case *ast.StringNode:
		return node.Value, true
	case *ast.LiteralNode:
		return node.Value.Value, true
	}
	r.fault(at, "must be text, got %s", kindOf(node))
	return "", false
}

// flag reads true or false.
func (r *yamlReader) flag(at spot, node ast.Node) (bool, bool) {
	if flag, ok := node.(*ast.BoolNode); ok {
		return flag.Value, true
	}
	r.fault(at, "must be true or false, got %s", kindOf(node))
	return false, false
}

// duration reads a duration longer than 0.
func (r *yamlReader) duration(at spot, node ast.Node) (time.Duration, bool) {
	text, ok := scalarOf(node)
	if !ok {
		r.fault(at, `must be a duration such as "30s" or "5m", got %s`, kindOf(node))
		return 0, false
	}
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 {
		r.fault(at, `must be a duration such as "30s" or "5m", longer than 0s, got %s`, quote(text))
		return 0, false
	}
	return d, true
}

// scalarOf returns a single value as it is written, without quotes.
func scalarOf(node ast.Node) (string, bool) {
	switch node := node.(type) {
	case *ast.StringNode:
		return node.Value, true
	case *ast.LiteralNode:
		return node.Value.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		return node.GetToken().Value, true
	case *ast.BoolNode:
		return strconv.FormatBool(node.Value), true
	}
	return "", false
}

// kindOf says what a node is.
func kindOf(node ast.Node) string {
	switch node := node.(type) {
	case *ast.NullNode, nil:
		return "nothing"
	case *ast.MappingNode, *ast.MappingValueNode:
		return "a mapping"
	case *ast.SequenceNode:
		return "a list"
	case *ast.AnchorNode, *ast.AliasNode, *ast.MergeKeyNode:
		return "an anchor or what refers to one, which is not taken here"
	case *ast.TagNode:
		return "a tag, which is not taken here"
	default:
		if text, ok := scalarOf(node); ok {
			return quote(text)
		}
		return strings.ToLower(node.Type().String())
	}
}
