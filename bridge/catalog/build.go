// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"fmt"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

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

// builder makes the methods of one backend from their descriptors.
type builder struct {
	given    bool // the descriptors are not from the backend itself
	types    *typeResolver
	programs programs
	sound    soundness
	methods  []*Method
	problems []Problem
}

// build makes the catalog of services, whose types are found in files, and adds
// what it finds wrong to problems. Types that are missed later go to missed, which
// is nil where the backend itself was not asked for them.
func build(files *protoregistry.Files, services []protoreflect.ServiceDescriptor, problems []Problem, missed *wanted) (*Catalog, error) {
	if err := checkWellKnown(files); err != nil {
		return nil, err
	}
	b := &builder{given: missed == nil, problems: problems}
	b.types = newTypeResolver(files, &b.sound)
	b.types.wanted = missed
	b.programs.types = b.types
	for _, service := range services {
		if strings.HasPrefix(string(service.FullName()), reflectionPrefix) {
			continue
		}
		for i := range service.Methods().Len() {
			b.addMethod(service.Methods().Get(i))
		}
	}
	c := newCatalog([]string{""}, b.methods, b.types, b.problems)
	if len(c.methods) == 0 {
		return nil, noServices(c.problems)
	}
	return c, nil
}

// problem records that something is wrong with subject.
func (b *builder) problem(subject, format string, args ...any) {
	b.problems = append(b.problems, Problem{Subject: subject, Text: fmt.Sprintf(format, args...)})
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
	m := &Method{Desc: desc, FullName: name, given: b.given, types: b.types, response: program}
	options, err := streamOption.of(desc, b.types)
	if err != nil {
		b.problem(name, "its option (%s) cannot be read and is ignored: %s", streamOption.name(), plain(err))
	}
	policy, faults := newPolicy(options)
	m.Policy = policy
	if m.resume, err = newResume(m, policy.Resume); err != nil {
		faults = append(faults, plain(err)+"; the method is served without resume")
		m.Policy.Resume = ResumeMapping{}
	}
	if path := options.GetPath(); path != "" {
		wish, err := ownWish(desc.Input(), path)
		if err != nil {
			faults = append(faults, fmt.Sprintf("its path %q %v; it has no path of its own", path, err))
		} else {
			m.wishes = append(m.wishes, wish)
		}
	}
	rules, ruleFaults := httpWishes(desc, b.types)
	m.wishes = append(m.wishes, rules...)
	for _, fault := range append(faults, ruleFaults...) {
		b.problem(name, "%s", fault)
	}
	b.methods = append(b.methods, m)
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
