// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// MaxDepth is how deep the messages of a request may be nested in one another.
// It is what protobuf's own decoders elsewhere allow by default.
const MaxDepth = 100

// Limits on what a [RequestError] tells, so that the answer to a bad request
// stays small however bad it is.
const (
	maxViolations = 32
	maxFieldText  = 128 // bytes of a field's name
	maxValueText  = 64  // bytes of a value shown as what was got
)

// Request is a request message, ready to be sent.
type Request struct {
	// Wire is the message in protobuf's wire format. Requests to one method that
	// mean the same have the same bytes, however they were written and whichever
	// catalog of the same schema made them. It must not be changed.
	Wire []byte
}

// newRequest returns the request that msg is.
func newRequest(msg proto.Message) (*Request, error) {
	wire, err := proto.MarshalOptions{AllowPartial: true, Deterministic: true}.Marshal(msg)
	if err != nil {
		return nil, &RequestError{Violations: []Violation{{Description: "cannot be sent: " + plain(err)}}}
	}
	return &Request{Wire: wire}, nil
}

// Violation is one fault of a request.
type Violation struct {
	// Field is the field at fault, as the caller wrote it: a query parameter's
	// name, or a path such as "filter.tags[2]" into a JSON body. It is "" where
	// the fault is of the request as a whole.
	Field string
	// Description says what was expected, and what was got instead, as in
	// "must be a whole number from 0 to 4294967295, got \"x\"".
	Description string
}

// RequestError is the error of a request that cannot be made from what the
// caller sent.
type RequestError struct {
	// Violations are the faults that were found, at least one.
	Violations []Violation
}

// Error returns the violations on one line.
func (e *RequestError) Error() string {
	texts := make([]string, len(e.Violations))
	for i, v := range e.Violations {
		texts[i] = v.Description
		if v.Field != "" {
			texts[i] = v.Field + " " + v.Description
		}
	}
	return strings.Join(texts, "; ")
}

// GRPCStatus returns the error as INVALID_ARGUMENT with a google.rpc.BadRequest
// that holds the violations. [status.FromError] finds it.
func (e *RequestError) GRPCStatus() *status.Status {
	st := status.New(codes.InvalidArgument, e.Error())
	details := new(errdetails.BadRequest)
	for _, v := range e.Violations {
		details.FieldViolations = append(details.FieldViolations,
			&errdetails.BadRequest_FieldViolation{Field: v.Field, Description: v.Description})
	}
	if detailed, err := st.WithDetails(details); err == nil {
		return detailed
	}
	return st
}

// violations gathers what is wrong with one request.
type violations struct {
	found []Violation
}

// add records a fault of the field called name. What comes from the caller may
// be of any length and of any bytes, and the answer must not be.
func (v *violations) add(name, format string, args ...any) {
	if v.full() {
		return
	}
	v.found = append(v.found, Violation{
		Field:       shorten(strings.ToValidUTF8(name, "\ufffd"), maxFieldText),
		Description: strings.ToValidUTF8(fmt.Sprintf(format, args...), "\ufffd"),
	})
}

// full reports whether enough has been found.
func (v *violations) full() bool { return len(v.found) >= maxViolations }

// err returns the violations as an error, nil where there are none.
func (v *violations) err() error {
	if len(v.found) == 0 {
		return nil
	}
	return &RequestError{Violations: v.found}
}

// finish returns the request that msg is, or what is wrong with it.
func (v *violations) finish(msg protoreflect.Message) (*Request, error) {
	if len(v.found) == 0 && proto.CheckInitialized(msg.Interface()) != nil {
		v.addRequired(msg, "")
		// Maps were walked in no order.
		slices.SortFunc(v.found, func(x, y Violation) int { return cmp.Compare(x.Field, y.Field) })
	}
	if err := v.err(); err != nil {
		return nil, err
	}
	return newRequest(msg.Interface())
}

// addRequired records the required fields that msg, which stands at the path
// prefix, lacks.
func (v *violations) addRequired(msg protoreflect.Message, prefix string) {
	numbers := msg.Descriptor().RequiredNumbers()
	for i := range numbers.Len() {
		field := msg.Descriptor().Fields().ByNumber(numbers.Get(i))
		if !msg.Has(field) {
			v.add(at(prefix, field.TextName()), "is required")
		}
	}
	msg.Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		name := at(prefix, field.TextName())
		switch {
		case field.IsMap():
			if field.MapValue().Message() != nil {
				value.Map().Range(func(key protoreflect.MapKey, value protoreflect.Value) bool {
					v.addRequired(value.Message(), atEntry(name, key.String()))
					return true
				})
			}
		case field.Message() == nil:
		case field.IsList():
			for i := range value.List().Len() {
				v.addRequired(value.List().Get(i).Message(), atEntry(name, strconv.Itoa(i)))
			}
		default:
			v.addRequired(value.Message(), name)
		}
		return true
	})
}

// at returns how the field called name below the path prefix is told to the
// caller. A path that is longer than will be shown does not grow further, for
// bodies can have long keys around many values.
func at(prefix, name string) string {
	if len(prefix) > maxFieldText {
		return prefix
	}
	return join(prefix, shorten(name, maxFieldText))
}

// atEntry is [at] for what stands under key in the map or list at the path
// prefix.
func atEntry(prefix, key string) string {
	if len(prefix) > maxFieldText {
		return prefix
	}
	return prefix + "[" + shorten(key, maxFieldText) + "]"
}

// join returns the path of the field called name below prefix.
func join(prefix, name string) string {
	if prefix == "" {
		return name
	}
	return prefix + "." + name
}

// quote returns text as it can be shown in an error: quoted, on one line and
// short.
func quote(text string) string {
	return strconv.Quote(shorten(text, maxValueText))
}

// shorten returns text, cut to about limit bytes between two characters.
func shorten(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	cut := limit
	for cut > 0 && text[cut]&0xc0 == 0x80 {
		cut--
	}
	return text[:cut] + "…"
}
