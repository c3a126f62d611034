// SPDX-License-Identifier: Apache-2.0

package transcode

import (
	"errors"
	"maps"
	"sync"
	"sync/atomic"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

// types are the plans of a program, which may grow while it runs: what is in a
// google.protobuf.Any, and which extensions a message has, is known from the
// wire alone.
type types struct {
	mu       sync.Mutex
	compiler *compiler // guarded by mu
	// urls is what contents of google.protobuf.Any were found to be, by type
	// URL. The map is never changed, only replaced under mu.
	urls atomic.Pointer[map[string]*message]
}

// What a program remembers of type URLs: how many, and how long ones. A URL may
// have any prefix before the type's name, so that there is no end to them.
const (
	maxURLs      = 1024
	maxURLLength = 512
)

// message returns the plan of a type.
func (t *types) message(md protoreflect.MessageDescriptor) (m *message, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	err = t.compiler.compile(func() error {
		m, err = t.compiler.message(md)
		return err
	})
	return m, err
}

// url returns the plan of the type that a type URL means.
func (t *types) url(resolver Resolver, url []byte) (*message, error) {
	if known := t.urls.Load(); known != nil {
		if m := (*known)[string(url)]; m != nil {
			return m, nil
		}
	}
	mt, err := resolver.FindMessageByURL(string(url))
	if err != nil {
		return nil, err
	}
	m, err := t.message(mt.Descriptor())
	if err != nil {
		return nil, err
	}
	if len(url) > maxURLLength {
		return m, nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	grown := make(map[string]*message)
	if known := t.urls.Load(); known != nil {
		if len(*known) >= maxURLs {
			return m, nil
		}
		maps.Copy(grown, *known)
	}
	grown[string(url)] = m
	t.urls.Store(&grown)
	return m, nil
}

// extensions are those of a message's extension fields that were met so far.
// It is never changed, only replaced: the place of a field in list holds for
// good.
type extensions struct {
	list     []*field
	byNumber map[uint32]uint32 // the field's place in list
}

// extension finds the extension field of a number: its index for
// message.field, plus 1; or 0 where the number belongs to no extension that is
// known, whose values are passed over like those of any unknown field.
func (r *run) extension(m *message, number protowire.Number, at int) (uint32, *Error) {
	own := uint32(len(m.fields))
	if known := m.extensions.Load(); known != nil {
		if i, ok := known.byNumber[uint32(number)]; ok {
			return own + i + 1, nil
		}
	}
	if !m.ranges.Has(number) {
		return 0, nil
	}
	xt, err := r.prog.opts.resolver.FindExtensionByNumber(m.name, number)
	switch {
	case errors.Is(err, protoregistry.NotFound), err == nil && xt == nil:
		return 0, nil
	case err != nil:
		return 0, fault(ErrUnresolved, at, "extension %d of %s: %v", number, m.name, err)
	}
	i, err := r.prog.types.addExtension(m, xt)
	if err != nil {
		return 0, fault(ErrUnresolved, at, "extension %d of %s: %v", number, m.name, err)
	}
	return own + i + 1, nil
}

// addExtension compiles an extension and gives it a place in its message.
func (t *types) addExtension(m *message, xt protoreflect.ExtensionType) (i uint32, err error) {
	fd := xt.TypeDescriptor()
	number := uint32(fd.Number())
	t.mu.Lock()
	defer t.mu.Unlock()
	grown := extensions{byNumber: make(map[uint32]uint32)}
	if known := m.extensions.Load(); known != nil {
		if i, ok := known.byNumber[number]; ok {
			return i, nil // somebody else was faster
		}
		grown.list = append(grown.list, known.list...)
		maps.Copy(grown.byNumber, known.byNumber)
	}
	f := new(field)
	if err := t.compiler.compile(func() error { return t.compiler.field(f, fd) }); err != nil {
		return 0, err
	}
	i = uint32(len(grown.list))
	grown.list = append(grown.list, f)
	grown.byNumber[number] = i
	m.extensions.Store(&grown)
	return i, nil
}
