// SPDX-License-Identifier: Apache-2.0

package backend

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
	reflectiongrpc "google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"

	streamv1 "sluice/proto/gen/sluice/stream/v1"
)

// The two versions differ in nothing but their names.
func TestReflection(t *testing.T) {
	t.Parallel()
	r := start(t, New())
	for _, version := range []string{"v1", "v1alpha"} {
		t.Run(version, func(t *testing.T) {
			stream, err := r.conn.NewStream(
				within(t, time.Minute),
				&grpc.StreamDesc{ServerStreams: true, ClientStreams: true},
				"/grpc.reflection."+version+".ServerReflection/ServerReflectionInfo",
			)
			if err != nil {
				t.Fatal(err)
			}
			ask := func(req *reflectiongrpc.ServerReflectionRequest) *reflectiongrpc.ServerReflectionResponse {
				t.Helper()
				response := &reflectiongrpc.ServerReflectionResponse{}
				if err := errors.Join(stream.SendMsg(req), stream.RecvMsg(response)); err != nil {
					t.Fatal(err)
				}
				return response
			}
			services := ask(&reflectiongrpc.ServerReflectionRequest{
				MessageRequest: &reflectiongrpc.ServerReflectionRequest_ListServices{},
			})
			var names []string
			for _, service := range services.GetListServicesResponse().GetService() {
				names = append(names, service.GetName())
			}
			slices.Sort(names)
			want := []string{
				"grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection", Name,
			}
			if diff := cmp.Diff(want, names); diff != "" {
				t.Errorf("services (-want +got):\n%s", diff)
			}
			file := ask(&reflectiongrpc.ServerReflectionRequest{
				MessageRequest: &reflectiongrpc.ServerReflectionRequest_FileContainingSymbol{FileContainingSymbol: Name},
			})
			checkFile(t, file.GetFileDescriptorResponse().GetFileDescriptorProto())
			if err := stream.CloseSend(); err != nil {
				t.Fatal(err)
			}
			if err := stream.RecvMsg(&reflectiongrpc.ServerReflectionResponse{}); !errors.Is(err, io.EOF) {
				t.Errorf("the end of reflection: %v", err)
			}
		})
	}
}

// checkFile looks for the service, and for its option, which tells a bridge
// what to do with it.
func checkFile(t *testing.T, files [][]byte) {
	t.Helper()
	for _, raw := range files {
		var file descriptorpb.FileDescriptorProto
		if err := proto.Unmarshal(raw, &file); err != nil {
			t.Fatal(err)
		}
		for _, service := range file.GetService() {
			if file.GetPackage()+"."+service.GetName() != Name {
				continue
			}
			checkComments(t, &file)
			options, _ := proto.GetExtension(service.GetMethod()[0].GetOptions(), streamv1.E_Stream).(*streamv1.StreamOptions)
			if options.GetPath() != "/sse" || options.GetResume().GetResponseField() != "resume_token" {
				t.Errorf("the method's options are %v", options)
			}
			return
		}
	}
	t.Errorf("%s is in none of %d files", Name, len(files))
}

// checkComments holds that all that a caller can see of the service is explained
// there.
func checkComments(t *testing.T, description *descriptorpb.FileDescriptorProto) {
	t.Helper()
	file, err := protodesc.NewFile(description, protoregistry.GlobalFiles)
	if err != nil {
		t.Fatal(err)
	}
	explained := func(d protoreflect.Descriptor) {
		t.Helper()
		if strings.TrimSpace(file.SourceLocations().ByDescriptor(d).LeadingComments) == "" {
			t.Errorf("%s comes without its comment", d.FullName())
		}
	}
	for i := range file.Services().Len() {
		service := file.Services().Get(i)
		explained(service)
		for i := range service.Methods().Len() {
			explained(service.Methods().Get(i))
		}
	}
	for i := range file.Messages().Len() {
		message := file.Messages().Get(i)
		explained(message)
		for i := range message.Fields().Len() {
			explained(message.Fields().Get(i))
		}
	}
	for i := range file.Enums().Len() {
		enum := file.Enums().Get(i)
		explained(enum)
		for i := range enum.Values().Len() {
			explained(enum.Values().Get(i))
		}
	}
}
