// SPDX-License-Identifier: Apache-2.0

package transcode

import (
	"bytes"
	"errors"
	"runtime"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// wrap puts content into a message, and that into another, until there are
// levels of them. head is what goes before content of a size.
func wrap(levels int, content []byte, head func(size int) []byte) []byte {
	// From the inside out, so from the end of the buffer to its start.
	buf := make([]byte, 64*levels+len(content))
	at := len(buf) - copy(buf[len(buf)-len(content):], content)
	for range levels - 1 {
		h := head(len(buf) - at)
		at -= len(h)
		copy(buf[at:], h)
	}
	return buf[at:]
}

// nested is a message in a field of another, and so on.
func nested(number protowire.Number, levels int) []byte {
	return wrap(levels, nil, func(size int) []byte {
		return protowire.AppendVarint(protowire.AppendTag(nil, number, protowire.BytesType), uint64(size))
	})
}

// nestedEntries is a message in an entry of a map of another, and so on. The
// entries are levels of their own, so that levels are odd.
func nestedEntries(number protowire.Number, levels int) []byte {
	return wrap(levels/2+1, nil, func(size int) []byte {
		value := protowire.AppendVarint(protowire.AppendTag(nil, 2, protowire.BytesType), uint64(size))
		entry := protowire.AppendVarint(protowire.AppendTag(nil, number, protowire.BytesType), uint64(len(value)+size))
		return append(entry, value...)
	})
}

// nestedGroups is nested with groups.
func nestedGroups(number protowire.Number, levels int, content []byte) []byte {
	begin := protowire.AppendTag(nil, number, protowire.StartGroupType)
	end := protowire.AppendTag(nil, number, protowire.EndGroupType)
	wire := bytes.Repeat(begin, levels-1)
	wire = append(wire, content...)
	return append(wire, bytes.Repeat(end, levels-1)...)
}

// nestedAnys is a google.protobuf.Any in another, and so on.
func nestedAnys(levels int, content []byte) []byte {
	return wrap(levels, content, func(size int) []byte {
		url := protowire.AppendString(protowire.AppendTag(nil, 1, protowire.BytesType), "google.protobuf.Any")
		return protowire.AppendVarint(protowire.AppendTag(url, 2, protowire.BytesType), uint64(size))
	})
}

// TestDepth holds that messages may nest as deep as the oracle lets them, and
// not one level deeper.
func TestDepth(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		message protoreflect.FullName
		wire    func(levels int) []byte
	}{
		{"messages", "sluice.test.shapes.Tree", func(levels int) []byte { return nested(2, levels) }},
		{"lists", "sluice.test.shapes.Tree", func(levels int) []byte { return nested(4, levels) }},
		{"maps", "sluice.test.shapes.Tree", func(levels int) []byte { return nestedEntries(5, levels-1) }},
		// One level more, because the outermost of the unknown is no message.
		{"unknown groups", "sluice.test.shapes.Nothing", func(levels int) []byte { return nestedGroups(2, levels+2, nil) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			v := variants()[3]
			p := v.compile(t, testSchema().message(t, tt.message))
			if text := v.checkOracle(t, p, tt.wire(MaxDepth)); text == nil {
				t.Errorf("%d levels are refused", MaxDepth)
			}
			if text := v.checkOracle(t, p, tt.wire(MaxDepth+2)); text != nil {
				t.Errorf("%d levels are taken", MaxDepth+2)
			}
			_, err := p.AppendJSON(nil, tt.wire(MaxDepth+2))
			if !errors.Is(err, ErrTooDeep) {
				t.Errorf("got %v, want ErrTooDeep", err)
			}
			if n := len(err.Error()); n > 1000 {
				t.Errorf("the error is %d characters long", n)
			}
		})
	}
}

// TestDepthOfAny holds that the content of an Any counts as a level. It does
// not in protojson, which begins anew in each and so has no limit.
func TestDepthOfAny(t *testing.T) {
	t.Parallel()
	p := variants()[0].compile(t, testSchema().message(t, "google.protobuf.Any"))
	if _, err := p.AppendJSON(nil, nestedAnys(MaxDepth, nil)); err != nil {
		t.Errorf("%d levels: %v", MaxDepth, err)
	}
	if _, err := p.AppendJSON(nil, nestedAnys(MaxDepth+1, nil)); !errors.Is(err, ErrTooDeep) {
		t.Errorf("%d levels: got %v, want ErrTooDeep", MaxDepth+1, err)
	}
}

