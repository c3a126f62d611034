// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
)

// metadataPrefix begins the names of headers that are sent to the backend
// under the rest of their names.
const metadataPrefix = "Grpc-Metadata-"

// forwarded are the headers that are sent to the backend as they are.
var forwarded = []string{"Authorization", "Traceparent", "Tracestate"}

// hopByHop are headers that speak of one connection, and have no place in
// another.
var hopByHop = []string{"connection", "content-length", "content-type", "host", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", "user-agent"}

// outgoing returns what of a request's headers the backend gets.
func outgoing(r *http.Request) (metadata.MD, *fault) {
	md := metadata.MD{}
	add := func(name string, values []string) *fault {
		for _, v := range values {
			if i := strings.IndexFunc(v, func(c rune) bool { return c < ' ' || c > '~' }); i >= 0 {
				return errorf(codes.InvalidArgument, "header %s: byte %d is not printable ASCII, which is all that gRPC metadata holds", name, i)
			}
			md.Append(name, v)
		}
		return nil
	}
	for _, name := range forwarded {
		if f := add(name, r.Header.Values(name)); f != nil {
			return nil, f
		}
	}
	for name, values := range r.Header {
		key, ok := strings.CutPrefix(name, metadataPrefix)
		if !ok {
			continue
		}
		key = strings.ToLower(key)
		switch {
		case strings.HasPrefix(key, "grpc-"), strings.HasSuffix(key, "-bin"), slices.Contains(hopByHop, key):
			return nil, errorf(codes.InvalidArgument, "header %s: names that begin with grpc-, end with -bin or are those of a connection cannot be sent", name)
		case key == "" || strings.Trim(key, "abcdefghijklmnopqrstuvwxyz0123456789-_.") != "":
			return nil, errorf(codes.InvalidArgument, "header %s: the names of gRPC metadata are of letters, digits, -, _ and .", name)
		}
		if f := add(key, values); f != nil {
			return nil, f
		}
	}
	return md, nil
}

// tracing are the headers that say nothing of who asks.
var tracing = []string{"traceparent", "tracestate"}

// owner returns what tells a caller's runs from those of others: all that the
// backend is told of it, by its hash, since any of that may be a credential.
func owner(md metadata.MD) string {
	h := sha256.New()
	anything := false
	for _, name := range slices.Sorted(maps.Keys(md)) {
		if slices.Contains(tracing, name) {
			continue
		}
		anything = true
		fmt.Fprintf(h, "%q %q\n", name, md[name])
	}
	if !anything {
		return ""
	}
	return hex.EncodeToString(h.Sum(nil))
}
