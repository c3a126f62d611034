// SPDX-License-Identifier: Apache-2.0

// Package corpus is the messages that the transcoder's tests, its fuzzing and
// its benchmarks share, and their types: those that are linked into this
// package, and those of testdata/schema, which are made for the tests and have
// no generated code.
//
// The folder testdata/messages holds messages in protobuf's text format. In a file each
// begins with a line "=== name full.name.of.Message".
package corpus

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"

	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/dynamicpb"
)

//go:generate go tool -modfile=../tools/go.mod buf build testdata/schema --as-file-descriptor-set --exclude-source-info --exclude-imports -o testdata/schema.txtpb

//go:embed testdata/messages testdata/schema.txtpb
var data embed.FS

// Sample is a message of the corpus.
type Sample struct {
	// Name is the file's name and the message's own in it, as in
	// "numbers/number"; or "filled/" and the name of its type.
	Name string
	// Desc is the message's type.
	Desc protoreflect.MessageDescriptor
	// Wire is the message.
	Wire []byte
}

// Written returns the messages that are written down.
func Written() ([]Sample, error) {
	files, err := data.ReadDir("testdata/messages")
	if err != nil {
		return nil, err
	}
	var samples []Sample
	for _, file := range files {
		text, err := data.ReadFile(path.Join("testdata/messages", file.Name()))
		if err != nil {
			return nil, err
		}
		group := strings.TrimSuffix(file.Name(), ".txt")
		// What is before the first message are comments.
		for _, part := range bytes.Split(append([]byte("\n"), text...), []byte("\n=== "))[1:] {
			head, body, _ := strings.Cut(string(part), "\n")
			name, message, ok := strings.Cut(head, " ")
			if !ok {
				return nil, fmt.Errorf("%s: %q has no message type", file.Name(), head)
			}
			one, err := FromText(group+"/"+name, protoreflect.FullName(message), body)
			if err != nil {
				return nil, err
			}
			samples = append(samples, one)
		}
	}
	return samples, nil
}

// FromText returns a message that is given in protobuf's text format.
func FromText(name string, message protoreflect.FullName, text string) (Sample, error) {
	types := TestTypes()
	mt, err := types.FindMessageByName(message)
	if err != nil {
		return Sample{}, fmt.Errorf("%s: %w", name, err)
	}
	m := dynamicpb.NewMessage(mt.Descriptor())
	if err := (prototext.UnmarshalOptions{Resolver: types, AllowPartial: true}).Unmarshal([]byte(text), m); err != nil {
		return Sample{}, fmt.Errorf("%s: %w", name, err)
	}
	wire, err := proto.MarshalOptions{AllowPartial: true, Deterministic: true}.Marshal(m)
	if err != nil {
		return Sample{}, fmt.Errorf("%s: %w", name, err)
	}
	return Sample{name, mt.Descriptor(), wire}, nil
}

// leastTypes is how many types there are at the least, where all packages are
// linked in that hold them.
const leastTypes = 200

// Filled returns one message of every type that there is, with every field set.
// Each call returns the same.
var Filled = sync.OnceValues(func() ([]Sample, error) {
	var samples []Sample
	var faults []error
	var add func(mds protoreflect.MessageDescriptors)
	add = func(mds protoreflect.MessageDescriptors) {
		for i := range mds.Len() {
			md := mds.Get(i)
			if md.IsMapEntry() {
				continue
			}
			m := dynamicpb.NewMessage(md)
			(&filler{seed: uint64(i + 1)}).message(m, 2)
			wire, err := proto.MarshalOptions{AllowPartial: true, Deterministic: true}.Marshal(m)
			if err != nil {
				faults = append(faults, fmt.Errorf("%s: %w", md.FullName(), err))
			}
			samples = append(samples, Sample{"filled/" + string(md.FullName()), md, wire})
			add(md.Messages())
		}
	}
	each := func(fd protoreflect.FileDescriptor) bool {
		add(fd.Messages())
		return true
	}
	TestTypes().Files.RangeFiles(each)
	protoregistry.GlobalFiles.RangeFiles(each)
	// Files come in any order.
	slices.SortFunc(samples, func(x, y Sample) int { return strings.Compare(x.Name, y.Name) })
	if len(samples) < leastTypes {
		faults = append(faults, fmt.Errorf("there are %d message types: the packages that hold them are not linked in", len(samples)))
	}
	return samples, errors.Join(faults...)
})
