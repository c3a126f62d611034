// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"

	streamv1 "sluice/proto/gen/sluice/stream/v1"
)

// methodOption is an option of methods that the catalog reads.
type methodOption[T proto.Message] struct {
	extension protoreflect.ExtensionType
	// alone holds the option and no other, so that no other option of a method,
	// known to this program in another version than to the backend, is looked at.
	alone *protoregistry.Types
}

func newMethodOption[T proto.Message](extension protoreflect.ExtensionType) methodOption[T] {
	o := methodOption[T]{extension: extension, alone: new(protoregistry.Types)}
	if err := o.alone.RegisterExtension(extension); err != nil {
		panic(err) // an empty registry has nothing to clash with
	}
	return o
}

// The options that say how a method is called over HTTP.
var (
	// streamOption is that of sluice/stream/v1/options.proto.
	streamOption = newMethodOption[*streamv1.StreamOptions](streamv1.E_Stream)
	// httpOption is that of google/api/annotations.proto.
	httpOption = newMethodOption[*annotations.HttpRule](annotations.E_Http)
)

// name returns the option's full name.
func (o methodOption[T]) name() protoreflect.FullName {
	return o.extension.TypeDescriptor().FullName()
}

// of returns the option of a method, the nil message where it has none.
//
// Options are read from their bytes again, because how they are held depends on
// where the descriptor came from: decoded, as a dynamic message, or, after
// reflection, as bytes that the program did not know.
func (o methodOption[T]) of(method protoreflect.MethodDescriptor, types *typeResolver) (none T, err error) {
	wire, err := proto.MarshalOptions{AllowPartial: true}.Marshal(method.Options())
	if err != nil {
		return none, err
	}
	// Options are numbered by whoever declares them. Where the backend's files
	// say that the number is somebody else's option, it is not ours to read.
	number := o.extension.TypeDescriptor().Number()
	declared, err := types.own.FindExtensionByNumber("google.protobuf.MethodOptions", number)
	if err == nil && declared.TypeDescriptor().FullName() != o.name() {
		return none, nil
	}
	options := new(descriptorpb.MethodOptions)
	if err := (proto.UnmarshalOptions{AllowPartial: true, Resolver: o.alone}).Unmarshal(wire, options); err != nil {
		return none, err
	}
	if !proto.HasExtension(options, o.extension) {
		return none, nil
	}
	return proto.GetExtension(options, o.extension).(T), nil
}
