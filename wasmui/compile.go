// SPDX-License-Identifier: Apache-2.0

//go:build !js

package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// packagePath is the package that is compiled for the browser: this one.
const packagePath = "sluice/wasmui"

// browser is the platform that the programs are compiled for.
var browser = []string{"GOOS=js", "GOARCH=wasm"}

// readPrograms gives the compiled programs by name, compiling them where cfg
// names none. What went otherwise than it should have it tells by warn.
func readPrograms(ctx context.Context, cfg config, warn func(string)) (map[string][]byte, error) {
	compiled := make(map[string][]byte)
	if cfg.wasm != "" {
		wasm, err := os.ReadFile(cfg.wasm)
		if err != nil {
			return nil, fmt.Errorf("read the compiled app: %w", err)
		}
		for _, program := range programs {
			compiled[program] = wasm
		}
		return compiled, nil
	}
	dir, err := os.MkdirTemp("", "wasmui")
	if err != nil {
		return nil, fmt.Errorf("make a folder to compile into: %w", err)
	}
	defer os.RemoveAll(dir)
	replaced, err := overlay(ctx, dir)
	if err != nil {
		return nil, err
	}
	for _, program := range programs {
		file := filepath.Join(dir, program+".wasm")
		err := compile(ctx, program, file, "-overlay="+replaced)
		if err != nil {
			// Another toolchain's net/http may name more of crypto/tls than stands
			// in for it. What does not compile without that either is our fault.
			if err := compile(ctx, program, file); err != nil {
				return nil, err
			}
			warn(fmt.Sprintf("%s.wasm is larger than it should be, because crypto/tls could not be left out of it: %v", program, err))
		}
		if compiled[program], err = os.ReadFile(file); err != nil {
			return nil, fmt.Errorf("read the compiled app: %w", err)
		}
	}
	return compiled, nil
}

// compile compiles a program into a file.
func compile(ctx context.Context, program, file string, flags ...string) error {
	// -s and -w leave out symbols, which browsers have no use for; -trimpath and
	// -buildvcs=false make the same sources give the same bytes in any folder and
	// at any commit, so that browsers fetch the app again only where it changed.
	args := append([]string{"build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", tags(program), "-o", file}, flags...)
	if _, err := goTool(ctx, browser, append(args, packagePath)...); err != nil {
		return fmt.Errorf("compile the app: %w", err)
	}
	return nil
}

// wasmExec gives the script that runs Go's WebAssembly. It is the toolchain's
// own, because it has to be of the same version as the compiler.
func wasmExec(ctx context.Context) ([]byte, error) {
	root, err := goTool(ctx, nil, "env", "GOROOT")
	if err != nil {
		return nil, fmt.Errorf("find the Go toolchain: %w", err)
	}
	js, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(root)), "lib", "wasm", "wasm_exec.js"))
	if err != nil {
		return nil, fmt.Errorf("read the toolchain's wasm_exec.js: %w", err)
	}
	return js, nil
}

// listFormat gives one line a package that is not the standard library's: for
// one of this module the folder and its files, for any other the version.
const listFormat = `{{if not .Standard}}{{with .Module}}{{if .Main}}files{{else}}module{{end}}{{"\t"}}{{.Path}}@{{.Version}}{{end}}` +
	`{{"\t"}}{{.Dir}}{{range .GoFiles}}{{"\t"}}{{.}}{{end}}{{range .EmbedFiles}}{{"\t"}}{{.}}{{end}}{{end}}`

// inputsHash is a hash of all that the site is made of: the sources of the app
// and of this program, the versions of what they depend on, and the toolchain.
func inputsHash(ctx context.Context, cfg config) (string, error) {
	sum := sha256.New()
	version, err := goTool(ctx, nil, "env", "GOVERSION", "GOFLAGS", "GOWASM", "GOEXPERIMENT")
	if err != nil {
		return "", fmt.Errorf("ask the Go toolchain for its version: %w", err)
	}
	sum.Write(version)
	type build struct{ env, flags []string }
	builds := []build{{}}
	for _, program := range programs {
		builds = append(builds, build{browser, []string{tags(program)}})
	}
	if cfg.wasm != "" {
		wasm, err := os.ReadFile(cfg.wasm)
		if err != nil {
			return "", fmt.Errorf("read the compiled app: %w", err)
		}
		sum.Write(wasm)
		builds = builds[:1]
	}
	for _, b := range builds {
		args := append([]string{"list", "-deps", "-f", listFormat}, b.flags...)
		list, err := goTool(ctx, b.env, append(args, packagePath)...)
		if err != nil {
			return "", fmt.Errorf("list what the app is made of: %w", err)
		}
		for line := range strings.Lines(string(list)) {
			if err := hashPackage(sum, strings.TrimSpace(line)); err != nil {
				return "", err
			}
		}
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// hashPackage adds one line of the list to the sum.
func hashPackage(sum io.Writer, line string) error {
	fields := strings.Split(line, "\t")
	if len(fields) < 3 {
		return nil // a line that listFormat left empty, for a standard package
	}
	if fields[0] != "files" {
		// A module does not change within a version.
		fmt.Fprintln(sum, fields[1])
		return nil
	}
	dir := fields[2]
	for _, name := range fields[3:] {
		content, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return fmt.Errorf("read a source of the app: %w", err)
		}
		fmt.Fprintln(sum, filepath.Base(dir), name, len(content))
		if _, err := sum.Write(content); err != nil {
			return err
		}
	}
	return nil
}

// goTool runs the go command and gives what it printed. Its errors hold what
// the command complained of.
func goTool(ctx context.Context, env []string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Env = append(os.Environ(), env...)
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if errors.Is(err, exec.ErrNotFound) {
		return nil, errors.New("the go command is not in the PATH")
	}
	if err != nil {
		return nil, fmt.Errorf("go %s: %w\n%s", args[0], err, bytes.TrimSpace(complaint.Bytes()))
	}
	return out, nil
}
