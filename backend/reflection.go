// SPDX-License-Identifier: Apache-2.0

package backend

import (
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/reflection"
	reflectiongrpc "google.golang.org/grpc/reflection/grpc_reflection_v1"
	reflectionalphagrpc "google.golang.org/grpc/reflection/grpc_reflection_v1alpha"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"

	numbersv1 "sluice/proto/gen/sluice/numbers/v1"
	streamv1 "sluice/proto/gen/sluice/stream/v1"
)

// registerReflection registers reflection, v1 and v1alpha, that describes our
// services with their comments: what a field may hold, and when a call fails, is
// said there.
func registerReflection(server *grpc.Server) {
	options := reflection.ServerOptions{Services: server, DescriptorResolver: commented()}
	reflectiongrpc.RegisterServerReflectionServer(server, reflection.NewServerV1(options))
	reflectionalphagrpc.RegisterServerReflectionServer(server, reflection.NewServer(options))
}

// commented are the descriptors that are linked in, those of our own files with
// comments.
var commented = sync.OnceValue(func() *commentedFiles {
	files := new(commentedFiles)
	// Each file after those that it imports.
	files.add(streamv1.File_sluice_stream_v1_options_proto, streamv1.File_sluice_stream_v1_options_proto_comments)
	files.add(numbersv1.File_sluice_numbers_v1_numbers_proto, numbersv1.File_sluice_numbers_v1_numbers_proto_comments)
	return files
})

// commentedFiles finds descriptors among files with comments, and then among all
// that are linked in.
type commentedFiles struct {
	files protoregistry.Files
}

// add adds a file with comments, a google.protobuf.SourceCodeInfo in wire format.
// Both are generated from the same source. It panics where they do not fit each
// other, which every start of the program and every test would show.
func (c *commentedFiles) add(file protoreflect.FileDescriptor, comments string) {
	description := protodesc.ToFileDescriptorProto(file)
	description.SourceCodeInfo = new(descriptorpb.SourceCodeInfo)
	if err := proto.Unmarshal([]byte(comments), description.GetSourceCodeInfo()); err != nil {
		panic(err)
	}
	described, err := protodesc.NewFile(description, c)
	if err != nil {
		panic(err)
	}
	if err := c.files.RegisterFile(described); err != nil {
		panic(err)
	}
}

// FindFileByPath finds a file.
func (c *commentedFiles) FindFileByPath(path string) (protoreflect.FileDescriptor, error) {
	if file, err := c.files.FindFileByPath(path); err == nil {
		return file, nil
	}
	return protoregistry.GlobalFiles.FindFileByPath(path)
}

// FindDescriptorByName finds what is declared under a full name.
func (c *commentedFiles) FindDescriptorByName(name protoreflect.FullName) (protoreflect.Descriptor, error) {
	if d, err := c.files.FindDescriptorByName(name); err == nil {
		return d, nil
	}
	return protoregistry.GlobalFiles.FindDescriptorByName(name)
}
