// SPDX-License-Identifier: Apache-2.0

package backend

import (
	"strings"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// violations are what is wrong with a request, field by field. The zero value
// is a request without fault.
type violations []*errdetails.BadRequest_FieldViolation

// add notes that a field, by its name in the proto, is not what it must be.
func (v *violations) add(field, must string) {
	*v = append(*v, &errdetails.BadRequest_FieldViolation{Field: field, Description: must})
}

// err returns INVALID_ARGUMENT with a google.rpc.BadRequest that holds the
// violations, and a message that says the same to those who read only that. It
// returns nil where there are none.
func (v violations) err() error {
	if len(v) == 0 {
		return nil
	}
	texts := make([]string, len(v))
	for i, violation := range v {
		texts[i] = violation.GetField() + " " + violation.GetDescription()
	}
	st := status.New(codes.InvalidArgument, strings.Join(texts, "; "))
	detailed, err := st.WithDetails(&errdetails.BadRequest{FieldViolations: v})
	if err != nil { // no Any can be made of it: the message still says all
		return st.Err()
	}
	return detailed.Err()
}
