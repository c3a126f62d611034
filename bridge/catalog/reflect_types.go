// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"slices"
	"sync"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"
)

// Bounds on what a backend is asked for beside its services.
const (
	// maxWanted is how many types that nothing names but a google.protobuf.Any.
	maxWanted = 256
	// maxExtensionAsks is how many questions there are about extensions.
	maxExtensionAsks = 1000
)

// wanted are the types of a backend that were needed and not known. It is safe
// for concurrent use; a nil one wants nothing.
type wanted struct {
	more chan struct{} // has a value when one was added

	mu  sync.Mutex
	all map[protoreflect.FullName]bool
}

func newWanted() *wanted {
	return &wanted{more: make(chan struct{}, 1), all: make(map[protoreflect.FullName]bool)}
}

// add adds a type, and reports whether it is wanted from here on. A backend that
// makes up types without end is not followed for ever.
func (w *wanted) add(name protoreflect.FullName) bool {
	if w == nil || !name.IsValid() {
		return false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.all[name] {
		return true
	}
	if len(w.all) >= maxWanted {
		return false
	}
	w.all[name] = true
	select {
	case w.more <- struct{}{}:
	default:
	}
	return true
}

// names returns the types, sorted.
func (w *wanted) names() []protoreflect.FullName {
	w.mu.Lock()
	defer w.mu.Unlock()
	names := make([]protoreflect.FullName, 0, len(w.all))
	for name := range w.all {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// addMissed asks for types that no service refers to. A backend that does not
// know one is none the worse for it.
func (g *gatherer) addMissed(names []protoreflect.FullName) {
	for _, name := range names {
		if file, err := g.client.FileContainingSymbol(name); err == nil {
			g.addFile(file)
		}
	}
}

// addFile registers a file that nothing imports.
func (g *gatherer) addFile(file protoreflect.FileDescriptor) {
	if err := g.register(file); err != nil {
		g.problems = append(g.problems, Problem{Subject: file.Path(), Text: "left out: " + plain(err)})
	}
}

// addExtensions asks for the extensions of messages that can have any, in files
// that nothing imports. What the backend does not tell is done without.
func (g *gatherer) addExtensions() {
	left := maxExtensionAsks
	asked := make(map[protoreflect.FullName]bool)
	// Files of extensions may have messages that can be extended, too.
	for todo := g.extendable(asked); len(todo) > 0; todo = g.extendable(asked) {
		for _, name := range todo {
			asked[name] = true
			if left--; left < 0 {
				g.problems = append(g.problems, Problem{Text: "the backend has more extensions than are asked for: some fields may be missing from responses"})
				return
			}
			numbers, err := g.client.AllExtensionNumbersForType(name)
			switch status.Code(err) {
			case codes.OK:
			case codes.NotFound, codes.InvalidArgument:
				continue
			case codes.Unimplemented:
				return // it does not tell of any
			default:
				g.problems = append(g.problems, Problem{Subject: string(name), Text: "its extensions are not known, and missing from responses: " + plain(err)})
				return
			}
			known := dynamicpb.NewTypes(&g.files)
			for _, number := range numbers {
				if _, err := known.FindExtensionByNumber(name, number); err == nil {
					continue
				}
				if left--; left < 0 {
					break
				}
				if file, err := g.client.FileContainingExtension(name, number); err == nil {
					g.addFile(file)
				}
			}
		}
	}
}

// extendable returns the messages that can have extensions and were not asked
// about, sorted. Those that describe schemas are left out: their extensions are
// options, of which the ones that matter are linked into this program.
func (g *gatherer) extendable(asked map[protoreflect.FullName]bool) []protoreflect.FullName {
	var all []protoreflect.FullName
	var look func(protoreflect.MessageDescriptors)
	look = func(messages protoreflect.MessageDescriptors) {
		for i := range messages.Len() {
			m := messages.Get(i)
			if m.ExtensionRanges().Len() > 0 && !asked[m.FullName()] {
				all = append(all, m.FullName())
			}
			look(m.Messages())
		}
	}
	g.files.RangeFiles(func(file protoreflect.FileDescriptor) bool {
		if file.Package() != wellKnownPackage {
			look(file.Messages())
		}
		return true
	})
	slices.Sort(all)
	return all
}
