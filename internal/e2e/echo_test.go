// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"net"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"sluice/bridge"
	"sluice/bridge/catalog"
	"sluice/internal/rig"
)

// echoFile declares a service whose streams are their requests: twice, or again and
// again. A request has a field of every kind that a form shows otherwise than the
// others.
const echoFile = `
name: "echo.proto" package: "echo.v1" syntax: "proto3"
dependency: "google/protobuf/duration.proto" dependency: "google/protobuf/timestamp.proto"
enum_type { name: "State" value { name: "STATE_UNKNOWN" number: 0 } value { name: "STATE_OPEN" number: 1 } value { name: "STATE_CLOSED" number: 2 } }
message_type {
	name: "Line"
	field { name: "item" number: 1 label: LABEL_OPTIONAL type: TYPE_STRING }
	field { name: "pieces" number: 2 label: LABEL_OPTIONAL type: TYPE_UINT32 }
}
message_type {
	name: "Order"
	field { name: "name" number: 1 label: LABEL_OPTIONAL type: TYPE_STRING }
	field { name: "main" number: 2 label: LABEL_OPTIONAL type: TYPE_MESSAGE type_name: ".echo.v1.Line" }
	field { name: "lines" number: 3 label: LABEL_REPEATED type: TYPE_MESSAGE type_name: ".echo.v1.Line" }
	field { name: "tags" number: 4 label: LABEL_REPEATED type: TYPE_STRING }
	field { name: "stock" number: 5 label: LABEL_REPEATED type: TYPE_MESSAGE type_name: ".echo.v1.Order.StockEntry" }
	field { name: "shelves" number: 6 label: LABEL_REPEATED type: TYPE_MESSAGE type_name: ".echo.v1.Order.ShelvesEntry" }
	field { name: "cash" number: 7 label: LABEL_OPTIONAL type: TYPE_STRING oneof_index: 0 }
	field { name: "card" number: 8 label: LABEL_OPTIONAL type: TYPE_MESSAGE type_name: ".echo.v1.Line" oneof_index: 0 }
	field { name: "placed_at" number: 9 label: LABEL_OPTIONAL type: TYPE_MESSAGE type_name: ".google.protobuf.Timestamp" }
	field { name: "within" number: 10 label: LABEL_OPTIONAL type: TYPE_MESSAGE type_name: ".google.protobuf.Duration" }
	field { name: "state" number: 11 label: LABEL_OPTIONAL type: TYPE_ENUM type_name: ".echo.v1.State" }
	field { name: "states" number: 12 label: LABEL_REPEATED type: TYPE_ENUM type_name: ".echo.v1.State" }
	field { name: "total_cents" number: 13 label: LABEL_OPTIONAL type: TYPE_INT64 }
	field { name: "signature" number: 14 label: LABEL_OPTIONAL type: TYPE_BYTES }
	nested_type {
		name: "StockEntry" options { map_entry: true }
		field { name: "key" number: 1 label: LABEL_OPTIONAL type: TYPE_STRING }
		field { name: "value" number: 2 label: LABEL_OPTIONAL type: TYPE_INT32 }
	}
	nested_type {
		name: "ShelvesEntry" options { map_entry: true }
		field { name: "key" number: 1 label: LABEL_OPTIONAL type: TYPE_INT32 }
		field { name: "value" number: 2 label: LABEL_OPTIONAL type: TYPE_MESSAGE type_name: ".echo.v1.Line" }
	}
	oneof_decl { name: "pay" }
}
service {
	name: "Echo"
	method { name: "Say" input_type: ".echo.v1.Order" output_type: ".echo.v1.Order" server_streaming: true }
	method { name: "Flood" input_type: ".echo.v1.Order" output_type: ".echo.v1.Order" server_streaming: true }
}
`

const (
	echoMethod  = "echo.v1.Echo/Say"
	floodMethod = "echo.v1.Echo/Flood"
	// floodEvents of floodBytes each are more than a page keeps and all that is on
	// the way to it holds.
	floodEvents = 1000
	floodBytes  = 64 << 10
)