// TestDepthOfGroups is TestDepth for groups, without the oracle: it takes
// seconds for what takes a fraction of one here.
func TestDepthOfGroups(t *testing.T) {
	t.Parallel()
	p := variants()[3].compile(t, testSchema().message(t, "sluice.test.modern.Encoding"))
	if _, err := p.AppendJSON(nil, nestedGroups(2, MaxDepth, nil)); err != nil {
		t.Errorf("%d levels: %v", MaxDepth, err)
	}
	if _, err := p.AppendJSON(nil, nestedGroups(2, MaxDepth+1, nil)); !errors.Is(err, ErrTooDeep) {
		t.Errorf("%d levels: got %v, want ErrTooDeep", MaxDepth+1, err)
	}
}

// TestWorkIsBounded gives wire that would take minutes if it were followed to
// its end, which is where nothing is wrong with it: the more of it there is,
// the deeper it nests.
func TestWorkIsBounded(t *testing.T) {
	t.Parallel()
	filling := bytes.Repeat([]byte{0x28, 0x01}, 1<<21) // unknown field 5, 4 MiB
	twice := []byte{0x0a, 0x00, 0x0a, 0x00}            // Any.type_url, twice
	tests := []struct {
		name    string
		message protoreflect.FullName
		wire    []byte
	}{
		{"groups", "sluice.test.modern.Encoding", nestedGroups(2, MaxDepth, filling)},
		{"groups to be merged", "sluice.test.modern.Encoding", append(nestedGroups(2, 1000, filling), nestedGroups(2, 1000, nil)...)},
		{"Anys to be merged", "google.protobuf.Any", nestedAnys(2000, append(bytes.Clone(filling), twice...))},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := variants()[0].compile(t, testSchema().message(t, tt.message))
			_, err := p.AppendJSON(nil, tt.wire)
			if !errors.Is(err, ErrTooDeep) {
				t.Errorf("got %v, want ErrTooDeep", err)
			}
		})
	}
}

// TestSmallMessagesMergeDeep holds that the bound on the work of merging is
// none for messages of a size that one meets.
func TestSmallMessagesMergeDeep(t *testing.T) {
	t.Parallel()
	twice := []byte{0x0a, 0x00, 0x0a, 0x00} // Tree.name, twice; Any.type_url, twice
	for _, tt := range []struct {
		message protoreflect.FullName
		wire    []byte
	}{
		{"sluice.test.shapes.Tree", append(nested(2, 1000), twice...)},
		{"google.protobuf.Any", nestedAnys(500, twice)},
	} {
		v := variants()[0]
		p := v.compile(t, testSchema().message(t, tt.message))
		if !needsMerging(p, tt.wire) {
			t.Errorf("%s needs no merging", tt.message)
		}
		if text := v.checkOracle(t, p, tt.wire); text == nil {
			t.Errorf("%s is refused", tt.message)
		}
	}
}

func TestMaxOutput(t *testing.T) {
	t.Parallel()
	element := []byte{0x92, 0x01, 0x00} // Lists.messages: one with nothing set
	long := append(protowire.AppendTag(nil, 14, protowire.BytesType), protowire.AppendString(nil, strings.Repeat("x", 2000))...)
	packed := append(protowire.AppendTag(nil, 16, protowire.BytesType), protowire.AppendBytes(nil, bytes.Repeat([]byte{1}, 500))...)
	mapped := append(protowire.AppendTag(nil, 1, protowire.BytesType), protowire.AppendBytes(nil, append([]byte{0x12}, protowire.AppendString(nil, strings.Repeat("x", 2000))...))...)
	tests := []struct {
		name    string
		message protoreflect.FullName
		wire    []byte
		path    string
	}{
		{"list", "sluice.test.shapes.Lists", bytes.Repeat(element, 100), "messages[4]"},
		{"string", "sluice.test.shapes.Lists", long, "strings[0]"},
		{"packed", "sluice.test.shapes.Lists", packed, "colors"},
		{"map", "sluice.test.shapes.Maps", mapped, `strings[""]`},
		{"value list", "google.protobuf.ListValue", append([]byte{0x0a}, protowire.AppendBytes(nil, append([]byte{0x1a}, protowire.AppendString(nil, strings.Repeat("y", 2000))...))...), "values[0]"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			md := testSchema().message(t, tt.message)
			whole, err := Compile(md, WithResolver(testSchema()))
			if err != nil {
				t.Fatal(err)
			}
			text, err := whole.AppendJSON(nil, tt.wire)
			if err != nil {
				t.Fatal(err)
			}
			exact, err := Compile(md, WithResolver(testSchema()), WithMaxOutput(len(text)))
			if err != nil {
				t.Fatal(err)
			}
			// What is in the buffer before does not count.
			if got, err := exact.AppendJSON([]byte("12345"), tt.wire); err != nil || string(got) != "12345"+string(text) {
				t.Errorf("with room for all: got %.100s, error %v", got, err)
			}
			bounded, err := Compile(md, WithResolver(testSchema()), WithMaxOutput(1200))
			if err != nil {
				t.Fatal(err)
			}
			_, err = bounded.AppendJSON(nil, tt.wire)
			var e *Error
			if !errors.As(err, &e) || !errors.Is(err, ErrTooLarge) {
				t.Fatalf("got %v, want ErrTooLarge", err)
			}
			if e.Path != tt.path {
				t.Errorf("path is %s, want %s", e.Path, tt.path)
			}
		})
	}
}

