// SPDX-License-Identifier: Apache-2.0

//go:build !js

package main

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
)

// buildSite builds around a program of the given content, and gives what was
// printed.
func buildSite(t *testing.T, out, wasm string, flags ...string) (string, error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "app.wasm")
	if err := os.WriteFile(file, []byte(wasm), 0o600); err != nil {
		t.Fatal(err)
	}
	var stdout bytes.Buffer
	err := run(t.Context(), append([]string{"-out", out, "-wasm", file}, flags...), &stdout, io.Discard)
	return stdout.String(), err
}

func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func TestBuild(t *testing.T) {
	t.Parallel()
	out := t.TempDir()
	if err := os.WriteFile(filepath.Join(out, "placeholder.txt"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(out, "app.of-long-ago.wasm"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	printed, err := buildSite(t, out, strings.Repeat("wasm", 100), "-fast")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(printed, "index.html") || !strings.Contains(printed, "brotli") {
		t.Errorf("printed %q, which does not say what the files weigh", printed)
	}
	if _, err := os.Stat(filepath.Join(out, "placeholder.txt")); err != nil {
		t.Errorf("the placeholder is gone: %v", err)
	}
	if _, err := os.Stat(filepath.Join(out, "app.of-long-ago.wasm")); !os.IsNotExist(err) {
		t.Errorf("a file of an earlier build is still there: %v", err)
	}

	page := read(t, filepath.Join(out, "index.html"))
	unzipped, err := gzip.NewReader(bytes.NewReader(read(t, filepath.Join(out, "index.html.gz"))))
	if err != nil {
		t.Fatal(err)
	}
	for form, r := range map[string]io.Reader{
		"brotli": brotli.NewReader(bytes.NewReader(read(t, filepath.Join(out, "index.html.br")))),
		"gzip":   unzipped,
	} {
		if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, page) {
			t.Errorf("the page's %s form holds something else: %v", form, err)
		}
	}
	for _, name := range names(t, out) {
		if strings.Contains(name, ".png.") {
			t.Errorf("%s: a PNG is compressed already", name)
		}
	}
}

func TestBuildDoesNothingTwice(t *testing.T) {
	t.Parallel()
	out := t.TempDir()
	if _, err := buildSite(t, out, "wasm"); err != nil {
		t.Fatal(err)
	}
	before := names(t, out)
	for _, flags := range [][]string{nil, {"-fast"}} {
		printed, err := buildSite(t, out, "wasm", flags...)
		if err != nil || !strings.Contains(printed, "up to date") {
			t.Errorf("with %v: printed %q, %v", flags, printed, err)
		}
	}
	printed, err := buildSite(t, out, "another")
	if err != nil || strings.Contains(printed, "up to date") {
		t.Errorf("another program: printed %q, %v", printed, err)
	}
	after := names(t, out)
	if len(after) != len(before) {
		t.Errorf("%d files before, %d after: %v", len(before), len(after), after)
	}
}

// A build for developing is not what is shipped, whatever it was made of.
func TestBuildImprovesAFastOne(t *testing.T) {
	t.Parallel()
	out := t.TempDir()
	if _, err := buildSite(t, out, strings.Repeat("wasm ", 1000), "-fast"); err != nil {
		t.Fatal(err)
	}
	printed, err := buildSite(t, out, strings.Repeat("wasm ", 1000))
	if err != nil || strings.Contains(printed, "up to date") {
		t.Errorf("printed %q, %v", printed, err)
	}
}

func TestBuildMendsADamagedSite(t *testing.T) {
	t.Parallel()
	out := t.TempDir()
	if _, err := buildSite(t, out, "wasm", "-fast"); err != nil {
		t.Fatal(err)
	}
	page := filepath.Join(out, "index.html")
	want := read(t, page)
	for name, damage := range map[string]func() error{
		"removed":          func() error { return os.Remove(page) },
		"cut short":        func() error { return os.Truncate(page, 10) },
		"without a record": func() error { return os.Remove(filepath.Join(out, stampName)) },
		"a broken record":  func() error { return os.WriteFile(filepath.Join(out, stampName), []byte("{"), 0o600) },
	} {
		if err := damage(); err != nil {
			t.Fatal(err)
		}
		if printed, err := buildSite(t, out, "wasm", "-fast"); err != nil || strings.Contains(printed, "up to date") {
			t.Errorf("%s: printed %q, %v", name, printed, err)
		}
		if !bytes.Equal(read(t, page), want) {
			t.Errorf("%s: the page was not mended", name)
		}
	}
}

// A program that is too heavy is not written, and so not taken for done the next
// time.
func TestBuildRefusesAHeavyProgram(t *testing.T) {
	t.Parallel()
	wasm := filepath.Join(t.TempDir(), "app.wasm")
	if err := os.WriteFile(wasm, []byte("0123456789"), 0o600); err != nil {
		t.Fatal(err)
	}
	out := t.TempDir()
	for range 2 {
		err := build(t.Context(), config{out: out, wasm: wasm, most: 9}, web(), io.Discard)
		if err == nil || !strings.Contains(err.Error(), "10 bytes of brotli: at most 9 are allowed") {
			t.Errorf("error %v, which does not name the limit", err)
		}
	}
	if got := names(t, out); len(got) != 0 {
		t.Errorf("it was written all the same: %v", got)
	}
	if err := build(t.Context(), config{out: out, wasm: wasm, most: 10}, web(), io.Discard); err != nil {
		t.Errorf("a program of just the limit: %v", err)
	}
	if err := build(t.Context(), config{out: t.TempDir(), wasm: wasm, most: 9, fast: true}, web(), io.Discard); err != nil {
		t.Errorf("a build while developing: %v", err)
	}
}

func TestBuildSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	tests := []struct {
		args []string
		want string
	}{
		{[]string{"-wasm", "/nowhere/app.wasm"}, "read the compiled app"},
		{[]string{"site"}, `unexpected argument "site"`},
		{[]string{"-quick"}, "-quick"},
	}
	for _, tt := range tests {
		err := run(t.Context(), append([]string{"-out", t.TempDir()}, tt.args...), io.Discard, io.Discard)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%v: error %v, want one with %q", tt.args, err, tt.want)
		}
	}
	if err := run(t.Context(), []string{"-h"}, io.Discard, io.Discard); err != nil {
		t.Errorf("asking for help is an error: %v", err)
	}
}