// echo is a backend that has no reflection.
type echo struct {
	// address is where it is, as host:port, protoset a file with its descriptor set.
	address, protoset string
	order             protoreflect.MessageDescriptor
	// flood is closed to have floods go on after their first event; sent is how many
	// events they have sent.
	flood chan struct{}
	sent  atomic.Int64
}

// startWithEcho starts a rig whose bridge has two backends: the numbers, and an
// echo that is known by its descriptor set.
func startWithEcho(t *testing.T) (*rig.Rig, *echo) {
	t.Helper()
	file := new(descriptorpb.FileDescriptorProto)
	if err := prototext.Unmarshal([]byte(echoFile), file); err != nil {
		t.Fatal(err)
	}
	desc, err := protodesc.NewFile(file, protoregistry.GlobalFiles)
	if err != nil {
		t.Fatal(err)
	}
	set, err := proto.Marshal(&descriptorpb.FileDescriptorSet{File: []*descriptorpb.FileDescriptorProto{
		protodesc.ToFileDescriptorProto(durationpb.File_google_protobuf_duration_proto),
		protodesc.ToFileDescriptorProto(timestamppb.File_google_protobuf_timestamp_proto),
		file,
	}})
	if err != nil {
		t.Fatal(err)
	}
	e := &echo{protoset: filepath.Join(t.TempDir(), "echo.binpb"), order: desc.Messages().ByName("Order"), flood: make(chan struct{})}
	if err := os.WriteFile(e.protoset, set, 0o600); err != nil {
		t.Fatal(err)
	}
	known, err := catalog.FromDescriptorSet(set)
	if err != nil {
		t.Fatal(err)
	}
	conn := e.serve(t)
	r := rig.Start(t, rig.Config{Bridge: []bridge.Option{
		bridge.WithName("numbers"), bridge.WithBackend("echo", conn), bridge.WithBackendCatalog("echo", known),
	}})
	return r, e
}

// serve starts the backend and connects to it.
func (e *echo) serve(t *testing.T) *grpc.ClientConn {
	t.Helper()
	say := func(_ any, s grpc.ServerStream) error {
		order := dynamicpb.NewMessage(e.order)
		if err := s.RecvMsg(order); err != nil {
			return err
		}
		for range 2 {
			if err := s.SendMsg(order); err != nil {
				return err
			}
		}
		return nil
	}
	flood := func(_ any, s grpc.ServerStream) error {
		order := dynamicpb.NewMessage(e.order)
		if err := s.RecvMsg(order); err != nil {
			return err
		}
		order.Set(e.order.Fields().ByName("signature"), protoreflect.ValueOfBytes(make([]byte, floodBytes)))
		for range floodEvents {
			if err := s.SendMsg(order); err != nil {
				return err
			}
			e.sent.Add(1)
			select {
			case <-e.flood:
			case <-s.Context().Done():
				return s.Context().Err()
			}
		}
		return nil
	}
	srv := grpc.NewServer()
	srv.RegisterService(&grpc.ServiceDesc{
		ServiceName: "echo.v1.Echo", HandlerType: (*any)(nil),
		Streams: []grpc.StreamDesc{
			{StreamName: "Say", ServerStreams: true, Handler: say},
			{StreamName: "Flood", ServerStreams: true, Handler: flood},
		},
	}, e)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	e.address = l.Addr().String()
	done := make(chan error, 1)
	go func() { done <- srv.Serve(l) }()
	conn, err := grpc.NewClient(e.address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		conn.Close()
		srv.Stop()
		if err := <-done; err != nil {
			t.Errorf("the echo: %v", err)
		}
	})
	return conn
}

// parseMessage reads a message in ProtoJSON, whether it has its defaults or not.
func parseMessage(t *testing.T, md protoreflect.MessageDescriptor, json string) proto.Message {
	t.Helper()
	m := dynamicpb.NewMessage(md)
	if err := protojson.Unmarshal([]byte(json), m); err != nil {
		t.Fatalf("%s: %v", json, err)
	}
	return m
}
