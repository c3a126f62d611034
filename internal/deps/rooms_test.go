// SPDX-License-Identifier: Apache-2.0

package deps

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A room is a package, or a pattern of packages, and what it may import of
// ours. Paths are below the module's.
type room struct {
	pkg string
	may []string
	why string
}

// rooms is the plan of the house. Whatever is not in it is a fault: an import
// that no row allows as much as a package that has no row.
var rooms = []room{
	{
		pkg: "bridge/sse",
		why: "the wire format is shared by bridge and browser, and knows neither",
	},
	{
		pkg: "bridge/transcode",
		why: "from bytes to JSON by a descriptor alone: useful and testable without a bridge",
	},
	{
		pkg: "bridge/journal",
		why: "a record of bytes, whoever writes and reads them; other stores implement it",
	},
	{
		pkg: "bridge/journal/journaltest",
		may: []string{"bridge/journal"},
		why: "the suite is for every journal, also for one that is written elsewhere",
	},
	{
		pkg: "bridge/catalog",
		may: []string{"bridge/transcode", "proto/gen/sluice/stream/v1"},
		why: "it says which methods there are and does not call them",
	},
	{
		pkg: "bridge/run",
		may: []string{"bridge/catalog", "bridge/journal", "bridge/sse"},
		why: "a run is an RPC and its journal; it does not know by which transport it is read",
	},
	{
		pkg: "bridge/pool",
		why: "it spreads streams over connections to any gRPC server, and knows nothing of a bridge",
	},
	{
		pkg: "bridge",
		may: []string{"bridge/catalog", "bridge/run", "bridge/journal", "bridge/sse"},
		why: "the library serves any backend and any page: it knows neither ours nor our metrics",
	},
	{
		pkg: "bridge/check",
		may: []string{"bridge/sse"},
		why: "it judges any server's streams, and so shares with the bridge the wire format alone",
	},
	{
		pkg: "bridge/cmd/sluice",
		may: []string{"bridge/...", "wasmui/dist"},
		why: "the program is the library and the app; the backend is across the network",
	},
	{
		pkg: "backend",
		may: []string{"proto/gen/..."},
		why: "the backend is any gRPC server: it does not know that a bridge exists",
	},
	{
		pkg: "backend/cmd/numbersd",
		may: []string{"backend", "proto/gen/..."},
		why: "the program is the library with flags",
	},
	{
		pkg: "proto/gen/...",
		may: []string{"proto/gen/..."},
		why: "generated code uses generated code",
	},
	{
		pkg: "wasmui/store",
		why: "pure state: what it holds and computes needs nothing of a browser or a stream",
	},
	{
		pkg: "wasmui/form",
		why: "a request as it is filled in, made of what a bridge says of its methods: it knows no page and no protobuf",
	},
	{
		pkg: "wasmui/events",
		why: "what came, kept within bounds and looked through: it knows neither the page nor the client",
	},
	{
		pkg: "wasmui/notls",
		why: "it stands in for a package of the standard library, which knows none of ours",
	},
	{
		pkg: "wasmui/stream",
		may: []string{"bridge/sse"},
		why: "the client knows a stream, and no page that shows it",
	},
	{
		pkg: "wasmui/ui",
		may: []string{"wasmui/store", "wasmui/form", "wasmui/events", "wasmui/stream"},
		why: "components show state and steer the client",
	},
	{
		pkg: "wasmui",
		may: []string{"wasmui/store", "wasmui/stream", "wasmui/ui"},
		why: "the program puts the app together and writes the site; it does not embed what it writes",
	},
	{
		pkg: "wasmui/dist",
		why: "it serves files that are already built, and is linked into the bridge",
	},
	{
		pkg: "internal/...",
		may: []string{"..."},
		why: "what is not shipped may use everything",
	},
}

// TestRooms holds the plan, for what is imported outside of tests.
func TestRooms(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, _ string, g graph) {
		for _, fault := range faults(rooms, g) {
			t.Error(fault)
		}
	})
}

// TestRoomsAreInUse holds that the plan has no room that is not there.
func TestRoomsAreInUse(t *testing.T) {
	t.Parallel()
	g, err := platforms["native"]()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rooms {
		if !slices.ContainsFunc(g.ours(), func(path string) bool { return matches(module+"/"+r.pkg, path) }) {
			t.Errorf("the plan has %s, the repository has not", r.pkg)
		}
	}
}

// faults returns what in g is not as planned.
func faults(rooms []room, g graph) []string {
	var faults []string
	for _, path := range g.ours() {
		r, ok := roomOf(rooms, below(path))
		if !ok {
			faults = append(faults, below(path)+" has no place in the plan: give it a row in rooms, with a reason")
			continue
		}
		for _, imported := range g[path].Imports {
			if isOurs(imported) && !r.allows(below(imported)) {
				faults = append(faults, fmt.Sprintf("%s imports %s, which it may not: %s", below(path), below(imported), r.why))
			}
		}
	}
	return faults
}

func (r room) allows(path string) bool {
	return slices.Contains(r.may, "...") || matchesAny(r.may, path)
}

// roomOf returns the room whose pattern says most about path.
func roomOf(rooms []room, path string) (best room, ok bool) {
	for _, r := range rooms {
		if matches(r.pkg, path) && (!ok || r.precision() > best.precision()) {
			best, ok = r, true
		}
	}
	return best, ok
}

// precision orders the patterns that match a path: "b" says more than "b/...",
// and "b/c/..." more than both.
func (r room) precision() int {
	prefix, wide := strings.CutSuffix(r.pkg, "/...")
	if wide {
		return 2 * len(prefix)
	}
	return 2*len(prefix) + 1
}

// below cuts the module off an import path.
func below(path string) string { return strings.TrimPrefix(path, module+"/") }

func TestFaults(t *testing.T) {
	t.Parallel()
	rooms := []room{
		{pkg: "a", may: []string{"b/..."}, why: "reason a"},
		{pkg: "b/...", why: "reason b"},
		{pkg: "b/c", may: []string{"b"}, why: "reason c"},
		{pkg: "internal/...", may: []string{"..."}, why: "anything"},
	}
	g := graph{}
	for path, imports := range map[string][]string{
		"a":          {"fmt", "sluice/b", "sluice/b/c", "sluice/internal/x"},
		"b":          {"sluice/a"},
		"b/c":        {"sluice/b"},
		"d":          {},
		"internal/x": {"sluice/a", "sluice/d"},
	} {
		g["sluice/"+path] = pkg{ImportPath: "sluice/" + path, Imports: imports}
	}
	want := []string{
		"a imports internal/x, which it may not: reason a",
		"b imports a, which it may not: reason b",
		"d has no place in the plan: give it a row in rooms, with a reason",
	}
	if diff := cmp.Diff(want, faults(rooms, g)); diff != "" {
		t.Errorf("faults (-want +got):\n%s", diff)
	}
}
