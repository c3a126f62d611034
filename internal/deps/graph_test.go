// SPDX-License-Identifier: Apache-2.0

// Package deps holds the rules of the house that no compiler checks: who may
// import whom, what must stay out of which program, and what every file has to
// have. It has tests and nothing else. A test that fails names the rule's reason:
// where the reason no longer holds, it is the rule that is to be changed.
package deps

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// module is the path of the module under test.
const module = "sluice"

// A pkg is what `go list` says of a package.
type pkg struct {
	ImportPath string
	Imports    []string
	Standard   bool
}

// A graph holds the packages of the module and all that they need outside of
// tests, by import path.
type graph map[string]pkg

// platforms are the two that the code is compiled for: build constraints give
// a package other imports on each.
var platforms = map[string]func() (graph, error){
	"native": sync.OnceValues(func() (graph, error) { return list() }),
	"js":     sync.OnceValues(func() (graph, error) { return list("GOOS=js", "GOARCH=wasm") }),
}

// onEach runs a test on the graph of each platform.
func onEach(t *testing.T, test func(t *testing.T, platform string, g graph)) {
	t.Helper()
	for platform, load := range platforms {
		t.Run(platform, func(t *testing.T) {
			t.Parallel()
			g, err := load()
			if err != nil {
				t.Fatal(err)
			}
			test(t, platform, g)
		})
	}
}

// list asks the go command for the graph, with env added to the environment.
func list(env ...string) (graph, error) {
	cmd := exec.Command("go", "list", "-deps", "-json=ImportPath,Imports,Standard", "./...")
	cmd.Dir = root
	cmd.Env = append(os.Environ(), env...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, errors.Join(err, errors.New(stderr.String()))
	}
	g := graph{}
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		switch err := d.Decode(&p); err {
		case nil:
			g[p.ImportPath] = p
		case io.EOF:
			return g, nil
		default:
			return nil, err
		}
	}
}

// root is the top of the repository.
var root = filepath.Join("..", "..")

// ours are the packages of the module, sorted.
func (g graph) ours() []string {
	var paths []string
	for path := range g {
		if isOurs(path) {
			paths = append(paths, path)
		}
	}
	slices.Sort(paths)
	return paths
}

func isOurs(path string) bool { return matches(module+"/...", path) }

// matches reports whether path is pattern or, for "x/...", x or under it, as
// with the go command.
func matches(pattern, path string) bool {
	if prefix, ok := strings.CutSuffix(pattern, "/..."); ok {
		return path == prefix || strings.HasPrefix(path, prefix+"/")
	}
	return path == pattern
}

// matchesAny reports whether path matches one of the patterns.
func matchesAny(patterns []string, path string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return matches(p, path) })
}

// reach returns every package that from needs, from among them, and for each
// the one that imports it on a shortest way from there.
func (g graph) reach(from string) map[string]string {
	importer := map[string]string{from: ""}
	for queue := []string{from}; len(queue) > 0; queue = queue[1:] {
		for _, path := range g[queue[0]].Imports {
			if _, seen := importer[path]; !seen {
				importer[path] = queue[0]
				queue = append(queue, path)
			}
		}
	}
	return importer
}

// way spells out how the package to was reached.
func way(importer map[string]string, to string) string {
	steps := []string{to}
	for at := importer[to]; at != ""; at = importer[at] {
		steps = append(steps, at)
	}
	slices.Reverse(steps)
	return strings.Join(steps, " imports ")
}

func sortedKeys(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }
