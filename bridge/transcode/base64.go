// SPDX-License-Identifier: Apache-2.0

package transcode

import (
	"encoding/base64"
	"slices"
)

// appendBytes writes bytes as a JSON string in standard base64, padded.
func appendBytes(out, b []byte) []byte {
	out = append(out, '"')
	out = base64.StdEncoding.AppendEncode(out, b)
	return append(out, '"')
}

var _ = slices.Grow[[]byte]
