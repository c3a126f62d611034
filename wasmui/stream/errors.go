// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"bytes"
	"encoding/json"
	"strconv"
)

// Error is why a stream failed, or why it has to be asked for again.
type Error struct {
	// Code is the name of a gRPC code as the server gave it, such as
	// "INVALID_ARGUMENT"; "" where it gave none.
	Code string
	// Message is a sentence for a person.
	Message string
	// Violations name the fields of the request at fault.
	Violations []Violation
	// HTTPStatus is the status of the response, 0 where there was none or where
	// the error came at the end of a stream.
	HTTPStatus int
	// Retryable says that the same request may succeed later.
	Retryable bool
	// Status is the server's google.rpc.Status as JSON, with all its details; ""
	// where it sent none.
	Status string
}

// Violation is one field of a request at fault.
type Violation struct {
	// Field is the path of the field in proto names, such as "min_pause".
	Field string
	// Description says what is wrong with it and what is allowed.
	Description string
}

// Error gives the code and the message.
func (e *Error) Error() string {
	if e.Code == "" {
		return e.Message
	}
	return e.Code + ": " + e.Message
}

const (
	codeOK           = "OK"
	typeOfBadRequest = "type.googleapis.com/google.rpc.BadRequest"
)

// codeNames are the gRPC codes by their numbers, for servers that give those.
var codeNames = [...]string{
	codeOK, "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND",
	"ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED",
	"OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
}

// parseStatus reads a google.rpc.Status in JSON. It is nil for OK; ok is false
// where it is no status.
func parseStatus(data []byte) (err *Error, ok bool) {
	var status struct {
		Code    json.RawMessage   `json:"code"`
		Message string            `json:"message"`
		Details []json.RawMessage `json:"details"`
	}
	if json.Unmarshal(data, &status) != nil {
		return nil, false
	}
	code, ok := parseCode(status.Code)
	if !ok {
		return nil, false
	}
	if code == codeOK {
		return nil, true
	}
	err = &Error{
		Code:      code,
		Message:   status.Message,
		Retryable: retryableCode(code),
		Status:    string(data),
	}
	if err.Message == "" {
		err.Message = "The server gave no reason."
	}
	for _, detail := range status.Details {
		err.Violations = append(err.Violations, violations(detail)...)
	}
	return err, true
}

// parseCode reads a gRPC code, which is a name or a number.
func parseCode(raw json.RawMessage) (code string, ok bool) {
	if bytes.HasPrefix(raw, []byte(`"`)) {
		return code, json.Unmarshal(raw, &code) == nil && code != ""
	}
	number, err := strconv.Atoi(string(raw))
	if err != nil || number < 0 || number >= len(codeNames) {
		return "", false
	}
	return codeNames[number], true
}

// violations reads a google.rpc.BadRequest out of the details of a status. Other
// details, and those that cannot be read, have none.
func violations(detail json.RawMessage) []Violation {
	var bad struct {
		Type            string `json:"@type"`
		FieldViolations []struct{ Field, Description string }
	}
	if json.Unmarshal(detail, &bad) != nil || bad.Type != typeOfBadRequest {
		return nil
	}
	out := make([]Violation, len(bad.FieldViolations))
	for i, v := range bad.FieldViolations {
		out[i] = Violation(v)
	}
	return out
}

// retryableCode says whether a call that ended so may do better later, by what
// google/rpc/code.proto says of the codes.
func retryableCode(code string) bool {
	switch code {
	case "UNAVAILABLE", "RESOURCE_EXHAUSTED", "ABORTED", "DEADLINE_EXCEEDED":
		return true
	}
	return false
}
