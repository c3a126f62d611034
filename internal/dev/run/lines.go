// SPDX-License-Identifier: Apache-2.0

//go:build unix

package main

import (
	"bytes"
	"io"
	"sync"
)

// maxLine is how many bytes of an unfinished line are held back before they
// are written without waiting for its end.
const maxLine = 64 << 10

// lines lets several writers share one output without mixing their lines. Its
// writers never report an error, since a program must not fail because nobody
// reads what it says.
type lines struct {
	mu  sync.Mutex
	out io.Writer
}

func newLines(out io.Writer) *lines { return &lines{out: out} }

// print writes text as a line of its own.
func (l *lines) print(text string) { l.write([]byte(text + "\n")) }

func (l *lines) write(p []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, _ = l.out.Write(p) // See lines.
}

// prefixed returns a writer that puts prefix before each line.
func (l *lines) prefixed(prefix string) *lineWriter {
	return &lineWriter{lines: l, prefix: []byte(prefix)}
}

// A lineWriter writes whole lines to the shared output. It is for one
// goroutine at a time.
type lineWriter struct {
	lines  *lines
	prefix []byte
	held   []byte // the beginning of a line whose end has not come
}

// Write implements io.Writer. It never fails.
func (w *lineWriter) Write(p []byte) (int, error) {
	n := len(p)
	w.held = append(w.held, p...)
	var out []byte
	for {
		end := bytes.IndexByte(w.held, '\n')
		if end < 0 {
			break
		}
		out = append(append(out, w.prefix...), w.held[:end+1]...)
		w.held = w.held[end+1:]
	}
	if len(out) > 0 {
		w.lines.write(out)
	}
	if len(w.held) > maxLine {
		w.finish()
	}
	return n, nil
}

// finish writes the line that was begun and not ended, if there is one, and
// ends it.
func (w *lineWriter) finish() {
	if len(w.held) == 0 {
		return
	}
	w.lines.print(string(w.prefix) + string(w.held))
	w.held = nil
}
