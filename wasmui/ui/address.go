// SPDX-License-Identifier: Apache-2.0

package ui

import "net/url"

// The addresses of the bridge that the page uses, relative to its own.
const streamPath = "/sse"

// runField is the name of a run's id in the page's query. It is none of the
// request's fields.
const runField = "run"

// maxRunLen bounds what is taken for a run's id from an address. The bridge's are
// 26 characters.
const maxRunLen = 64

// streamURL is the address of a new stream.
func streamURL(k Knobs) string { return withQuery(streamPath, k.Query()) }

// pageURL is the address of the page: with a run, the one to come back to it,
// here after a reload or elsewhere.
func pageURL(k Knobs, run string) string {
	query := k.Query()
	if run != "" {
		if query != "" {
			query += "&"
		}
		query += runField + "=" + url.QueryEscape(run)
	}
	return withQuery("/", query)
}

func withQuery(path, query string) string {
	if query == "" {
		return path
	}
	return path + "?" + query
}

// parseRun gives the run that an address names, "" where it names none or what
// cannot be one: ids are letters, digits and dashes.
func parseRun(q url.Values) string {
	run := q.Get(runField)
	if len(run) > maxRunLen {
		return ""
	}
	for _, c := range []byte(run) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_':
		default:
			return ""
		}
	}
	return run
}
