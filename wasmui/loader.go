// SPDX-License-Identifier: Apache-2.0

//go:build !js

package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"strconv"

	"github.com/maxence-charriere/go-app/v10/pkg/app"
)

// loaderPatch is the script that is added to go-app's own.
const loaderPatch = "load.js"

// loader is the script that starts a program: go-app's, which also speaks to the
// running app about installing and updates, with another way of fetching the
// program. go-app's own hands a new response to the browser, so that a 404
// becomes a success that does not compile, and compiled code is not kept.
func (s *siteBuilder) loader(program string, wasmSize int) ([]byte, error) {
	wasm, err := s.url(program + ".wasm")
	if err != nil {
		return nil, err
	}
	h := &app.Handler{
		Name:      "Sluice",
		Resources: resolver{wasm: wasm},
		Version:   s.version(),
		// What has been read is counted after decompression, so the whole is told
		// the same way.
		WasmContentLength: strconv.Itoa(wasmSize),
	}
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/app.js", nil))
	js := rec.Body.Bytes()

	theirs := fmt.Appendf(nil, "fetchWithProgress(%q, showProgress)", wasm)
	ours := fmt.Appendf(nil, "loadProgram(%q, showProgress)", wasm)
	if n := bytes.Count(js, theirs); rec.Code != http.StatusOK || n != 1 {
		return nil, fmt.Errorf("go-app's app.js holds %s %d times: 1 was expected, so see what has changed in it", theirs, n)
	}
	js = bytes.Replace(js, theirs, ours, 1)
	patch, err := fs.ReadFile(s.web, loaderPatch)
	if err != nil {
		return nil, fmt.Errorf("read a source of the site: %w", err)
	}
	return append(append(js, '\n'), patch...), nil
}

// resolver tells go-app where the program lies that it names.
type resolver struct{ wasm string }

// Resolve implements app.ResourceResolver.
func (r resolver) Resolve(location string) string {
	if location == "/web/app.wasm" {
		return r.wasm
	}
	return location
}
