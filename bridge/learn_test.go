// SPDX-License-Identifier: Apache-2.0

package bridge_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/reflection"
	reflectionv1 "google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"
	"google.golang.org/protobuf/types/known/anypb"

	"sluice/bridge"
	"sluice/internal/bubble"
)

// holderFiles are a method that answers with a google.protobuf.Any, and a file
// that it does not import.
const holderFiles = `
file {
  name: "holder.proto" package: "holder" syntax: "proto3"
  dependency: "google/protobuf/any.proto" dependency: "google/protobuf/empty.proto"
  service {
    name: "Service"
    method { name: "Watch" input_type: ".google.protobuf.Empty" output_type: ".google.protobuf.Any" server_streaming: true }
  }
}
file {
  name: "held.proto" package: "holder" syntax: "proto3"
  message_type { name: "Held" field { name: "text" number: 1 type: TYPE_STRING label: LABEL_OPTIONAL json_name: "text" } }
}`

// services are what a server says that it has.
type services map[string]grpc.ServiceInfo

func (s services) GetServiceInfo() map[string]grpc.ServiceInfo { return s }

// newHolder returns a server with that method, and reflection that knows both
// files.
func newHolder(t *testing.T) *grpc.Server {
	t.Helper()
	var set descriptorpb.FileDescriptorSet
	if err := prototext.Unmarshal([]byte(holderFiles), &set); err != nil {
		t.Fatal(err)
	}
	files := new(protoregistry.Files)
	for _, file := range set.File {
		fd, err := protodesc.NewFile(file, protoregistry.GlobalFiles)
		if err == nil {
			err = files.RegisterFile(fd)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	held, err := files.FindDescriptorByName("holder.Held")
	if err != nil {
		t.Fatal(err)
	}
	m := dynamicpb.NewMessage(held.(protoreflect.MessageDescriptor))
	m.Set(m.Descriptor().Fields().ByName("text"), protoreflect.ValueOfString("hello"))
	answer, err := anypb.New(m)
	if err != nil {
		t.Fatal(err)
	}
	srv := grpc.NewServer(grpc.UnknownServiceHandler(func(_ any, stream grpc.ServerStream) error { return stream.SendMsg(answer) }))
	reflectionv1.RegisterServerReflectionServer(srv, reflection.NewServerV1(reflection.ServerOptions{
		Services: services{"holder.Service": {}}, DescriptorResolver: files,
	}))
	return srv
}

// A stream with a google.protobuf.Any of a type that no service refers to ends,
// and says why; the type is asked for, and the next stream has it. It is so also
// where the backend is otherwise asked only once.
func TestTypesAreLearned(t *testing.T) {
	t.Parallel()
	for _, refresh := range []time.Duration{0, time.Hour} {
		bubble.Test(t, func(t *testing.T) {
			w := worldOf(t, newHolder(t), bridge.WithRefresh(refresh))
			synctest.Wait()
			first := w.get("/holder.Service/Watch", "Accept", "text/event-stream, application/json").text()
			if !strings.Contains(first, `"INTERNAL"`) || !strings.Contains(first, `message 1 of the stream holds a google.protobuf.Any of type \"holder.Held\"`) {
				t.Errorf("the first stream is %s", first)
			}
			synctest.Wait()
			const want = `{"@type":"type.googleapis.com/holder.Held","text":"hello"}`
			if events := w.get("/holder.Service/Watch").all(); len(events) != 2 || string(events[0].Data) != want {
				t.Errorf("the second stream is %q, want %s", events, want)
			}
		})
	}
}
