// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"sync"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/dynamicpb"

	// The messages that statuses carry as details, and the well-known types,
	// so that they can be shown though the backend does not describe them.
	_ "google.golang.org/genproto/googleapis/rpc/errdetails"
	_ "google.golang.org/protobuf/types/known/anypb"
	_ "google.golang.org/protobuf/types/known/durationpb"
	_ "google.golang.org/protobuf/types/known/emptypb"
	_ "google.golang.org/protobuf/types/known/fieldmaskpb"
	_ "google.golang.org/protobuf/types/known/structpb"
	_ "google.golang.org/protobuf/types/known/timestamppb"
	_ "google.golang.org/protobuf/types/known/wrapperspb"

	"sluice/bridge/transcode"
)

// resolver finds types for protobuf's own readers and writers.
type resolver interface {
	protoregistry.MessageTypeResolver
	protoregistry.ExtensionTypeResolver
}

// typeResolver finds the types that an Any or an extension names: the backend's
// own first, then those linked into this program, which include the well-known
// types and google.rpc. It is safe for concurrent use.
type typeResolver struct {
	own *dynamicpb.Types
	// withheld are the messages and extensions of the backend that cannot be
	// handled, because what they refer to is not described.
	withheld map[protoreflect.FullName]bool
	// wanted are types that were missed; nil where there is nobody to ask for them.
	wanted *wanted
	// fingerprint tells the files apart from those of another schema.
	fingerprint func() [sha256.Size]byte
}

// newTypeResolver returns the resolver for the types in files.
func newTypeResolver(files *protoregistry.Files, sound *soundness) *typeResolver {
	r := &typeResolver{
		own:         dynamicpb.NewTypes(files),
		withheld:    make(map[protoreflect.FullName]bool),
		fingerprint: sync.OnceValue(func() [sha256.Size]byte { return fingerprintOf(files) }),
	}
	files.RangeFiles(func(file protoreflect.FileDescriptor) bool {
		r.withhold(file, sound)
		return true
	})
	return r
}

// unknown is the error of a response that holds a google.protobuf.Any of a type
// that is not known.
func (r *typeResolver) unknown(fault *transcode.Error) error {
	name := fault.TypeURL[strings.LastIndexByte(fault.TypeURL, '/')+1:]
	if r.miss(fault.TypeURL) {
		return fmt.Errorf("holds a google.protobuf.Any of type %s, which no service of the backend refers to; "+
			"the backend is asked for it now, and a call that comes later has it if the backend does (else give the bridge a descriptor set, sluice --descriptor-set): %w", quote(name), fault)
	}
	return fmt.Errorf("holds a google.protobuf.Any of type %s, which the backend's descriptors lack; "+
		"give the bridge a descriptor set that has it (sluice --descriptor-set): %w", quote(name), fault)
}

// miss takes note of a type that is needed and not known, and reports whether
// the backend is asked for it.
func (r *typeResolver) miss(url string) bool {
	if _, err := r.FindMessageByURL(url); err == nil {
		return false
	}
	return r.wanted.add(protoreflect.FullName(url[strings.LastIndexByte(url, '/')+1:]))
}

// linkedTypes resolves the types linked into this program alone.
var linkedTypes = newTypeResolver(new(protoregistry.Files), new(soundness))

// withhold finds what cannot be handled among what scope declares.
func (r *typeResolver) withhold(scope interface {
	Messages() protoreflect.MessageDescriptors
	Extensions() protoreflect.ExtensionDescriptors
}, sound *soundness,
) {
	for i := range scope.Messages().Len() {
		md := scope.Messages().Get(i)
		if sound.missing(md) != "" {
			r.withheld[md.FullName()] = true
		}
		r.withhold(md, sound)
	}
	for i := range scope.Extensions().Len() {
		xd := scope.Extensions().Get(i)
		if sound.missingFor(xd) != "" {
			r.withheld[xd.FullName()] = true
		}
	}
}

func (r *typeResolver) FindMessageByName(name protoreflect.FullName) (protoreflect.MessageType, error) {
	if t, err := r.own.FindMessageByName(name); err == nil && !r.withheld[name] {
		return t, nil
	}
	return protoregistry.GlobalTypes.FindMessageByName(name)
}

func (r *typeResolver) FindMessageByURL(url string) (protoreflect.MessageType, error) {
	if t, err := r.own.FindMessageByURL(url); err == nil && !r.withheld[t.Descriptor().FullName()] {
		return t, nil
	}
	return protoregistry.GlobalTypes.FindMessageByURL(url)
}

func (r *typeResolver) FindExtensionByName(name protoreflect.FullName) (protoreflect.ExtensionType, error) {
	if t, err := r.own.FindExtensionByName(name); err == nil && !r.withheld[name] {
		return t, nil
	}
	return protoregistry.GlobalTypes.FindExtensionByName(name)
}

func (r *typeResolver) FindExtensionByNumber(message protoreflect.FullName, number protoreflect.FieldNumber) (protoreflect.ExtensionType, error) {
	if t, err := r.own.FindExtensionByNumber(message, number); err == nil && !r.withheld[t.TypeDescriptor().FullName()] {
		return t, nil
	}
	return protoregistry.GlobalTypes.FindExtensionByNumber(message, number)
}

// resolvers finds types among those of several backends, whichever has one first.
type resolvers []resolver

// firstOf returns what the first of several resolvers finds.
func firstOf[T any](all resolvers, find func(resolver) (T, error)) (found T, err error) {
	err = protoregistry.NotFound
	for _, r := range all {
		if found, err = find(r); err == nil {
			return found, nil
		}
	}
	return found, err
}

func (all resolvers) FindMessageByName(name protoreflect.FullName) (protoreflect.MessageType, error) {
	return firstOf(all, func(r resolver) (protoreflect.MessageType, error) { return r.FindMessageByName(name) })
}

func (all resolvers) FindMessageByURL(url string) (protoreflect.MessageType, error) {
	return firstOf(all, func(r resolver) (protoreflect.MessageType, error) { return r.FindMessageByURL(url) })
}

func (all resolvers) FindExtensionByName(name protoreflect.FullName) (protoreflect.ExtensionType, error) {
	return firstOf(all, func(r resolver) (protoreflect.ExtensionType, error) { return r.FindExtensionByName(name) })
}

func (all resolvers) FindExtensionByNumber(message protoreflect.FullName, number protoreflect.FieldNumber) (protoreflect.ExtensionType, error) {
	return firstOf(all, func(r resolver) (protoreflect.ExtensionType, error) { return r.FindExtensionByNumber(message, number) })
}
