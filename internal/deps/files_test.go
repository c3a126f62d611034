// SPDX-License-Identifier: Apache-2.0

package deps

import (
	"bytes"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"testing"
)

// maxLines is where a file is better two: one concept a file, seen as a whole.
const maxLines = 500

const license = "SPDX-License-Identifier: Apache-2.0"

// generated is the line by which Go tools know generated code.
var generated = regexp.MustCompile(`(?m)^// Code generated .* DO NOT EDIT\.$`)

// written are the kinds of file that people write and read as code.
var written = []string{".go", ".proto", ".js", ".css", ".html", ".sh"}

// skipped are folders of things that nobody here writes.
var skipped = []string{".git", "bin", "node_modules", "testdata", "wasmui/dist/site"}

// eachFile calls visit with every file that is written here by hand.
func eachFile(t *testing.T, visit func(name string, content []byte)) {
	t.Helper()
	top := os.DirFS(root)
	err := fs.WalkDir(top, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (slices.Contains(skipped, name) || slices.Contains(skipped, path.Base(name))):
			return fs.SkipDir
		case !d.Type().IsRegular():
			return nil
		}
		content, err := fs.ReadFile(top, name)
		if err == nil && !generated.Match(content) {
			visit(name, content)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestFilesSayTheirLicense holds that Go files begin with the licence line and
// a blank one, which keeps it out of the package's documentation, and that
// scripts have it below the line that says what runs them.
func TestFilesSayTheirLicense(t *testing.T) {
	t.Parallel()
	checked := 0
	eachFile(t, func(name string, content []byte) {
		switch {
		case path.Ext(name) == ".go":
			if !bytes.HasPrefix(content, []byte("// "+license+"\n\n")) {
				t.Errorf("%s does not begin with %q and a blank line", name, "// "+license)
			}
		case path.Ext(name) == ".sh", bytes.HasPrefix(content, []byte("#!")):
			if _, rest, _ := bytes.Cut(content, []byte("\n")); !bytes.HasPrefix(rest, []byte("# "+license+"\n")) {
				t.Errorf("the second line of %s is not %q", name, "# "+license)
			}
		default:
			return
		}
		checked++
	})
	if checked == 0 {
		t.Error("no file was found")
	}
}

func TestFilesAreShort(t *testing.T) {
	t.Parallel()
	eachFile(t, func(name string, content []byte) {
		if lines := bytes.Count(content, []byte("\n")); slices.Contains(written, path.Ext(name)) && lines > maxLines {
			t.Errorf("%s has %d lines: over %d, look for the second concept in it", name, lines, maxLines)
		}
	})
}

// TestBubblesAreSafe holds that tests make up time by internal/bubble, which
// says why: what they would do without it is crash, and seldom.
func TestBubblesAreSafe(t *testing.T) {
	t.Parallel()
	bare := []byte("synctest." + "Test(")
	bubbles := 0
	eachFile(t, func(name string, content []byte) {
		switch has := bytes.Contains(content, bare); {
		case has && path.Dir(name) == "internal/bubble":
			bubbles++
		case has:
			t.Errorf("%s makes up time by itself: call internal/bubble instead", name)
		}
	})
	if bubbles != 1 {
		t.Errorf("%d files of internal/bubble make up time, want one", bubbles)
	}
}

// topLevel is all that the top of the repository has. Names that begin with a
// dot are left to the tools that want them there.
var topLevel = []string{
	"CONTRIBUTING.md", "LICENSE", "Makefile", "README.md", "backend", "bridge", "buf.gen.yaml", "buf.yaml",
	"deploy", "go.mod", "go.sum", "internal", "proto", "wasmui",
	"bin", // what `make build` makes
}

func TestTopLevelIsSmall(t *testing.T) {
	t.Parallel()
	entries, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if name := e.Name(); name[0] != '.' && !slices.Contains(topLevel, name) {
			t.Errorf("%s is not meant to be at the top level, which is %v", name, topLevel)
		}
	}
}
