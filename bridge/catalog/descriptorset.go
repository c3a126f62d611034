// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
)

// FromDescriptorSet returns the catalog of every service in a serialized
// google.protobuf.FileDescriptorSet, as "buf build -o FILE" and "protoc
// --include_imports --descriptor_set_out=FILE" write it, but for those of gRPC
// reflection. What one file gets wrong costs the methods that need it, and is
// told in [Catalog.Problems]. It fails where b is no such set, and with
// [ErrNoServices] where no service in it can be offered.
func FromDescriptorSet(b []byte) (*Catalog, error) {
	set := new(descriptorpb.FileDescriptorSet)
	// Options stay bytes: which of them are known to this program has no bearing
	// on whether the set can be read.
	if err := (proto.UnmarshalOptions{AllowPartial: true, Resolver: new(protoregistry.Types)}).Unmarshal(b, set); err != nil {
		return nil, fmt.Errorf("not a descriptor set: %s", plain(err))
	}
	if len(set.GetFile()) == 0 {
		return nil, errors.New("not a descriptor set: it holds no file")
	}
	l := &linker{protos: make(map[string]*descriptorpb.FileDescriptorProto), visited: make(map[string]bool)}
	for _, file := range set.GetFile() {
		first := l.protos[file.GetName()]
		if first == nil {
			l.protos[file.GetName()] = file
		} else if !proto.Equal(first, file) {
			l.problem(file, errors.New("the set holds another file of that name"))
		}
	}
	for _, file := range set.GetFile() {
		l.link(file.GetName())
	}
	return build(&l.files, servicesOf(&l.files), l.problems, nil)
}

// linker turns file descriptor messages into descriptors, each after those that
// it imports.
type linker struct {
	protos   map[string]*descriptorpb.FileDescriptorProto
	visited  map[string]bool
	files    protoregistry.Files
	problems []Problem
}

// link registers the file called path and what it imports. Imports that are
// not in the set, or in a circle, stay unresolved: what refers to them is found
// by [soundness], and files are often imported for options alone.
func (l *linker) link(path string) {
	proto := l.protos[path]
	if proto == nil || l.visited[path] {
		return
	}
	l.visited[path] = true
	for _, dependency := range proto.GetDependency() {
		l.link(dependency)
	}
	file, err := protodesc.FileOptions{AllowUnresolvable: true}.New(proto, (*linkResolver)(&l.files))
	if err == nil {
		err = l.files.RegisterFile(file)
	}
	if err != nil {
		l.problem(proto, err)
	}
}

// problem records that a file is left out.
func (l *linker) problem(file *descriptorpb.FileDescriptorProto, err error) {
	text := "left out: " + plain(err)
	var services []string
	for _, service := range file.GetService() {
		services = append(services, join(file.GetPackage(), service.GetName()))
	}
	if len(services) > 0 {
		slices.Sort(services)
		text = "left out, with " + strings.Join(services, ", ") + ": " + plain(err)
	}
	l.problems = append(l.problems, Problem{Subject: file.GetName(), Text: text})
}

// linkResolver finds what a file imports among the files linked so far, and
// else among those linked into this program, for sets that leave out the
// well-known ones.
type linkResolver protoregistry.Files

func (r *linkResolver) FindFileByPath(path string) (protoreflect.FileDescriptor, error) {
	if file, err := (*protoregistry.Files)(r).FindFileByPath(path); err == nil {
		return file, nil
	}
	return protoregistry.GlobalFiles.FindFileByPath(path)
}

func (r *linkResolver) FindDescriptorByName(name protoreflect.FullName) (protoreflect.Descriptor, error) {
	if d, err := (*protoregistry.Files)(r).FindDescriptorByName(name); err == nil {
		return d, nil
	}
	return protoregistry.GlobalFiles.FindDescriptorByName(name)
}
