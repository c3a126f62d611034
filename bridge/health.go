// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"io"
	"net/http"
)

// serveHealth answers whether the bridge runs: if it can, it does.
func (b *Bridge) serveHealth(w http.ResponseWriter, r *http.Request) {
	b.answer(w, r, http.StatusOK, "ok\n")
}

// serveReady answers whether the bridge can serve a stream, and which backends
// and methods it cannot serve though it is ready.
func (b *Bridge) serveReady(w http.ResponseWriter, r *http.Request) {
	if err := b.Ready(); err != nil {
		b.answer(w, r, http.StatusServiceUnavailable, "not ready: "+err.Error()+"\n")
		return
	}
	text := "ready\n"
	for _, err := range append(b.missing(), b.table.Load().clashes...) {
		text += "not served: " + err.Error() + "\n"
	}
	b.answer(w, r, http.StatusOK, text)
}

func (b *Bridge) answer(w http.ResponseWriter, r *http.Request, code int, text string) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		b.fail(w, r, methodNotAllowed(r, "GET, HEAD"))
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(code)
	io.WriteString(w, text)
}
