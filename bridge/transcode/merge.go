// SPDX-License-Identifier: Apache-2.0

package transcode

import (
	"errors"
	"fmt"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"
)

// anyName is the one message whose content is wire bytes of its own.
const anyName protoreflect.FullName = "google.protobuf.Any"

// maxMergeWork bounds what merging a message may cost, as its length times how
// deep its messages nest: dynamicpb reads a group once for each group around
// it, and so does this package with the content of a google.protobuf.Any.
// Messages up to 13 KB may nest as deep as any other.
const maxMergeWork = 1 << 27

// minMergeDepth is how deep messages of any length may nest and still be
// merged.
const minMergeDepth = 32

// merge rewrites a message that the tight path cannot write as one that it can:
// it has each field once. What a field that stands twice means is for protobuf
// itself to say, so the rewriting is dynamicpb's.
func merge(p *Program, wire []byte) ([]byte, *Error) {
	depth := min(MaxDepth, max(minMergeDepth, maxMergeWork/max(1, len(wire))))
	merged, err := mergeMessage(p.desc, p.opts.resolver, wire, depth)
	if err != nil {
		return nil, fault(mergeReason(err), -1, "%v", err)
	}
	return merged, nil
}

// mergeReason says which of this package's reasons an error of protobuf's is.
// Those have no types, so that their text has to do.
func mergeReason(err error) error {
	switch text := err.Error(); {
	case strings.Contains(text, "recursion depth"):
		return ErrTooDeep
	case strings.Contains(text, "UTF-8"):
		return ErrUTF8
	}
	return ErrMalformed
}

func mergeMessage(md protoreflect.MessageDescriptor, resolver Resolver, wire []byte, depth int) (_ []byte, err error) {
	// protobuf 1.36 panics on an entry of a map that has its key and after it
	// another one of a wrong wire type.
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("protobuf cannot read it: %v", p)
		}
	}()
	if depth <= 0 {
		return nil, errors.New("exceeded maximum recursion depth")
	}
	m := dynamicpb.NewMessage(md)
	err = proto.UnmarshalOptions{
		AllowPartial:   true,
		DiscardUnknown: true,
		Resolver:       resolver,
		RecursionLimit: depth,
	}.Unmarshal(wire, m)
	if err != nil {
		return nil, err
	}
	if err := mergeAnys(m, resolver, depth); err != nil {
		return nil, err
	}
	return proto.MarshalOptions{AllowPartial: true, Deterministic: true}.Marshal(m)
}

// mergeAnys merges the messages in each google.protobuf.Any of a message.
func mergeAnys(m protoreflect.Message, resolver Resolver, depth int) (err error) {
	if m.Descriptor().FullName() == anyName {
		return mergeAny(m, resolver, depth-1)
	}
	m.Range(func(fd protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch {
		case fd.IsMap():
			if fd.MapValue().Message() == nil {
				break
			}
			v.Map().Range(func(_ protoreflect.MapKey, v protoreflect.Value) bool {
				err = mergeAnys(v.Message(), resolver, depth-2)
				return err == nil
			})
		case fd.Message() == nil:
		case fd.IsList():
			for i := 0; i < v.List().Len() && err == nil; i++ {
				err = mergeAnys(v.List().Get(i).Message(), resolver, depth-1)
			}
		default:
			err = mergeAnys(v.Message(), resolver, depth-1)
		}
		return err == nil
	})
	return err
}

// mergeAny merges the message in a google.protobuf.Any. One of a type that is
// not known stays as it is: the run that follows says so, and where.
func mergeAny(m protoreflect.Message, resolver Resolver, depth int) error {
	fds := m.Descriptor().Fields()
	url, content := fds.ByNumber(1), fds.ByNumber(2)
	mt, err := resolver.FindMessageByURL(m.Get(url).String())
	if err != nil {
		return nil
	}
	merged, err := mergeMessage(mt.Descriptor(), resolver, m.Get(content).Bytes(), depth)
	if err != nil {
		return err
	}
	m.Set(content, protoreflect.ValueOfBytes(merged))
	return nil
}
