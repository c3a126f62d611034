// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"os"
	"time"

	"google.golang.org/grpc/codes"
)

// The media types of a request's body.
const (
	bodyJSON = "application/json"
	bodyForm = "application/x-www-form-urlencoded"
)

// payload is what a body holds: JSON, or the fields of a form. Both are nil
// where it is empty.
type payload struct {
	json []byte
	form url.Values
}

// boundBody bounds how long a request's body may take to come, whoever reads it:
// what no handler has read net/http reads itself, before it sends the answer. It
// ends with the body, so that it ends no stream.
func (b *Bridge) boundBody(w http.ResponseWriter, r *http.Request) {
	if r.ContentLength != 0 {
		_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(b.options.bodyTimeout))
	}
}

// payload reads the whole body, which also lets the server notice when the
// browser goes away.
func (b *Bridge) payload(w http.ResponseWriter, r *http.Request) (payload, *fault) {
	given := r.Header.Get("Content-Type")
	media, _, err := mime.ParseMediaType(given)
	if given != "" && (err != nil || media != bodyJSON && media != bodyForm) {
		return payload{}, unsupportedBody(given)
	}
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, b.options.maxRequestBytes))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		f := errorf(codes.ResourceExhausted, "the body has more than %d bytes", tooLarge.Limit)
		f.http = http.StatusRequestEntityTooLarge
		return payload{}, f
	case errors.Is(err, os.ErrDeadlineExceeded):
		f := errorf(codes.DeadlineExceeded, "the body did not come within %v", b.options.bodyTimeout)
		f.http = http.StatusRequestTimeout
		return payload{}, f
	case err != nil:
		return payload{}, errorf(codes.InvalidArgument, "the body could not be read: %v", err)
	}
	// A body that has not been read to its end keeps its deadline: what is left of
	// it is still to come.
	_ = http.NewResponseController(w).SetReadDeadline(time.Time{})
	switch {
	case len(body) == 0:
		return payload{}, nil
	case given == "":
		return payload{}, unsupportedBody(given)
	case media == bodyJSON:
		return payload{json: body}, nil
	}
	// curl -d says that of whatever it sends. No field begins like JSON.
	if body[0] == '{' || body[0] == '[' {
		f := errorf(codes.InvalidArgument, "the body looks like JSON and its Content-Type says %s: send it as Content-Type: %s", bodyForm, bodyJSON)
		f.http = http.StatusUnsupportedMediaType
		return payload{}, f
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return payload{}, errorf(codes.InvalidArgument, "the form cannot be read: %v", err)
	}
	return payload{form: form}, nil
}

// unsupportedBody says which types a body may have.
func unsupportedBody(given string) *fault {
	f := errorf(codes.InvalidArgument, "the body must be %s or %s, and say so in Content-Type, which is %q", bodyJSON, bodyForm, given)
	f.http = http.StatusUnsupportedMediaType
	return f
}
