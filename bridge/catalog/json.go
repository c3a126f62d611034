// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/dynamicpb"
)

// jsonSpace is what JSON calls white space.
const jsonSpace = " \t\r\n"

// RequestFromJSON makes a request from a body in ProtoJSON. An empty body is an
// empty request. The caller bounds the body's size. Unknown fields, duplicate
// ones, values that do not fit and anything after the end of the JSON are
// violations of the returned [*RequestError], each under its path in the body.
func (m *Method) RequestFromJSON(body []byte) (*Request, error) {
	var v violations
	msg := dynamicpb.NewMessage(m.Desc.Input())
	if len(bytes.Trim(body, jsonSpace)) > 0 {
		readJSON(msg, body, m.types, "", &v)
	}
	return v.finish(msg)
}

// readJSON reads ProtoJSON into msg, which stands in the request at the path
// where, and reports whether it could. What is wrong is added to v.
//
// Protojson stops at the first fault and words it for Go programmers, so that a
// body it refuses is read again, by [diagnosis], for the sake of whoever wrote
// it.
func readJSON(msg *dynamicpb.Message, body []byte, types *typeResolver, where string, v *violations) bool {
	options := protojson.UnmarshalOptions{AllowPartial: true, Resolver: types, RecursionLimit: MaxDepth}
	err := options.Unmarshal(body, msg)
	if err == nil {
		return true
	}
	before := len(v.found)
	if fault := syntaxFault(body); fault != "" {
		v.add(where, "%s%s", subject(where), fault)
		return false
	}
	diagnose(msg.Descriptor(), body, options, where, v)
	if len(v.found) == before {
		v.add(where, "%scannot be read: %s", subject(where), plain(err))
	}
	return false
}

// subject begins the description of a fault at the path where: what is wrong with
// the body as a whole has no field's name before it.
func subject(where string) string {
	if where == "" {
		return "the body "
	}
	return ""
}

// syntaxFault says why body is not JSON, and where, or returns "".
func syntaxFault(body []byte) string {
	if !utf8.Valid(body) {
		return "is not JSON: it is not valid UTF-8"
	}
	var whole json.RawMessage
	err := json.Unmarshal(body, &whole)
	if err == nil {
		return ""
	}
	var syntax *json.SyntaxError
	if !errors.As(err, &syntax) {
		return "is not JSON: " + err.Error()
	}
	text := syntax.Error()
	fault := int(syntax.Offset) - 1 // the offset is that after the character at fault
	if fault < 0 || fault >= len(body) || strings.HasPrefix(text, "unexpected end") {
		return "is not JSON: " + text
	}
	if r, _ := utf8.DecodeRune(body[fault:]); r >= utf8.RuneSelf {
		// Of a character of several bytes the library shows the first, as if it
		// were a character.
		_, rest, _ := strings.Cut(text, "' ")
		text = "invalid character " + strconv.QuoteRune(r) + " " + rest
	}
	line := bytes.Count(body[:fault], []byte("\n")) + 1
	column := utf8.RuneCount(body[bytes.LastIndexByte(body[:fault], '\n')+1:fault]) + 1
	return "is not JSON: " + text + " at line " + strconv.Itoa(line) + ", column " + strconv.Itoa(column)
}
