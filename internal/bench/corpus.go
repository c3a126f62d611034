// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"
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
	_ "google.golang.org/protobuf/types/gofeaturespb"
	_ "google.golang.org/protobuf/types/known/apipb"
	_ "google.golang.org/protobuf/types/known/emptypb"
	_ "google.golang.org/protobuf/types/known/fieldmaskpb"
	_ "google.golang.org/protobuf/types/known/structpb"
	_ "google.golang.org/protobuf/types/known/typepb"
	_ "google.golang.org/protobuf/types/known/wrapperspb"

	_ "sluice/proto/gen/sluice/numbers/v1"
	_ "sluice/proto/gen/sluice/stream/v1"
)

// sample is a message of the corpus that the transcoder's tests have.
type sample struct {
	name string
	desc protoreflect.MessageDescriptor
	wire []byte
}

// schema is every type that the corpus has messages of: those linked in, and
// those of the tests, which have no generated code.
type schema struct {
	files   *protoregistry.Files // of the tests alone
	dynamic *dynamicpb.Types
}

// readSchema reads the tests' types from the folder with the test data.
func readSchema(testdata string) (*schema, error) {
	text, err := os.ReadFile(filepath.Join(testdata, "schema.txtpb"))
	if err != nil {
		return nil, fmt.Errorf("the corpus is not where -testdata says: %w", err)
	}
	var set descriptorpb.FileDescriptorSet
	if err := prototext.Unmarshal(text, &set); err != nil {
		return nil, err
	}
	files := new(protoregistry.Files)
	for _, file := range set.GetFile() {
		fd, err := protodesc.NewFile(file, protoregistry.GlobalFiles)
		if err == nil {
			err = files.RegisterFile(fd)
		}
		if err != nil {
			return nil, err
		}
	}
	return &schema{files, dynamicpb.NewTypes(files)}, nil
}

// either looks in the tests' types, and then in those linked in.
func either[T any](first, second func() (T, error)) (T, error) {
	if found, err := first(); err == nil {
		return found, nil
	}
	return second()
}

// FindMessageByName implements protoregistry.MessageTypeResolver.
func (s *schema) FindMessageByName(name protoreflect.FullName) (protoreflect.MessageType, error) {
	return either(
		func() (protoreflect.MessageType, error) { return s.dynamic.FindMessageByName(name) },
		func() (protoreflect.MessageType, error) { return protoregistry.GlobalTypes.FindMessageByName(name) },
	)
}

// FindMessageByURL implements protoregistry.MessageTypeResolver.
func (s *schema) FindMessageByURL(url string) (protoreflect.MessageType, error) {
	return either(
		func() (protoreflect.MessageType, error) { return s.dynamic.FindMessageByURL(url) },
		func() (protoreflect.MessageType, error) { return protoregistry.GlobalTypes.FindMessageByURL(url) },
	)
}

// FindExtensionByName implements protoregistry.ExtensionTypeResolver.
func (s *schema) FindExtensionByName(name protoreflect.FullName) (protoreflect.ExtensionType, error) {
	return either(
		func() (protoreflect.ExtensionType, error) { return s.dynamic.FindExtensionByName(name) },
		func() (protoreflect.ExtensionType, error) { return protoregistry.GlobalTypes.FindExtensionByName(name) },
	)
}

// FindExtensionByNumber implements protoregistry.ExtensionTypeResolver.
func (s *schema) FindExtensionByNumber(message protoreflect.FullName, number protoreflect.FieldNumber) (protoreflect.ExtensionType, error) {
	return either(
		func() (protoreflect.ExtensionType, error) { return s.dynamic.FindExtensionByNumber(message, number) },
		func() (protoreflect.ExtensionType, error) {
			return protoregistry.GlobalTypes.FindExtensionByNumber(message, number)
		},
	)
}

// readCorpus reads the messages. In a file each begins with a line
// "=== name full.name.of.Message" and goes on in protobuf's text format.
func readCorpus(testdata string, s *schema) ([]sample, error) {
	paths, err := filepath.Glob(filepath.Join(testdata, "corpus", "*.txt"))
	if err != nil {
		return nil, err
	}
	if len(paths) == 0 {
		return nil, fmt.Errorf("there are no messages in %s, where -testdata says that the corpus is", testdata)
	}
	var samples []sample
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		file := strings.TrimSuffix(filepath.Base(path), ".txt")
		// What is before the first message are comments.
		for _, part := range bytes.Split(append([]byte("\n"), text...), []byte("\n=== "))[1:] {
			head, body, _ := strings.Cut(string(part), "\n")
			one, err := readSample(s, head, body)
			if err != nil {
				return nil, fmt.Errorf("%s: %s: %w", path, head, err)
			}
			one.name = file + "/" + one.name
			samples = append(samples, one)
		}
	}
	return samples, nil
}

func readSample(s *schema, head, body string) (sample, error) {
	name, message, ok := strings.Cut(head, " ")
	if !ok {
		return sample{}, errors.New("no message type is named")
	}
	mt, err := s.FindMessageByName(protoreflect.FullName(message))
	if err != nil {
		return sample{}, err
	}
	m := dynamicpb.NewMessage(mt.Descriptor())
	if err := (prototext.UnmarshalOptions{Resolver: s, AllowPartial: true}).Unmarshal([]byte(body), m); err != nil {
		return sample{}, err
	}
	wire, err := proto.MarshalOptions{AllowPartial: true, Deterministic: true}.Marshal(m)
	return sample{name, mt.Descriptor(), wire}, err
}
