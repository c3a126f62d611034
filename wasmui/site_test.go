// SPDX-License-Identifier: Apache-2.0

//go:build !js

package main

import (
	"bytes"
	"encoding/json"
	"image/png"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// testSite assembles the real sources around a program that is none.
func testSite(t *testing.T, wasm string) map[string]file {
	t.Helper()
	files, err := assemble(web(), map[string][]byte{streamProgram: []byte(wasm), labProgram: []byte("lab")}, []byte("// runs it\n"))
	if err != nil {
		t.Fatal(err)
	}
	byName := make(map[string]file)
	for _, f := range files {
		if _, twice := byName[f.name]; twice {
			t.Errorf("the site has two files %s", f.name)
		}
		byName[f.name] = f
	}
	return byName
}

// find gives the file whose name bears a hash.
func find(t *testing.T, site map[string]file, pattern string) file {
	t.Helper()
	for name, f := range site {
		if ok, err := path.Match(pattern, name); err != nil || ok {
			return f
		}
	}
	t.Fatalf("the site has no file %s", pattern)
	return file{}
}

func exists(site map[string]file, url string) bool {
	name := strings.TrimPrefix(url, "/")
	for _, d := range documents {
		if d.path == url {
			name = d.name
		}
	}
	_, ok := site[name]
	return ok
}

func TestPageNamesFilesThatAreThere(t *testing.T) {
	t.Parallel()
	site := testSite(t, "wasm")
	for _, d := range documents {
		page := string(site[d.name].plain)
		refs := regexp.MustCompile(` (?:src|href)="([^"#]+)"`).FindAllStringSubmatch(page, -1)
		if len(refs) < 6 {
			t.Fatalf("%d references in %s: %v", len(refs), d.name, refs)
		}
		for _, ref := range refs {
			if !exists(site, ref[1]) {
				t.Errorf("%s names %s, which is not there", d.name, ref[1])
			}
		}
		loader := find(t, site, d.program+".*.js")
		if !strings.Contains(page, loader.name) {
			t.Errorf("%s does not name the loader of its program", d.name)
		}
		if !strings.Contains(string(loader.plain), `loadProgram("/`+find(t, site, d.program+".*.wasm").name+`", showProgress)`) {
			t.Errorf("the loader %s does not load the program", loader.name)
		}
	}
}

// The policy of the page allows no script and no style in it, and no file of
// another origin.
func TestPageIsFitForItsPolicy(t *testing.T) {
	t.Parallel()
	site := testSite(t, "wasm")
	for _, d := range documents {
		page := string(site[d.name].plain)
		for _, bad := range []string{"<style", " style=", " onclick=", "<script>", `src="http`, `href="http`} {
			if strings.Contains(page, bad) {
				t.Errorf("%s holds %q", d.name, bad)
			}
		}
		for _, want := range []string{`<html lang="en">`, "<title>" + d.title + "</title>", `name="description" content="`, `name="viewport"`, "<noscript>"} {
			if !strings.Contains(page, want) {
				t.Errorf("%s has no %s", d.name, want)
			}
		}
	}
}

func TestManifest(t *testing.T) {
	t.Parallel()
	site := testSite(t, "wasm")
	var manifest struct {
		Name, ShortName, ID, Display string
		StartURL                     string `json:"start_url"`
		Icons                        []struct{ Src, Type, Sizes, Purpose string }
	}
	if err := json.Unmarshal(site["manifest.webmanifest"].plain, &manifest); err != nil {
		t.Fatal(err)
	}
	if manifest.Name != "Sluice" || manifest.StartURL != "/" || manifest.Display != "standalone" {
		t.Errorf("manifest %+v", manifest)
	}
	sizes := make(map[string]bool)
	for _, icon := range manifest.Icons {
		f, ok := site[strings.TrimPrefix(icon.Src, "/")]
		if !ok {
			t.Errorf("the manifest names %s, which is not there", icon.Src)
			continue
		}
		sizes[icon.Purpose+" "+icon.Sizes] = true
		if icon.Type != "image/png" {
			continue
		}
		c, err := png.DecodeConfig(bytes.NewReader(f.plain))
		if err != nil {
			t.Errorf("%s: %v", icon.Src, err)
			continue
		}
		if w, _, _ := strings.Cut(icon.Sizes, "x"); c.Width != c.Height || w != map[int]string{192: "192", 512: "512"}[c.Width] {
			t.Errorf("%s is %d by %d, and said to be %s", icon.Src, c.Width, c.Height, icon.Sizes)
		}
	}
	for _, want := range []string{"any 192x192", "any 512x512", "maskable 512x512", "any any"} {
		if !sizes[want] {
			t.Errorf("there is no icon %q, which installing asks for", want)
		}
	}
}

// One file that is missing would leave the app without offline.
func TestWorkerPrecachesWhatIsThere(t *testing.T) {
	t.Parallel()
	site := testSite(t, "wasm")
	worker := string(site["app-worker.js"].plain)
	m := regexp.MustCompile(`const \[precache, later\] = (\[.*\]);`).FindStringSubmatch(worker)
	if m == nil {
		t.Fatal("the worker has no list of files")
	}
	var lists [2][]string
	if err := json.Unmarshal([]byte(m[1]), &lists); err != nil {
		t.Fatal(err)
	}
	urls := slices.Concat(lists[0], lists[1])
	for _, url := range urls {
		if !exists(site, url) {
			t.Errorf("the worker fetches %s, which is not there", url)
		}
	}
	if !slices.Contains(lists[0], "/") || len(urls) != len(site)-1 {
		t.Errorf("the worker fetches %v: want the page and all files but itself, of %d", urls, len(site))
	}
	// A first visit does not fetch what only other pages need.
	want := []string{"/" + find(t, site, "lab.*.wasm").name, "/compare", "/explore"}
	slices.Sort(want)
	if diff := cmp.Diff(want, lists[1]); diff != "" {
		t.Errorf("fetched when first asked for, but for what was expected (-): %s", diff)
	}
	if strings.Contains(worker, "{{") {
		t.Error("something in the worker was not filled in")
	}
}

// Browsers take a new version by the bytes of the worker: these change with
// whatever changes, and with nothing else.
func TestTheSameSourcesAreTheSameSite(t *testing.T) {
	t.Parallel()
	first, again, other := testSite(t, "wasm"), testSite(t, "wasm"), testSite(t, "another")
	for name, f := range first {
		if !bytes.Equal(f.plain, again[name].plain) {
			t.Errorf("%s came out differently", name)
		}
	}
	if bytes.Equal(first["app-worker.js"].plain, other["app-worker.js"].plain) {
		t.Error("another program has the same worker")
	}
	if find(t, first, "app.*.js").name == find(t, other, "app.*.js").name {
		t.Error("another program has a loader of the same name")
	}
	if find(t, first, "style.*.css").name != find(t, other, "style.*.css").name {
		t.Error("another program has a style sheet of another name")
	}
}

// How a name bears its hash is agreed with the server that has browsers keep it
// for good.
func TestHashedNames(t *testing.T) {
	t.Parallel()
	pattern := regexp.MustCompile(`^[a-z0-9_-]+\.[0-9a-f]{16}\.[a-z0-9]+$`)
	fixed := []string{"app-worker.js", "manifest.webmanifest"}
	for _, d := range documents {
		fixed = append(fixed, d.name)
	}
	for name, f := range testSite(t, "wasm") {
		if f.hashed != pattern.MatchString(name) || f.hashed == slices.Contains(fixed, name) {
			t.Errorf("%s, hashed: %v", name, f.hashed)
		}
	}
}

func TestStyleSheetsAreWhole(t *testing.T) {
	t.Parallel()
	style := string(find(t, testSite(t, "wasm"), "style.*.css").plain)
	if open, closed := strings.Count(style, "{"), strings.Count(style, "}"); open != closed || open < 50 {
		t.Errorf("%d braces open and %d close", open, closed)
	}
	if strings.Contains(style, "url(") || strings.Contains(style, "@import") {
		t.Error("a style sheet names a file, which would need a name with a hash")
	}
}
