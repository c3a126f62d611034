// SPDX-License-Identifier: Apache-2.0

package transcode

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

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

// sample is a message of the corpus, which tests, fuzzing and benchmarks share.
type sample struct {
	name string
	desc protoreflect.MessageDescriptor
	wire []byte
}

// schema is every type that the tests know: those linked in, and those of
// testdata/schema, which exist at run time only.
type schema struct {
	files   *protoregistry.Files // of testdata/schema
	dynamic *dynamicpb.Types
}

var testSchema = sync.OnceValue(func() *schema {
	text, err := os.ReadFile("testdata/schema.txtpb")
	if err != nil {
		panic(err)
	}
	var set descriptorpb.FileDescriptorSet
	if err := prototext.Unmarshal(text, &set); err != nil {
		panic(err)
	}
	files := new(protoregistry.Files)
	for _, file := range set.File {
		fd, err := protodesc.NewFile(file, protoregistry.GlobalFiles)
		if err != nil {
			panic(err)
		}
		if err := files.RegisterFile(fd); err != nil {
			panic(err)
		}
	}
	return &schema{files: files, dynamic: dynamicpb.NewTypes(files)}
})

func (s *schema) FindMessageByName(name protoreflect.FullName) (protoreflect.MessageType, error) {
	if mt, err := s.dynamic.FindMessageByName(name); err == nil {
		return mt, nil
	}
	return protoregistry.GlobalTypes.FindMessageByName(name)
}

func (s *schema) FindMessageByURL(url string) (protoreflect.MessageType, error) {
	if mt, err := s.dynamic.FindMessageByURL(url); err == nil {
		return mt, nil
	}
	return protoregistry.GlobalTypes.FindMessageByURL(url)
}

func (s *schema) FindExtensionByName(name protoreflect.FullName) (protoreflect.ExtensionType, error) {
	if xt, err := s.dynamic.FindExtensionByName(name); err == nil {
		return xt, nil
	}
	return protoregistry.GlobalTypes.FindExtensionByName(name)
}

func (s *schema) FindExtensionByNumber(message protoreflect.FullName, number protoreflect.FieldNumber) (protoreflect.ExtensionType, error) {
	if xt, err := s.dynamic.FindExtensionByNumber(message, number); err == nil {
		return xt, nil
	}
	return protoregistry.GlobalTypes.FindExtensionByNumber(message, number)
}

// message finds a message type by its full name.
func (s *schema) message(tb testing.TB, name protoreflect.FullName) protoreflect.MessageDescriptor {
	tb.Helper()
	mt, err := s.FindMessageByName(name)
	if err != nil {
		tb.Fatalf("message %s: %v", name, err)
	}
	return mt.Descriptor()
}

// corpus is the messages written down in testdata/corpus. In a file each begins
// with a line "=== name full.name.of.Message" and goes on in protobuf's text
// format.
func corpus(tb testing.TB) []sample {
	tb.Helper()
	paths, err := filepath.Glob("testdata/corpus/*.txt")
	if err != nil || len(paths) == 0 {
		tb.Fatalf("testdata/corpus: %v, %d files", err, len(paths))
	}
	var samples []sample
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			tb.Fatal(err)
		}
		file := strings.TrimSuffix(filepath.Base(path), ".txt")
		for i, part := range bytes.Split(append([]byte("\n"), text...), []byte("\n=== ")) {
			if i == 0 {
				continue // comments before the first message
			}
			head, body, _ := strings.Cut(string(part), "\n")
			name, message, ok := strings.Cut(head, " ")
			if !ok {
				tb.Fatalf("%s: %q has no message type", path, head)
			}
			samples = append(samples, textSample(tb, file+"/"+name, protoreflect.FullName(message), body))
		}
	}
	return samples
}

// textSample makes a message of protobuf's text format.
func textSample(tb testing.TB, name string, message protoreflect.FullName, text string) sample {
	tb.Helper()
	md := testSchema().message(tb, message)
	m := dynamicpb.NewMessage(md)
	if err := (prototext.UnmarshalOptions{Resolver: testSchema(), AllowPartial: true}).Unmarshal([]byte(text), m); err != nil {
		tb.Fatalf("%s: %v", name, err)
	}
	wire, err := proto.MarshalOptions{AllowPartial: true, Deterministic: true}.Marshal(m)
	if err != nil {
		tb.Fatalf("%s: %v", name, err)
	}
	return sample{name, md, wire}
}

// filled is one message of every type that the tests know, with every field
// set.
func filled(tb testing.TB) []sample {
	tb.Helper()
	var samples []sample
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
				tb.Fatalf("%s: %v", md.FullName(), err)
			}
			samples = append(samples, sample{fmt.Sprintf("filled/%s", md.FullName()), md, wire})
			add(md.Messages())
		}
	}
	each := func(fd protoreflect.FileDescriptor) bool {
		add(fd.Messages())
		return true
	}
	testSchema().files.RangeFiles(each)
	protoregistry.GlobalFiles.RangeFiles(each)
	if len(samples) < 200 {
		tb.Fatalf("%d message types: the packages that hold them are not linked in", len(samples))
	}
	return samples
}
