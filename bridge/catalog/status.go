// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"strings"

	rpccode "google.golang.org/genproto/googleapis/rpc/code"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/anypb"
)

// statusJSON is the JSON of a status, in the order in which it is written.
type statusJSON struct {
	Code     string              `json:"code"`
	Message  string              `json:"message,omitempty"`
	Details  []json.RawMessage   `json:"details,omitempty"`
	Trailers map[string][]string `json:"trailers,omitempty"`
}

// StatusJSON returns a status as JSON on one line:
//
//	{"code":"INVALID_ARGUMENT","message":"…","details":[{"@type":"…",…}],"trailers":{"name":["value"]}}
//
// The code is named as google.rpc.Code names it, and UNKNOWN where it has no
// name. Message, details and trailers are left out where they are empty. A
// detail is the ProtoJSON of its google.protobuf.Any, its type looked up among
// the backend's and then among those of google.rpc; one of an unknown type is
// {"@type":"…","value":"<base64>"}. Trailers are written as they are given, and
// the values of those whose name ends in "-bin", which are any bytes, in base64.
// The same status has the same JSON every time. A nil status is OK.
func (c *Catalog) StatusJSON(st *status.Status, trailers map[string][]string) []byte {
	if c == nil {
		return writeStatus(linkedTypes, st, trailers)
	}
	return writeStatus(c.types, st, trailers)
}

// StatusJSON is [Catalog.StatusJSON] of the catalog that the method is of.
func (m *Method) StatusJSON(st *status.Status, trailers map[string][]string) []byte {
	for _, detail := range st.Proto().GetDetails() {
		m.types.miss(detail.GetTypeUrl())
	}
	return writeStatus(m.types, st, trailers)
}

// StatusJSON is [Catalog.StatusJSON] for a status that the caller made itself,
// and whose details are of types linked into the program.
func StatusJSON(st *status.Status, trailers map[string][]string) []byte {
	return writeStatus(linkedTypes, st, trailers)
}

// writeStatus writes a status whose details are of types.
func writeStatus(types resolver, st *status.Status, trailers map[string][]string) []byte {
	out := statusJSON{
		Code:    CodeName(st.Code()),
		Message: st.Message(),
	}
	for _, detail := range st.Proto().GetDetails() {
		out.Details = append(out.Details, detailJSON(detail, types))
	}
	for name, values := range trailers {
		if out.Trailers == nil {
			out.Trailers = make(map[string][]string, len(trailers))
		}
		if strings.HasSuffix(name, "-bin") {
			encoded := make([]string, len(values))
			for i, value := range values {
				encoded[i] = base64.StdEncoding.EncodeToString([]byte(value))
			}
			values = encoded
		}
		out.Trailers[name] = values
	}
	return compactJSON(out)
}

// CodeName returns a code as google.rpc.Code names it, such as
// "INVALID_ARGUMENT", and "UNKNOWN" for one that has no name.
func CodeName(c codes.Code) string {
	if name, ok := rpccode.Code_name[int32(c)]; ok {
		return name
	}
	return rpccode.Code_UNKNOWN.String()
}

// detailJSON returns one detail of a status.
func detailJSON(detail *anypb.Any, types resolver) json.RawMessage {
	if out, err := (protojson.MarshalOptions{AllowPartial: true, Resolver: types}).Marshal(detail); err == nil {
		return out
	}
	return compactJSON(struct {
		Type  string `json:"@type"`
		Value []byte `json:"value"`
	}{detail.GetTypeUrl(), detail.GetValue()})
}

// compactJSON returns the JSON of v on one line. What is JSON already is made
// compact too, protojson's deliberately unsteady spaces included.
func compactJSON(v any) []byte {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		// Not reached: strings, and JSON that was just made.
		return []byte(`{"code":"INTERNAL"}`)
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n"))
}
