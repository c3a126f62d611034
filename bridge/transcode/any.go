// SPDX-License-Identifier: Apache-2.0

package transcode

import "unicode/utf8"

// any writes a google.protobuf.Any: the message in it with its type under
// "@type", or, where that message has a form of its own, that form under
// "value".
func (r *run) any(out []byte, m *message, pos, end, depth int) ([]byte, *Error) {
	base := len(r.entries)
	if err := r.scan(m, pos, end); err != nil {
		return out, err
	}
	url, content := entry{}, entry{start: uint32(pos), value: uint64(pos)}
	for _, e := range r.entries[base:] {
		if e.code>>1 == 0 {
			url = e
		} else {
			content = e
		}
	}
	r.entries = r.entries[:base]

	urlStart, urlEnd := url.content()
	contentStart, contentEnd := content.content()
	if urlStart == urlEnd {
		if contentStart == contentEnd {
			return append(out, '{', '}'), nil
		}
		return out, fault(ErrValue, pos, "google.protobuf.Any has a value and no type")
	}
	text := r.wire[urlStart:urlEnd]
	if !utf8.Valid(text) {
		return out, fault(ErrUTF8, urlStart, "").in("type_url")
	}
	inner, err := r.prog.types.url(r.prog.opts.resolver, text)
	if err != nil {
		unknown := fault(ErrUnresolved, urlStart, "%q: %v", text[:min(len(text), maxURLLength)], err)
		if len(text) <= maxURLLength {
			unknown.TypeURL = string(text)
		}
		return out, unknown
	}
	if depth == 0 {
		return out, tooDeep(content.start)
	}

	start := len(out)
	out = append(out, `,"@type":`...)
	out, _ = appendString(out, text)
	// protojson does not look for required fields in there.
	partial := r.partial
	r.partial = true
	var fail *Error
	if inner.form == formObject {
		out, fail = r.members(out, inner, contentStart, contentEnd, depth-1)
	} else {
		out = append(out, `,"value":`...)
		out, fail = r.custom(out, inner, contentStart, contentEnd, depth-1)
	}
	r.partial = partial
	if fail != nil {
		return out, fail.in("value")
	}
	return closeObject(out, start), nil
}
