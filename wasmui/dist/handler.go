// SPDX-License-Identifier: Apache-2.0

package dist

import (
	"io"
	"io/fs"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// The two ways in which browsers may keep a file. A name that bears a hash of
// its content never means anything else; any other is asked for again each
// time, and answered 304 while it is the same.
const (
	cacheForGood    = "public, max-age=31536000, immutable"
	cacheRevalidate = "no-cache"
)

// handler serves one site. It does not change after newHandler.
type handler struct {
	fsys   fs.FS
	assets map[string]*asset // by URL path
}

// newHandler reads the table of the site's files; their content stays where it
// is. Without an index page, or where a file cannot be read, it gives the page
// that says so.
func newHandler(fsys fs.FS) siteHandler {
	if !isBuilt(fsys) {
		return unbuilt{}
	}
	assets, err := readAssets(fsys)
	if err != nil {
		return unbuilt{cause: err}
	}
	return &handler{fsys: fsys, assets: assets}
}

// siteHandler serves the paths that it has.
type siteHandler interface {
	http.Handler
	has(path string) bool
	paths() []string
}

func (h *handler) has(path string) bool { return h.assets[path] != nil }

func (h *handler) paths() []string { return slices.Sorted(maps.Keys(h.assets)) }

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	setSecurityHeaders(w.Header())
	if !allowRead(w, r) {
		return
	}
	a := h.assets[r.URL.Path]
	if a == nil {
		w.Header().Set("Cache-Control", cacheRevalidate)
		http.Error(w, "There is no such page.", http.StatusNotFound)
		return
	}
	h.serve(w, r, a)
}

func (h *handler) serve(w http.ResponseWriter, r *http.Request, a *asset) {
	header := w.Header()
	// Also on 304 and 406: a cache between must know what the answer hung on.
	header.Set("Vary", "Accept-Encoding")
	header.Set("Cache-Control", a.cacheControl)

	v := a.negotiate(r.Header.Values("Accept-Encoding"))
	if v == nil {
		http.Error(w, "Offered: br, gzip and identity, of which Accept-Encoding allows none.", http.StatusNotAcceptable)
		return
	}
	header.Set("ETag", v.etag)
	if matchesETag(r.Header.Values("If-None-Match"), v.etag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}

	f, err := h.fsys.Open(v.file)
	if err != nil {
		http.Error(w, "The page cannot be read.", http.StatusInternalServerError)
		return
	}
	defer f.Close()

	header.Set("Content-Type", a.contentType)
	header.Set("Content-Length", strconv.FormatInt(v.size, 10))
	if v.coding != identity {
		header.Set("Content-Encoding", v.coding)
	}
	w.WriteHeader(http.StatusOK)
	if r.Method == http.MethodHead {
		return
	}
	// An error here is the reader's connection, which is gone: nobody is left
	// to be told.
	_, _ = io.CopyN(w, f, v.size)
}

// allowRead answers whatever is neither GET nor HEAD, and reports whether the
// request may go on.
func allowRead(w http.ResponseWriter, r *http.Request) bool {
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return true
	}
	w.Header().Set("Allow", "GET, HEAD")
	http.Error(w, "Pages are read with GET or HEAD.", http.StatusMethodNotAllowed)
	return false
}

// matchesETag reports whether an If-None-Match names etag. The comparison is
// the weak one that RFC 9110, section 13.1.2, asks for.
func matchesETag(header []string, etag string) bool {
	for _, line := range header {
		for tag := range strings.SplitSeq(line, ",") {
			tag = strings.TrimSpace(tag)
			if tag == "*" || strings.TrimPrefix(tag, "W/") == etag {
				return true
			}
		}
	}
	return false
}
