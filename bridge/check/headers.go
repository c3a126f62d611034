// SPDX-License-Identifier: Apache-2.0

package check

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// checkConnect says how the answer came.
func checkConnect(s *stream) Result {
	const name = "connect"
	text := fmt.Sprintf("Connected over %s, and answered after %s.", s.Proto, span(s.rec.headAt.Sub(s.rec.askedAt)))
	if s.ProtoMajor == 1 {
		text += " Over HTTP/1 browsers open at most six streams to a host; HTTP/2 has room for more."
	}
	if len(s.journey.redirects) > 0 {
		text += " Redirected to " + strings.Join(s.journey.redirects, ", then to ") + "; a browser takes this way at each reconnect."
	}
	if s.journey.downgraded {
		return Result{name, Warn, text + " That leaves TLS, which pages served over it do not allow."}
	}
	return Result{name, Pass, text}
}

// checkStatus judges the status, of which browsers take 200 alone.
func checkStatus(s *stream) Result {
	const name = "status"
	switch {
	case s.StatusCode == http.StatusOK:
		return Result{name, Pass, "The answer is 200."}
	case s.StatusCode == http.StatusNoContent:
		return Result{name, Fail, "The answer is 204, which tells browsers not to come back. There is no stream here to check."}
	default:
		return Result{name, Fail, fmt.Sprintf("The answer is %s. Browsers read a stream only from a 200, and after anything else never come back.", statusText(s.StatusCode))}
	}
}

func statusText(code int) string {
	if text := http.StatusText(code); text != "" {
		return strconv.Itoa(code) + " " + text
	}
	return strconv.Itoa(code)
}

// checkContentType judges the media type.
func checkContentType(s *stream) Result {
	const name = "content type"
	got := s.Header.Get("Content-Type")
	switch {
	case isEventStream(s.Header):
		return Result{name, Pass, fmt.Sprintf("Content-Type is %s.", quote(got))}
	case got == "":
		return Result{name, Fail, "There is no Content-Type. Browsers read a stream only as text/event-stream."}
	default:
		return Result{name, Fail, fmt.Sprintf("Content-Type is %s. Browsers read a stream only as text/event-stream.", quote(got))}
	}
}

// listed is whether a header that is a list has the value, apart from its case.
func listed(h http.Header, name, value string) bool {
	return slices.ContainsFunc(list(h, name), func(v string) bool { return strings.EqualFold(v, value) })
}

// list returns the values of a header that is a list.
func list(h http.Header, name string) []string {
	var all []string
	for _, v := range h.Values(name) {
		for part := range strings.SplitSeq(v, ",") {
			if part = strings.TrimSpace(part); part != "" {
				all = append(all, part)
			}
		}
	}
	return all
}

// checkCacheControl judges whether the stream is kept from caches, and from
// those who would change it on the way.
func checkCacheControl(s *stream) Result {
	const name = "cache control"
	got := strings.Join(s.Header.Values("Cache-Control"), ", ")
	fresh := listed(s.Header, "Cache-Control", "no-cache") || listed(s.Header, "Cache-Control", "no-store")
	switch {
	case got == "":
		return Result{name, Warn, "There is no Cache-Control, so a cache on the way may keep the stream. Send \"Cache-Control: no-cache, no-transform\"."}
	case !fresh:
		return Result{name, Warn, fmt.Sprintf("Cache-Control is %s, with which a cache on the way may keep the stream. Send \"no-cache, no-transform\".", quote(got))}
	case !listed(s.Header, "Cache-Control", "no-transform"):
		return Result{name, Pass, fmt.Sprintf("Cache-Control is %s. With no-transform too, no proxy would compress the stream and so hold it back.", quote(got))}
	default:
		return Result{name, Pass, fmt.Sprintf("Cache-Control is %s.", quote(got))}
	}
}

// checkAccelBuffering looks for what asks nginx, and proxies that do as it
// does, not to hold the stream back.
func checkAccelBuffering(s *stream) Result {
	const name = "proxy buffering"
	got := s.Header.Get("X-Accel-Buffering")
	switch {
	case strings.EqualFold(got, "no"):
		return Result{name, Pass, "X-Accel-Buffering is \"no\", which keeps nginx from holding events back."}
	case got != "":
		return Result{name, Fail, fmt.Sprintf("X-Accel-Buffering is %s, which lets nginx hold events back. Send \"no\".", quote(got))}
	case strings.Contains(strings.ToLower(s.Header.Get("Server")), "nginx"):
		return Result{name, Skipped, "Cannot tell: nginx, which answered, keeps X-Accel-Buffering to itself."}
	default:
		return Result{name, Warn, "There is no X-Accel-Buffering. Send \"X-Accel-Buffering: no\": with it nginx passes events on as they come, without it only if it is configured to."}
	}
}

// checkContentLength makes sure that the stream has no length.
func checkContentLength(s *stream) Result {
	const name = "content length"
	if got := s.Header.Get("Content-Length"); got != "" {
		return Result{name, Fail, fmt.Sprintf("Content-Length is %s: whoever knows the length has made all of the stream beforehand, and clients and proxies may wait for all of it. Send none.", quote(got))}
	}
	return Result{name, Pass, "There is no Content-Length, as there should not be."}
}

// checkContentEncoding makes sure that nothing is compressed that was not
// asked to be.
func checkContentEncoding(s *stream) Result {
	const name = "content encoding"
	if got := s.encoding(); got != "" {
		return Result{name, Fail, fmt.Sprintf("Content-Encoding is %s though the request did not offer to read it. What compresses the stream must look at Accept-Encoding, and flush after each event.", quote(got))}
	}
	return Result{name, Pass, "The stream is not compressed unasked."}
}

// checkVary judges whether caches are told that one URL has several answers.
// other is the answer to a request for something else.
func checkVary(s *stream, other *answer) Result {
	const name = "vary"
	vary := listed(s.Header, "Vary", "Accept") || listed(s.Header, "Vary", "*")
	switch {
	case vary:
		return Result{name, Pass, fmt.Sprintf("Vary is %s.", quote(strings.Join(s.Header.Values("Vary"), ", ")))}
	case other == nil || other.err != nil:
		return Result{name, Skipped, "It could not be found out whether the URL has other answers too."}
	case !other.stream && other.status < http.StatusBadRequest:
		return Result{name, Warn, fmt.Sprintf("To a request for JSON the same URL gives %s as %s, yet Vary does not name Accept: a cache may give one in place of the other. Send \"Vary: Accept\".", statusText(other.status), quote(other.contentType))}
	default:
		return Result{name, Pass, "The URL has no other answer, so Vary need not name Accept."}
	}
}
