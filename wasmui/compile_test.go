// SPDX-License-Identifier: Apache-2.0

//go:build !js

package main

import (
	"path/filepath"
	"strings"
	"testing"
)

// What the list leaves out can change without a new build.
func TestListHasAllThatTheSiteIsMadeOf(t *testing.T) {
	t.Parallel()
	for platform, want := range map[string][]string{
		"native": {"/wasmui\t", "\tsite.go", "\tweb/index.html", "\tweb/css/10-tokens.css", "\tweb/icons/icon.svg", "/wasmui/ui\t", "\tpage.go"},
		"js":     {"\tmain_js.go", "/wasmui/ui\t", "/wasmui/stream\t", "\tfetch_js.go", "/bridge/sse\t", "module\tgithub.com/maxence-charriere/go-app/v10@v10."},
	} {
		var env []string
		if platform == "js" {
			env = []string{"GOOS=js", "GOARCH=wasm"}
		}
		list, err := goTool(t.Context(), env, "list", "-deps", "-f", listFormat, packagePath)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range want {
			if !strings.Contains(string(list), s) {
				t.Errorf("the list for %s has no %q", platform, s)
			}
		}
	}
}

func TestInputsHashFollowsTheProgram(t *testing.T) {
	t.Parallel()
	first, err := inputsHash(t.Context(), config{})
	if err != nil {
		t.Fatal(err)
	}
	again, err := inputsHash(t.Context(), config{})
	if err != nil {
		t.Fatal(err)
	}
	given, err := inputsHash(t.Context(), config{wasm: "main.go"})
	if err != nil {
		t.Fatal(err)
	}
	if first != again || first == given || len(first) != 64 {
		t.Errorf("hashes %s and %s of the same, %s of another", first, again, given)
	}
}

// What stands in for crypto/tls does so for the toolchain that tests this, and
// nothing else brings it back.
func TestTheProgramsHaveNoTLS(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	replaced, err := overlay(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, program := range programs {
		if err := compile(t.Context(), program, filepath.Join(dir, program), "-overlay="+replaced); err != nil {
			t.Error(err)
		}
		list, err := goTool(t.Context(), browser, "list", "-deps", "-overlay="+replaced, tags(program), packagePath)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(list), "crypto/x509\n") || !strings.Contains(string(list), "crypto/tls\n") {
			t.Errorf("%s holds certificates, or no net/http at all", program)
		}
	}
}

// Whoever builds has to see what the compiler complained of.
func TestGoToolErrorsSayWhy(t *testing.T) {
	t.Parallel()
	_, err := goTool(t.Context(), nil, "list", "sluice/no/such/package")
	if err == nil || !strings.Contains(err.Error(), "no/such/package") {
		t.Errorf("error %v, which does not name the package", err)
	}
}
