// SPDX-License-Identifier: Apache-2.0

//go:build !js

package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"runtime"
	"sync"

	"github.com/andybalholm/brotli"
)

// fastBrotli is the level of builds while developing: a tenth of the time.
const fastBrotli = 5

// packedFile is a file of the site with what it compresses to. A form that
// would save nothing is nil.
type packedFile struct {
	file
	brotli, gzip []byte
}

// variants gives the file's forms by the suffix of their names.
func (f packedFile) variants() iter.Seq2[string, []byte] {
	return func(yield func(string, []byte) bool) {
		if !yield("", f.plain) {
			return
		}
		if f.brotli != nil && !yield(".br", f.brotli) {
			return
		}
		if f.gzip != nil {
			yield(".gz", f.gzip)
		}
	}
}

// compressAll compresses the files side by side, but for those that the last
// build compressed: brotli takes its time, and a name that bears a hash says
// that the content is the same.
func compressAll(files []file, cfg config, last stamp) ([]packedFile, error) {
	packed := make([]packedFile, len(files))
	errs := make([]error, len(files))
	slots := make(chan struct{}, runtime.GOMAXPROCS(0))
	var wg sync.WaitGroup
	for i, f := range files {
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			packed[i], errs[i] = compress(f, cfg, last)
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return packed, nil
}

func compress(f file, cfg config, last stamp) (packedFile, error) {
	p := packedFile{file: f}
	if !compressible(f.name) {
		return p, nil
	}
	if p, ok := reuse(f, cfg, last); ok {
		return p, nil
	}
	level := brotli.BestCompression
	if cfg.fast {
		level = fastBrotli
	}
	var err error
	if p.brotli, err = deflate(f.plain, func(w io.Writer) (io.WriteCloser, error) {
		return brotli.NewWriterOptions(w, brotli.WriterOptions{Quality: level, LGWin: 24}), nil
	}); err != nil {
		return p, fmt.Errorf("compress %s with brotli: %w", f.name, err)
	}
	if p.gzip, err = deflate(f.plain, func(w io.Writer) (io.WriteCloser, error) {
		return gzip.NewWriterLevel(w, gzip.BestCompression)
	}); err != nil {
		return p, fmt.Errorf("compress %s with gzip: %w", f.name, err)
	}
	return p, nil
}

// deflate gives what the writer makes of content, nil where that is no less.
func deflate(content []byte, newWriter func(io.Writer) (io.WriteCloser, error)) ([]byte, error) {
	var out bytes.Buffer
	w, err := newWriter(&out)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(content); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	if out.Len() >= len(content) {
		return nil, nil
	}
	return out.Bytes(), nil
}

// reuse takes the compressed forms of the last build where they are of the same
// content.
func reuse(f file, cfg config, last stamp) (packedFile, bool) {
	p := packedFile{file: f}
	if _, made := last.Files[f.name]; !made || !f.hashed || !last.serves(cfg) {
		return p, false
	}
	for suffix, into := range map[string]*[]byte{".br": &p.brotli, ".gz": &p.gzip} {
		if _, made := last.Files[f.name+suffix]; !made {
			continue // as it would have saved nothing
		}
		content, err := os.ReadFile(filepath.Join(cfg.out, filepath.FromSlash(f.name+suffix)))
		if err != nil {
			return packedFile{file: f}, false
		}
		*into = content
	}
	return p, true
}

// compressible reports whether a kind of file is worth trying: a PNG is
// compressed already.
func compressible(name string) bool {
	return filepath.Ext(name) != ".png"
}
