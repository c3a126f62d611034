// SPDX-License-Identifier: Apache-2.0

//go:build !js

package main

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path"
	"path/filepath"
	"slices"
	"text/tabwriter"
)

// maxWasmBrotli is what each program may weigh on the wire, in bytes. A bare go-app
// page is 1.41 MB; what is over this is felt on a phone.
const maxWasmBrotli = 1_600_000

// build makes the site in cfg.out, or finds it made.
func build(ctx context.Context, cfg config, web fs.FS, stdout io.Writer) error {
	inputs, err := inputsHash(ctx, cfg)
	if err != nil {
		return err
	}
	last := readStamp(cfg.out)
	if last.holds(cfg, inputs) {
		fmt.Fprintf(stdout, "%s is up to date\n", cfg.out)
		return nil
	}

	compiled, err := readPrograms(ctx, cfg, func(warning string) {
		fmt.Fprintln(stdout, "warning:", warning)
		cfg.most = math.MaxInt
	})
	if err != nil {
		return err
	}
	exec, err := wasmExec(ctx)
	if err != nil {
		return err
	}
	files, err := assemble(web, compiled, exec)
	if err != nil {
		return err
	}
	packed, err := compressAll(files, cfg, last)
	if err != nil {
		return err
	}
	if err := report(stdout, packed); err != nil {
		return err
	}
	if err := weigh(packed, cfg); err != nil {
		return err
	}
	return writeSite(cfg, inputs, packed)
}

// writeSite replaces what is in the folder by the files, but for the
// placeholder. The stamp goes first and comes last: a build that is cut short
// leaves none, and the next one starts over.
func writeSite(cfg config, inputs string, files []packedFile) error {
	if err := os.MkdirAll(cfg.out, 0o755); err != nil {
		return fmt.Errorf("make the folder of the site: %w", err)
	}
	if err := removeAll(filepath.Join(cfg.out, stampName)); err != nil {
		return err
	}
	s := stamp{Inputs: inputs, Fast: cfg.fast, Files: make(map[string]int64)}
	for _, f := range files {
		for suffix, content := range f.variants() {
			s.Files[f.name+suffix] = int64(len(content))
			if err := writeFile(cfg.out, f.name+suffix, content); err != nil {
				return err
			}
		}
	}
	if err := removeStale(cfg.out, s); err != nil {
		return err
	}
	return s.write(cfg.out)
}

func writeFile(dir, name string, content []byte) error {
	file := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return fmt.Errorf("make a folder of the site: %w", err)
	}
	if err := os.WriteFile(file, content, 0o644); err != nil {
		return fmt.Errorf("write a file of the site: %w", err)
	}
	return nil
}

// removeStale removes what an earlier build left and this one did not write.
func removeStale(dir string, s stamp) error {
	var stale []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		if _, kept := s.Files[filepath.ToSlash(name)]; !kept && name != "placeholder.txt" {
			stale = append(stale, path)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("look for files of an earlier build: %w", err)
	}
	return removeAll(stale...)
}

func removeAll(paths ...string) error {
	for _, path := range paths {
		if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
			return fmt.Errorf("remove a file of an earlier build: %w", err)
		}
	}
	return nil
}

// weigh fails where a program weighs too much.
func weigh(files []packedFile, cfg config) error {
	for _, f := range files {
		if path.Ext(f.name) != ".wasm" || cfg.fast {
			continue
		}
		size := len(f.brotli)
		if f.brotli == nil {
			size = len(f.plain)
		}
		if size > cfg.most {
			return fmt.Errorf("%s is %d bytes of brotli: at most %d are allowed, so look at what was imported last", f.name, size, cfg.most)
		}
	}
	return nil
}

// report prints what each file weighs.
func report(w io.Writer, files []packedFile) error {
	files = slices.Clone(files)
	slices.SortFunc(files, func(a, b packedFile) int { return len(b.plain) - len(a.plain) })
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(tw, "bytes\tgzip\tbrotli\t ")
	for _, f := range files {
		fmt.Fprintf(tw, "%d\t%s\t%s\t %s\n", len(f.plain), sizeOf(f.gzip), sizeOf(f.brotli), f.name)
	}
	return tw.Flush()
}

func sizeOf(content []byte) string {
	if content == nil {
		return "-"
	}
	return fmt.Sprint(len(content))
}
