// SPDX-License-Identifier: Apache-2.0

// Package catalog knows which methods a gRPC backend has and how a request for
// one is made from what a browser sends.
//
// A [Catalog] is built from descriptors, which come from the backend's own
// reflection service ([Reflect]), from a descriptor set ([FromDescriptorSet])
// or from a registry in the same program ([New]). It never changes: a caller
// that learns of a new schema builds a new catalog and swaps the two as a
// whole, and streams that are open keep the methods they began with.
//
// All the thinking is done when a catalog is built: options are read and
// checked, response encoders are compiled, resume mappings are resolved. What
// is wrong with one method or one service does not take the others with it; it
// becomes a [Problem], for the log.
package catalog

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

// ErrNoServices is the error, found with [errors.Is], of a source whose
// descriptors hold no method that could be offered. Its text says why.
var ErrNoServices = errors.New("no service to offer")

// reflectionPrefix begins the names of the services that describe the others.
// They are of use to tools that speak gRPC, which do not come through a bridge,
// and are never offered.
const reflectionPrefix = "grpc.reflection."

// Catalog is an immutable table of methods. Its methods may be called from any
// number of goroutines at once. A nil *Catalog is an empty one, which is what a
// caller has until its backend has been reached.
type Catalog struct {
	methods  []*Method
	byName   map[string]*Method
	byPath   map[string]*Method
	types    *typeResolver
	problems []Problem
}

// Problem is something wrong with the descriptors or options of a backend that
// the catalog has worked around.
type Problem struct {
	// Subject is what it is about: a method as "pkg.Service/Method", a service,
	// a file, or "" for the source as a whole.
	Subject string
	// Text says what is wrong, and what the catalog does about it.
	Text string
}

// String returns "subject: text".
func (p Problem) String() string {
	if p.Subject == "" {
		return p.Text
	}
	return p.Subject + ": " + p.Text
}

// New returns the catalog of every service in files, but for those of gRPC
// reflection. Files must not change afterwards. It fails with [ErrNoServices]
// where there is none, and with another error where files redefine a well-known
// type.
func New(files *protoregistry.Files) (*Catalog, error) {
	return build(files, servicesOf(files), nil)
}

// Lookup returns the method called "pkg.Service/Method", or nil.
func (c *Catalog) Lookup(fullName string) *Method {
	if c == nil {
		return nil
	}
	return c.byName[fullName]
}

// Route returns the method whose own path, from [Policy.Path], is path, or nil.
func (c *Catalog) Route(path string) *Method {
	if c == nil {
		return nil
	}
	return c.byPath[path]
}

// Methods returns every method, sorted by [Method.FullName]. The slice is the
// caller's.
func (c *Catalog) Methods() []*Method {
	if c == nil {
		return nil
	}
	return slices.Clone(c.methods)
}

// Problems returns what was left out or ignored, and why, sorted by subject.
// The slice is the caller's.
func (c *Catalog) Problems() []Problem {
	if c == nil {
		return nil
	}
	return slices.Clone(c.problems)
}

// servicesOf returns the services declared in files.
func servicesOf(files *protoregistry.Files) []protoreflect.ServiceDescriptor {
	var services []protoreflect.ServiceDescriptor
	files.RangeFiles(func(file protoreflect.FileDescriptor) bool {
		for i := range file.Services().Len() {
			services = append(services, file.Services().Get(i))
		}
		return true
	})
	return services
}

// builder makes one catalog.
type builder struct {
	catalog  *Catalog
	programs programs
	sound    soundness
}

// build makes the catalog of services, whose types are found in files, and adds
// what it finds wrong to problems.
func build(files *protoregistry.Files, services []protoreflect.ServiceDescriptor, problems []Problem) (*Catalog, error) {
	if err := checkWellKnown(files); err != nil {
		return nil, err
	}
	b := new(builder)
	types := newTypeResolver(files, &b.sound)
	b.programs.types = types
	b.catalog = &Catalog{
		byName:   make(map[string]*Method),
		byPath:   make(map[string]*Method),
		types:    types,
		problems: problems,
	}
	for _, service := range services {
		if strings.HasPrefix(string(service.FullName()), reflectionPrefix) {
			continue
		}
		for i := range service.Methods().Len() {
			b.addMethod(service.Methods().Get(i))
		}
	}
	c := b.catalog
	slices.SortFunc(c.methods, func(x, y *Method) int { return cmp.Compare(x.FullName, y.FullName) })
	b.addPaths()
	slices.SortStableFunc(c.problems, func(x, y Problem) int { return cmp.Compare(x.Subject, y.Subject) })
	if len(c.methods) == 0 {
		return nil, noServices(c.problems)
	}
	return c, nil
}

