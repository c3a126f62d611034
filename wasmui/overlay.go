// SPDX-License-Identifier: Apache-2.0

//go:build !js

package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// noTLS is the package that is compiled in place of crypto/tls.
//
//go:embed notls/tls.go
var noTLS []byte

// overlay writes what the go command's -overlay takes into dir, and returns its
// path: it has noTLS compiled for crypto/tls, and leaves the toolchain as it is.
func overlay(ctx context.Context, dir string) (string, error) {
	list, err := goTool(ctx, browser, "list", "-f", `{{.Dir}}{{range .GoFiles}}{{"\t"}}{{.}}{{end}}`, "crypto/tls")
	if err != nil {
		return "", fmt.Errorf("find the toolchain's crypto/tls: %w", err)
	}
	fields := strings.Split(strings.TrimSpace(string(list)), "\t")
	if len(fields) < 2 {
		return "", fmt.Errorf("the toolchain's crypto/tls has no files in %s", fields[0])
	}
	ours := filepath.Join(dir, "tls.go")
	if err := os.WriteFile(ours, noTLS, 0o600); err != nil {
		return "", fmt.Errorf("write the stand-in for crypto/tls: %w", err)
	}
	replace := make(map[string]string) // a file by nothing is a file less
	for _, name := range fields[1:] {
		replace[filepath.Join(fields[0], name)] = ""
	}
	replace[filepath.Join(fields[0], fields[1])] = ours
	content, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", fmt.Errorf("write the overlay: %w", err)
	}
	file := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(file, content, 0o600); err != nil {
		return "", fmt.Errorf("write the overlay: %w", err)
	}
	return file, nil
}
