// SPDX-License-Identifier: Apache-2.0

package backend_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/durationpb"

	"sluice/backend"
	numbersv1 "sluice/proto/gen/sluice/numbers/v1"
)

// The number service beside whatever else a gRPC server of one's own serves.
func Example() {
	server := grpc.NewServer()
	numbersv1.RegisterNumberServiceServer(server, backend.New(backend.WithMaxStreams(100)))

	listener, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		log.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()

	conn, err := grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close()
	stream, err := numbersv1.NewNumberServiceClient(conn).Generate(context.Background(), &numbersv1.GenerateRequest{
		Sequence: numbersv1.Sequence_SEQUENCE_PRIMES,
		Count:    5,
		MaxPause: durationpb.New(0), // as fast as this program reads
	})
	if err != nil {
		log.Fatal(err)
	}
	for {
		number, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(number.GetPosition(), number.GetValue())
	}

	server.GracefulStop()
	if err := <-served; err != nil {
		log.Fatal(err)
	}
	// Output:
	// 1 2
	// 2 3
	// 3 5
	// 4 7
	// 5 11
}

// A server of its own, with reflection, health and a graceful stop.
func ExampleServer() {
	server := backend.NewServer(backend.New())
	listener, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		log.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()

	// When it is time to stop, open streams may go on until the context ends.
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	fmt.Println(server.Shutdown(ctx), <-served)
	// Output: <nil> <nil>
}
