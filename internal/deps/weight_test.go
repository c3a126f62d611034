// SPDX-License-Identifier: Apache-2.0

package deps

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A ban keeps packages out of others, however many imports lie between.
type ban struct {
	// from are patterns of our packages, below the module.
	from []string
	// packages are patterns of import paths that none of them may need.
	packages []string
	// platform is the one that the ban is for, each where empty.
	platform string
	// direct bans only what the packages import themselves.
	direct bool
	why    string
}

// These come in families, of which each member drags in the rest.
var (
	grpcFamily = []string{"google.golang.org/grpc/...", "google.golang.org/genproto/...", "github.com/grpc-ecosystem/...", "github.com/jhump/..."}
	protobuf   = []string{"google.golang.org/protobuf/..."}
	prometheus = []string{"github.com/prometheus/..."}
	flags      = []string{"github.com/alecthomas/kong/..."}
	goApp      = []string{"github.com/maxence-charriere/go-app/..."}
	brotli     = []string{"github.com/andybalholm/brotli/..."}
	testTools  = []string{"github.com/google/go-cmp/...", "go.uber.org/goleak/...", "github.com/chromedp/...", "testing/..."}
)

var bans = []ban{
	{
		from:     []string{"bridge/sse", "wasmui/store", "wasmui/stream"},
		packages: []string{"net/http/..."},
		why:      "they run in the browser, where net/http costs 0.86 MB of brotli and cannot stop a read",
	},
	{
		from:     []string{"wasmui"},
		packages: slices.Concat(grpcFamily, protobuf),
		platform: "js",
		why:      "the app learns of methods as JSON; protobuf and grpc cost it half a megabyte of brotli and more",
	},
	{
		from:     []string{"wasmui"},
		packages: slices.Concat(prometheus, flags, brotli, []string{module + "/wasmui/dist"}),
		platform: "js",
		why:      "a page that loads over the network carries nothing that it does not run",
	},
	{
		from:     []string{"wasmui", "wasmui/ui"},
		packages: []string{"net/http/..."},
		platform: "js",
		direct:   true,
		why:      "go-app names net/http and the linker drops nearly all of it; a client of ours would bring it back",
	},
	{
		from:     []string{"bridge", "bridge/catalog", "bridge/journal", "bridge/run", "bridge/sse", "bridge/transcode", "backend"},
		packages: slices.Concat(prometheus, flags),
		why:      "whoever uses a library has metrics and flags of their own; ours belong to the programs",
	},
	{
		from:     []string{"bridge/cmd/sluice", "backend/cmd/numbersd"},
		packages: slices.Concat(goApp, brotli),
		why:      "the programs serve what was rendered and compressed when it was built",
	},
	{
		from:     []string{"bridge", "bridge/cmd/sluice", "backend", "backend/cmd/numbersd", "wasmui"},
		packages: testTools,
		why:      "what tests use is not shipped",
	},
}

// selfContained are the packages that need nothing but Go's own library and
// each other, on every platform.
var selfContained = []string{"bridge/sse", "wasmui/store", "wasmui/stream", "wasmui/dist"}

func TestBans(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, platform string, g graph) {
		for _, b := range bans {
			if b.platform != "" && b.platform != platform {
				continue
			}
			for _, fault := range b.faults(g) {
				t.Error(fault)
			}
		}
	})
}

func TestSelfContained(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, _ string, g graph) {
		for _, name := range selfContained {
			importer := g.reach(module + "/" + name)
			for _, path := range sortedKeys(importer) {
				if !isOurs(path) && !g[path].Standard && path != "C" { // cgo, in net
					t.Errorf("%s: %s is to stand on the standard library alone", way(importer, path), name)
				}
			}
		}
	})
}

// TestBansNameRealPackages holds that no ban has been outlived by what it
// bans: a pattern with a slip in it would hold for ever.
func TestBansNameRealPackages(t *testing.T) {
	t.Parallel()
	known := graph{}
	for _, load := range platforms {
		g, err := load()
		if err != nil {
			t.Fatal(err)
		}
		for path, p := range g {
			known[path] = p
		}
	}
	inTests := map[string]bool{}
	for _, pattern := range testTools {
		inTests[pattern] = true // They are not in the graph, as it should be.
	}
	for _, b := range bans {
		for _, pattern := range b.packages {
			found := slices.ContainsFunc(sortedPaths(known), func(path string) bool { return matches(pattern, path) })
			if !found && !inTests[pattern] {
				t.Errorf("nothing here needs %s, which is banned because %s", pattern, b.why)
			}
		}
		for _, pattern := range b.from {
			if !slices.ContainsFunc(known.ours(), func(path string) bool { return matches(module+"/"+pattern, path) }) {
				t.Errorf("there is no %s for which there is a ban", pattern)
			}
		}
	}
}

// faults returns how the ban is broken in g: for each package the nearest of
// the banned ones that it needs, and the way there.
func (b ban) faults(g graph) []string {
	var faults []string
	for _, path := range g.ours() {
		if !matchesAny(b.from, below(path)) {
			continue
		}
		importer := g.reach(path)
		for _, needed := range sortedKeys(importer) {
			banned := matchesAny(b.packages, needed)
			first := banned && !matchesAny(b.packages, importer[needed]) // Not what it drags in.
			if first && (!b.direct || importer[needed] == path) {
				faults = append(faults, fmt.Sprintf("%s: %s", way(importer, needed), b.why))
			}
		}
	}
	return faults
}

func sortedPaths(g graph) []string {
	paths := make([]string, 0, len(g))
	for path := range g {
		paths = append(paths, path)
	}
	slices.Sort(paths)
	return paths
}

func TestBanFaults(t *testing.T) {
	t.Parallel()
	g := graph{}
	for path, imports := range map[string]string{
		"sluice/a":  "fmt sluice/b",
		"sluice/b":  "heavy/sub",
		"sluice/c":  "heavy",
		"heavy/sub": "heavy",
		"heavy":     "fmt",
		"fmt":       "",
	} {
		g[path] = pkg{ImportPath: path, Imports: strings.Fields(imports), Standard: path == "fmt"}
	}
	for _, tt := range []struct {
		name string
		ban  ban
		want []string
	}{
		{
			name: "however far",
			ban:  ban{from: []string{"a"}, packages: []string{"heavy/..."}, why: "reason"},
			want: []string{"sluice/a imports sluice/b imports heavy/sub: reason"},
		},
		{
			name: "direct only",
			ban:  ban{from: []string{"a", "c"}, packages: []string{"heavy/..."}, direct: true, why: "reason"},
			want: []string{"sluice/c imports heavy: reason"},
		},
		{name: "others", ban: ban{from: []string{"a"}, packages: []string{"light/..."}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, tt.ban.faults(g)); diff != "" {
				t.Errorf("faults (-want +got):\n%s", diff)
			}
		})
	}
}
