// SPDX-License-Identifier: Apache-2.0

package dist

import (
	"fmt"
	"html"
	"net/http"
)

// unbuilt stands in for the app where it is not embedded.
type unbuilt struct {
	cause error // why the embedded site could not be read; nil where there is none
}

// unbuiltPage has no style, because the policy that it is served under allows
// none inline.
const unbuiltPage = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Sluice: the app is not built</title></head>
<body>
<h1>The app is not built</h1>
<p>This program was compiled without the web app. In the source folder, run</p>
<pre>make build-wasm</pre>
<p>and compile it again. Streams are served all the same.</p>
%s</body>
</html>
`

func (unbuilt) has(path string) bool { return path == "/" }

func (unbuilt) paths() []string { return []string{"/"} }

func (u unbuilt) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	setSecurityHeaders(w.Header())
	if !allowRead(w, r) {
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	if r.URL.Path != "/" {
		http.Error(w, "There is no such page: the app is not built. Run make build-wasm.", http.StatusNotFound)
		return
	}
	var cause string
	if u.cause != nil {
		cause = "<p>What is embedded cannot be read: " + html.EscapeString(u.cause.Error()) + ".</p>\n"
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(http.StatusServiceUnavailable)
	if r.Method == http.MethodHead {
		return
	}
	fmt.Fprintf(w, unbuiltPage, cause)
}
