// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/protoadapt"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/durationpb"
)

// withDetails returns a status with details.
func withDetails(t *testing.T, code codes.Code, message string, details ...protoadapt.MessageV1) *status.Status {
	t.Helper()
	st, err := status.New(code, message).WithDetails(details...)
	if err != nil {
		t.Fatal(err)
	}
	return st
}

func TestStatusJSON(t *testing.T) {
	t.Parallel()
	violation := &errdetails.BadRequest{FieldViolations: []*errdetails.BadRequest_FieldViolation{{Field: "count", Description: `must be a <number> & "small"`}}}
	tests := []struct {
		name     string
		status   *status.Status
		trailers map[string][]string
		want     string
	}{
		{"nil", nil, nil, `{"code":"OK"}`},
		{"OK", status.New(codes.OK, ""), map[string][]string{}, `{"code":"OK"}`},
		{"cancelled has two l", status.New(codes.Canceled, ""), nil, `{"code":"CANCELLED"}`},
		{"code without a name", status.New(99, "odd"), nil, `{"code":"UNKNOWN","message":"odd"}`},
		{"code below zero", status.FromProto(&spb.Status{Code: -1}), nil, `{"code":"UNKNOWN"}`},
		{"message is kept on one line", status.New(codes.Internal, "a\r\nb\u2028<&>\xff\x00"), nil, `{"code":"INTERNAL","message":"a\r\nb\u2028<&>\ufffd\u0000"}`},
		{
			"google.rpc",
			withDetails(t, codes.InvalidArgument, "bad", violation, &errdetails.RetryInfo{RetryDelay: durationpb.New(time.Second)}),
			nil,
			`{"code":"INVALID_ARGUMENT","message":"bad","details":[` +
				`{"@type":"type.googleapis.com/google.rpc.BadRequest","fieldViolations":[{"field":"count","description":"must be a <number> & \"small\""}]},` +
				`{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"1s"}]}`,
		},
		{
			"well-known",
			withDetails(t, codes.Aborted, "", durationpb.New(time.Second)), nil,
			`{"code":"ABORTED","details":[{"@type":"type.googleapis.com/google.protobuf.Duration","value":"1s"}]}`,
		},
		{
			"the backend's own",
			status.FromProto(&spb.Status{Code: int32(codes.NotFound), Details: []*anypb.Any{{TypeUrl: "type.googleapis.com/odd.Point", Value: []byte{8, 1}}}}), nil,
			`{"code":"NOT_FOUND","details":[{"@type":"type.googleapis.com/odd.Point","lat":1}]}`,
		},
		{
			"of an unknown type, and not of its type",
			status.FromProto(&spb.Status{Code: int32(codes.NotFound), Details: []*anypb.Any{
				{TypeUrl: "type.googleapis.com/odd.None", Value: []byte{0xfb, 0xff}},
				{TypeUrl: "type.googleapis.com/odd.Point", Value: []byte{0xff}},
				{Value: []byte{1}},
			}}), nil,
			`{"code":"NOT_FOUND","details":[{"@type":"type.googleapis.com/odd.None","value":"+/8="},{"@type":"type.googleapis.com/odd.Point","value":"/w=="},{"@type":"","value":"AQ=="}]}`,
		},
		{
			"trailers",
			status.New(codes.OK, ""),
			map[string][]string{"x-took": {"5ms"}, "x-node": {"a", "<b>"}, "x-trace-bin": {"\xfb\xff"}},
			`{"code":"OK","trailers":{"x-node":["a","<b>"],"x-took":["5ms"],"x-trace-bin":["+/8="]}}`,
		},
	}
	c := fromSet(t, oddFile())
	m := c.Lookup("odd.Odd/Watch")
	for _, test := range tests {
		// Protojson's spaces are unsteady from one program to the next, and maps
		// from one walk to the next.
		for range 8 {
			got := string(c.StatusJSON(test.status, test.trailers))
			if ofMethod := string(m.StatusJSON(test.status, test.trailers)); ofMethod != got {
				t.Errorf("%s:\n the method gives %s\nthe catalog gives %s", test.name, ofMethod, got)
			}
			if got != test.want {
				t.Errorf("%s:\n got %s\nwant %s", test.name, got, test.want)
				break
			}
			if !json.Valid([]byte(got)) {
				t.Errorf("%s: %s is not JSON", test.name, got)
			}
		}
	}
}

// Each code has the name that google.rpc.Code gives it.
func TestStatusJSONCodes(t *testing.T) {
	t.Parallel()
	names := []string{
		"OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED",
		"RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE",
		"DATA_LOSS", "UNAUTHENTICATED",
	}
	for code, name := range names {
		if got, want := string(StatusJSON(status.New(codes.Code(code), ""), nil)), `{"code":"`+name+`"}`; got != want {
			t.Errorf("code %d: %s, want %s", code, got, want)
		}
	}
}

// A status of the program's own needs no catalog.
func TestStatusJSONWithoutCatalog(t *testing.T) {
	t.Parallel()
	st := withDetails(t, codes.Unavailable, "starting", &errdetails.RetryInfo{RetryDelay: durationpb.New(time.Second)})
	want := `{"code":"UNAVAILABLE","message":"starting","details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"1s"}]}`
	if got := string(StatusJSON(st, nil)); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := string((*Catalog)(nil).StatusJSON(st, nil)); got != want {
		t.Errorf("nil catalog: got %s, want %s", got, want)
	}
}

// A bad request becomes INVALID_ARGUMENT with its violations as details.
func TestRequestErrorStatus(t *testing.T) {
	t.Parallel()
	_, err := oddMethod(t, "Watch").RequestFromJSON([]byte(`{"f_int32":"x","f_bool":1}`))
	st, ok := status.FromError(errors.Join(err))
	if !ok {
		t.Fatalf("%v has no status", err)
	}
	want := `{"code":"INVALID_ARGUMENT","message":"f_int32 ` + int32s + `, got \"x\"; f_bool must be true or false, got 1",` +
		`"details":[{"@type":"type.googleapis.com/google.rpc.BadRequest","fieldViolations":[` +
		`{"field":"f_int32","description":"` + int32s + `, got \"x\""},{"field":"f_bool","description":"must be true or false, got 1"}]}]}`
	got := (*Catalog)(nil).StatusJSON((&RequestError{Violations: err.(*RequestError).Violations}).GRPCStatus(), nil)
	if string(got) != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	if st.Code() != codes.InvalidArgument || !proto.Equal(st.Proto().GetDetails()[0], err.(*RequestError).GRPCStatus().Proto().GetDetails()[0]) {
		t.Errorf("wrapped, the error has the status %v", st)
	}
}
