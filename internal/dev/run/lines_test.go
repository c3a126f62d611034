// SPDX-License-Identifier: Apache-2.0

//go:build unix

package main

import (
	"errors"
	"io"
	"strings"
	"testing"
)

func TestPrefixedKeepsLinesWhole(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	shared := newLines(&out)
	a, b := shared.prefixed("a "), shared.prefixed("b ")
	for _, step := range []struct {
		w    io.Writer
		text string
	}{
		{a, "one"}, {b, "1\n2\n3"}, {a, " and a half\n\n"}, {b, "\n"}, {a, "last"},
	} {
		if n, err := io.WriteString(step.w, step.text); n != len(step.text) || err != nil {
			t.Fatalf("Write(%q) = %d, %v", step.text, n, err)
		}
	}
	a.finish()
	b.finish()
	if want := "b 1\nb 2\na one and a half\na \nb 3\na last\n"; out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}

func TestPrefixedBoundsALine(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	w := newLines(&out).prefixed("")
	for range 3 * maxLine / 1024 {
		if _, err := w.Write(make([]byte, 1024)); err != nil {
			t.Fatal(err)
		}
	}
	if len(w.held) > maxLine {
		t.Errorf("%d bytes held, more than %d", len(w.held), maxLine)
	}
	if strings.Count(out.String(), "\n") < 2 {
		t.Error("a line without end was never written")
	}
}

func TestPrefixedForgivesAReaderThatLeft(t *testing.T) {
	t.Parallel()
	if _, err := io.WriteString(newLines(brokenPipe{}).prefixed(""), "text\n"); err != nil {
		t.Error(err)
	}
}

type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, errors.New("broken pipe") }
