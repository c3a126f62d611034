// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"net"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/timestamppb"

	"sluice/backend"
	numbersv1 "sluice/proto/gen/sluice/numbers/v1"
)

// playBackend is the number service as it is shipped.
func playBackend(ctx context.Context, l net.Listener, _ []string) error {
	srv := backend.NewServer(backend.New())
	stop := context.AfterFunc(ctx, func() {
		// There is no grace in this, and so there is an error.
		_ = srv.Shutdown(ctx)
	})
	defer stop()
	return srv.Serve(l)
}

// playQuiet is a number service whose streams have one number, and then are
// silent until they are cancelled. There may be any number of them.
func playQuiet(ctx context.Context, l net.Listener, _ []string) error {
	srv := grpc.NewServer()
	numbersv1.RegisterNumberServiceServer(srv, quietService{})
	stop := context.AfterFunc(ctx, srv.Stop)
	defer stop()
	return srv.Serve(l)
}

type quietService struct {
	numbersv1.UnimplementedNumberServiceServer
}

// Generate implements numbersv1.NumberServiceServer.
func (quietService) Generate(_ *numbersv1.GenerateRequest, stream grpc.ServerStreamingServer[numbersv1.GenerateResponse]) error {
	if err := stream.Send(&numbersv1.GenerateResponse{
		Position: 1, Value: 1, CreateTime: timestamppb.Now(), ResumeToken: "AQAAABEAAAAqAAAAAAAAABcAAAAAAAAAAQID",
	}); err != nil {
		return err
	}
	<-stream.Context().Done()
	return context.Cause(stream.Context())
}
