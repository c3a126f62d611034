// SPDX-License-Identifier: Apache-2.0

package corpus

import (
	"sync"

	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"

	// Messages of these take part in the corpus.
	_ "google.golang.org/genproto/googleapis/rpc/errdetails"
	_ "google.golang.org/genproto/googleapis/rpc/status"
	_ "google.golang.org/grpc/binarylog/grpc_binarylog_v1"
	_ "google.golang.org/grpc/channelz/grpc_channelz_v1"
	_ "google.golang.org/grpc/health/grpc_health_v1"
	_ "google.golang.org/grpc/interop/grpc_testing"
	_ "google.golang.org/grpc/reflection/grpc_reflection_v1"
	_ "google.golang.org/grpc/reflection/grpc_reflection_v1alpha"
	_ "google.golang.org/protobuf/types/gofeaturespb"
	_ "google.golang.org/protobuf/types/known/apipb"
	_ "google.golang.org/protobuf/types/known/emptypb"
	_ "google.golang.org/protobuf/types/known/fieldmaskpb"
	_ "google.golang.org/protobuf/types/known/structpb"
	_ "google.golang.org/protobuf/types/known/typepb"
	_ "google.golang.org/protobuf/types/known/wrapperspb"
	_ "google.golang.org/protobuf/types/pluginpb"

	_ "sluice/proto/gen/sluice/numbers/v1"
	_ "sluice/proto/gen/sluice/stream/v1"
)

// Types is every type that the corpus has messages of. It resolves those made
// for the tests, and then those linked in, and is safe for concurrent use.
type Types struct {
	// Files are those made for the tests.
	Files   *protoregistry.Files
	dynamic *dynamicpb.Types
}

// TestTypes returns the types. It panics where schema.txtpb is not what
// go generate makes.
var TestTypes = sync.OnceValue(func() *Types {
	text, err := data.ReadFile("testdata/schema.txtpb")
	if err != nil {
		panic(err)
	}
	var set descriptorpb.FileDescriptorSet
	if err := prototext.Unmarshal(text, &set); err != nil {
		panic(err)
	}
	files := new(protoregistry.Files)
	for _, file := range set.GetFile() {
		fd, err := protodesc.NewFile(file, protoregistry.GlobalFiles)
		if err == nil {
			err = files.RegisterFile(fd)
		}
		if err != nil {
			panic(err)
		}
	}
	return &Types{Files: files, dynamic: dynamicpb.NewTypes(files)}
})

// either looks in the tests' types, and then in those linked in.
func either[T any](first, second func() (T, error)) (T, error) {
	if found, err := first(); err == nil {
		return found, nil
	}
	return second()
}

// FindMessageByName implements protoregistry.MessageTypeResolver.
func (t *Types) FindMessageByName(name protoreflect.FullName) (protoreflect.MessageType, error) {
	return either(
		func() (protoreflect.MessageType, error) { return t.dynamic.FindMessageByName(name) },
		func() (protoreflect.MessageType, error) { return protoregistry.GlobalTypes.FindMessageByName(name) },
	)
}

// FindMessageByURL implements protoregistry.MessageTypeResolver.
func (t *Types) FindMessageByURL(url string) (protoreflect.MessageType, error) {
	return either(
		func() (protoreflect.MessageType, error) { return t.dynamic.FindMessageByURL(url) },
		func() (protoreflect.MessageType, error) { return protoregistry.GlobalTypes.FindMessageByURL(url) },
	)
}

// FindExtensionByName implements protoregistry.ExtensionTypeResolver.
func (t *Types) FindExtensionByName(name protoreflect.FullName) (protoreflect.ExtensionType, error) {
	return either(
		func() (protoreflect.ExtensionType, error) { return t.dynamic.FindExtensionByName(name) },
		func() (protoreflect.ExtensionType, error) { return protoregistry.GlobalTypes.FindExtensionByName(name) },
	)
}

// FindExtensionByNumber implements protoregistry.ExtensionTypeResolver.
func (t *Types) FindExtensionByNumber(message protoreflect.FullName, number protoreflect.FieldNumber) (protoreflect.ExtensionType, error) {
	return either(
		func() (protoreflect.ExtensionType, error) { return t.dynamic.FindExtensionByNumber(message, number) },
		func() (protoreflect.ExtensionType, error) {
			return protoregistry.GlobalTypes.FindExtensionByNumber(message, number)
		},
	)
}
