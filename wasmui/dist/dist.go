// SPDX-License-Identifier: Apache-2.0

// Package dist embeds the built web app and serves it: precompressed, cached
// for good where a name bears its content's hash, and under a strict
// Content-Security-Policy.
//
// What is embedded is what the program in the folder above wrote into site. In
// a fresh clone that is only a placeholder; [Handler] then says how the app is
// built.
package dist

import (
	"embed"
	"io/fs"
	"net/http"
	"sync"
)

//go:embed all:site
var embedded embed.FS

// indexFile is the page. A site without it was not built.
const indexFile = "index.html"

// Built reports whether the app is embedded, rather than its placeholder alone.
func Built() bool {
	return isBuilt(site())
}

// Handler serves the embedded app: the page at "/" and the site's files under
// their names, to GET and HEAD. Every other path is next's to answer; with a
// nil next it is 404. Where the app is not built, "/" is 503 and a page that
// says what to run.
//
// The handler is safe for concurrent use.
func Handler(next http.Handler) http.Handler {
	app := app()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if next != nil && !app.has(r.URL.Path) {
			next.ServeHTTP(w, r)
			return
		}
		app.ServeHTTP(w, r)
	})
}

// Paths returns the paths that [Handler] answers itself and never hands on,
// sorted.
func Paths() []string { return app().paths() }

// app serves what is embedded, which is read once.
var app = sync.OnceValue(func() siteHandler { return newHandler(site()) })

// site is the embedded folder as a file system of its own.
func site() fs.FS {
	sub, err := fs.Sub(embedded, "site")
	if err != nil {
		// Only an invalid path does this, and the path is the constant above.
		panic(err)
	}
	return sub
}

func isBuilt(fsys fs.FS) bool {
	_, err := fs.Stat(fsys, indexFile)
	return err == nil
}