// problem records that something is wrong with subject.
func (b *builder) problem(subject, format string, args ...any) {
	b.catalog.problems = append(b.catalog.problems, Problem{Subject: subject, Text: fmt.Sprintf(format, args...)})
}

// addMethod offers the method, unless its messages cannot be read.
func (b *builder) addMethod(desc protoreflect.MethodDescriptor) {
	name := string(desc.Parent().FullName()) + "/" + string(desc.Name())
	for _, message := range []protoreflect.MessageDescriptor{desc.Input(), desc.Output()} {
		if missing := b.sound.missing(message); missing != "" {
			b.problem(name, "left out: %s, which it needs, is not described; a descriptor set must hold what its files import "+
				"(buf build, or protoc --include_imports), and a server with reflection must link it", missing)
			return
		}
	}
	program, err := b.programs.get(desc.Output())
	if err != nil {
		b.problem(name, "left out: its response cannot be written as JSON: %s", plain(err))
		return
	}
	m := &Method{Desc: desc, FullName: name, types: b.catalog.types, response: program}
	options, err := streamOptions(desc, b.catalog.types)
	if err != nil {
		b.problem(name, "its option (%s) cannot be read and is ignored: %s", streamOptionName, plain(err))
	}
	policy, faults := newPolicy(options)
	m.Policy = policy
	if m.resume, err = newResume(desc, policy.Resume); err != nil {
		faults = append(faults, plain(err)+"; the method is served without resume")
		m.Policy.Resume = ResumeMapping{}
	}
	for _, fault := range faults {
		b.problem(name, "%s", fault)
	}
	b.catalog.methods = append(b.catalog.methods, m)
	b.catalog.byName[name] = m
}

// addPaths gives methods the paths that they ask for. Where several ask for the
// same one, none gets it: which of them a link reaches must not hang on how
// they are called, nor change when one is added.
func (b *builder) addPaths() {
	claims := make(map[string][]*Method)
	for _, m := range b.catalog.methods {
		if m.Policy.Path != "" {
			claims[m.Policy.Path] = append(claims[m.Policy.Path], m)
		}
	}
	for path, methods := range claims {
		if other := b.catalog.byName[strings.TrimPrefix(path, "/")]; other != nil {
			for _, m := range methods {
				m.Policy.Path = ""
				b.problem(m.FullName, "its path %q is where %s is served; it has no path of its own", path, other.FullName)
			}
			continue
		}
		if len(methods) == 1 {
			b.catalog.byPath[path] = methods[0]
			continue
		}
		names := make([]string, len(methods))
		for i, m := range methods {
			m.Policy.Path = ""
			names[i] = m.FullName
		}
		b.problem(names[0], "its path %q is asked for by %s too; none of them is served there", path, strings.Join(names[1:], " and "))
	}
}

// noServices returns the error of a source that offers nothing.
func noServices(problems []Problem) error {
	if len(problems) == 0 {
		return fmt.Errorf("%w: the descriptors declare none besides gRPC reflection", ErrNoServices)
	}
	text := problems[0].String()
	if len(problems) > 1 {
		text = fmt.Sprintf("%s (the first of %d problems)", text, len(problems))
	}
	return fmt.Errorf("%w: %s", ErrNoServices, text)
}

// plain returns the text of an error from a protobuf library or the transcoder
// on one line and without that library's name. Protobuf's texts hold, at
// random, no-break spaces, which are there to keep programs from comparing them.
func plain(err error) string {
	text := strings.NewReplacer("\u00a0", " ", "\n", "; ", "\r", " ").Replace(err.Error())
	return strings.TrimPrefix(strings.TrimPrefix(text, "proto: "), "transcode: ")
}
