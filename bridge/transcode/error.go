// SPDX-License-Identifier: Apache-2.0

package transcode

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// The reasons for which a message cannot be transcoded. An [*Error] unwraps to
// exactly one of them.
var (
	// ErrMalformed says that the bytes are not protobuf wire format.
	ErrMalformed = errors.New("malformed wire format")
	// ErrUTF8 says that a string is not UTF-8, which JSON has to be.
	ErrUTF8 = errors.New("string is not UTF-8")
	// ErrValue says that a value has no form in ProtoJSON: a timestamp of the
	// year 10000, a field mask that does not survive the change to camel case,
	// a google.protobuf.Value with nothing in it.
	ErrValue = errors.New("value has no JSON form")
	// ErrUnresolved says that the type in a google.protobuf.Any is not known.
	ErrUnresolved = errors.New("unknown message type")
	// ErrRequired says that a required field is not set.
	ErrRequired = errors.New("required field is not set")
	// ErrTooDeep says that messages nest deeper than MaxDepth.
	ErrTooDeep = errors.New("nested too deep")
	// ErrTooLarge says that the wire is longer than MaxWire, or the JSON than
	// WithMaxOutput allows.
	ErrTooLarge = errors.New("too large")
)

// errOdd is how the tight path gives up on a message that has to be merged
// first. It never leaves the package.
var errOdd = &Error{Reason: errors.New("message has to be merged")}

// maxTrail is how many steps of the path to a fault are kept. Messages may nest
// thousands deep, and an error is read by people.
const maxTrail = 24

// Error says why a message could not be transcoded, and where.
type Error struct {
	// Message is the type of the whole message, as given to Compile.
	Message protoreflect.FullName
	// Path leads from the whole message to the field at fault, in the schema's
	// names: "items[2].labels[\"k\"].create_time". Empty for the message
	// itself. It begins with an ellipsis where only the innermost steps are
	// kept.
	Path string
	// Offset is where in the wire bytes the fault lies, counted from 0. It is
	// -1 where that is not known because the message had to be merged first.
	Offset int
	// Reason is one of this package's Err variables.
	Reason error
	// Detail says more than Reason does. It may be empty.
	Detail string
	// TypeURL is that of the google.protobuf.Any whose type is not known, where
	// the Reason is ErrUnresolved and it is not longer than 512 bytes.
	TypeURL string

	trail   []string // path, innermost step first
	skipped bool     // outer steps were left out of trail
}

// Error gives the whole story on one line.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("transcode: ")
	b.WriteString(string(e.Message))
	if e.Path != "" {
		b.WriteString(": ")
		b.WriteString(e.Path)
	}
	if e.Offset >= 0 {
		b.WriteString(" (byte ")
		b.WriteString(strconv.Itoa(e.Offset))
		b.WriteByte(')')
	}
	b.WriteString(": ")
	b.WriteString(e.Reason.Error())
	if e.Detail != "" {
		b.WriteString(": ")
		b.WriteString(e.Detail)
	}
	return b.String()
}

// Unwrap returns Reason.
func (e *Error) Unwrap() error { return e.Reason }

// fault makes an error about what lies at an offset. The path is added step by
// step on the way out.
func fault(reason error, offset int, format string, args ...any) *Error {
	return &Error{Reason: reason, Offset: offset, Detail: fmt.Sprintf(format, args...)}
}

func tooDeep(offset uint32) *Error {
	return fault(ErrTooDeep, int(offset), "more than %d levels", MaxDepth)
}

// in adds the step of the path that led to the fault: a field's name, with an
// index or a key behind it.
func (e *Error) in(step string) *Error {
	switch {
	case e == errOdd:
	case len(e.trail) < maxTrail:
		e.trail = append(e.trail, step)
	default:
		e.skipped = true
	}
	return e
}

// finish turns an error into what the caller gets to see.
func (e *Error) finish(message protoreflect.FullName) *Error {
	var b strings.Builder
	if e.skipped {
		b.WriteString("…")
	}
	for i := len(e.trail) - 1; i >= 0; i-- {
		if b.Len() > 0 && e.trail[i][0] != '[' {
			b.WriteByte('.')
		}
		b.WriteString(e.trail[i])
	}
	e.Path = b.String()
	e.Message = message
	e.trail = nil
	return e
}

// CompileError says what about a schema cannot be compiled.
type CompileError struct {
	// Name is the full name of the message, enum or field at fault.
	Name protoreflect.FullName
	// Detail says what is wrong with it.
	Detail string
}

// Error gives the whole story on one line.
func (e *CompileError) Error() string {
	return "transcode: cannot compile " + string(e.Name) + ": " + e.Detail
}
