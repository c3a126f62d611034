// SPDX-License-Identifier: Apache-2.0

package ui

import "strings"

// The names that the command lines need. The page cannot know where the backend
// is, so that is the address it has by default.
const (
	defaultOrigin  = "http://localhost:8080"
	backendAddress = "localhost:50051"
	generateMethod = "sluice.numbers.v1.NumberService/Generate"
)

// curlCommand reads the same stream from the bridge.
func curlCommand(origin string, k Knobs) string {
	return "curl -N " + shellQuote(origin+streamURL(k))
}

// grpcurlCommand reads the same stream from the backend.
func grpcurlCommand(k Knobs) string {
	data := k.JSON()
	if data == "{}" {
		return "grpcurl -plaintext " + backendAddress + " " + generateMethod
	}
	return "grpcurl -plaintext -d " + shellQuote(data) + " " + backendAddress + " " + generateMethod
}

// shellQuote makes text one word of a POSIX shell.
func shellQuote(text string) string {
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}