// TestMaxOutputOfDefaults holds that a message of which nothing was sent is
// bounded all the same.
func TestMaxOutputOfDefaults(t *testing.T) {
	t.Parallel()
	md := testSchema().message(t, "sluice.test.shapes.Scalars")
	p, err := Compile(md, WithMaxOutput(20))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.AppendJSON(nil, nil); !errors.Is(err, ErrTooLarge) {
		t.Errorf("got %v, want ErrTooLarge", err)
	}
}

// TestMaxOutputOfOneRun holds that a run can have a bound of its own, above the
// program's as much as below it.
func TestMaxOutputOfOneRun(t *testing.T) {
	t.Parallel()
	p, err := Compile(testSchema().message(t, "sluice.test.shapes.Scalars"), WithMaxOutput(20))
	if err != nil {
		t.Fatal(err)
	}
	text, err := p.AppendJSONWithin(nil, nil, 10_000)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := p.AppendJSONWithin([]byte("12345"), nil, len(text)); err != nil || string(got) != "12345"+string(text) {
		t.Errorf("with room for all: got %.100s, error %v", got, err)
	}
	for _, n := range []int{len(text) - 1, 1, 0, -1} {
		if _, err := p.AppendJSONWithin(nil, nil, n); !errors.Is(err, ErrTooLarge) {
			t.Errorf("within %d bytes: got %v, want ErrTooLarge", n, err)
		}
	}
}

// amplifying is wire of which each three bytes are a message of some hundred in
// JSON.
func amplifying(size int) []byte { return bytes.Repeat([]byte{0x92, 0x01, 0x00}, size/3) }

// TestMemoryIsBounded gives wire of a megabyte whose JSON would be some hundred,
// and whose messages would take as much to be merged. It is no parallel test,
// so that what it counts is its own.
func TestMemoryIsBounded(t *testing.T) {
	const size, most = 1 << 20, 1 << 20
	values := append(protowire.AppendTag(nil, 3, protowire.BytesType), protowire.AppendBytes(nil, bytes.Repeat([]byte{1}, size))...)
	twice := []byte{0x0a, 0x00, 0x0a, 0x00} // Tree.name, twice; Any.type_url, twice
	tests := []struct {
		name    string
		message protoreflect.FullName
		wire    []byte
	}{
		{"to be written", "sluice.test.shapes.Lists", amplifying(size)},
		{"packed", "sluice.test.shapes.Lists", values},
		{"lists to be merged", "sluice.test.shapes.Tree", append(bytes.Repeat([]byte{0x22, 0x00}, size/2), twice...)},
		{"maps to be merged", "sluice.test.shapes.Tree", append(bytes.Repeat([]byte{0x2a, 0x00}, size/2), twice...)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := variants()[0].compile(t, testSchema().message(t, tt.message))
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := p.AppendJSONWithin(nil, tt.wire, most)
			runtime.ReadMemStats(&after)
			if !errors.Is(err, ErrTooLarge) {
				t.Errorf("got %v, want ErrTooLarge", err)
			}
			if took := after.TotalAlloc - before.TotalAlloc; took > 100<<20 {
				t.Errorf("%d MB were allocated for %d KB of wire and of JSON", took>>20, size>>10)
			}
		})
	}
}
