// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"io"
	"net"
	"net/http"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	gateway "sluice/internal/bench/gen/sluice/numbers/v1"
)

// playGateway is grpc-gateway with its own defaults and generated code: args
// are the backend's address.
func playGateway(ctx context.Context, l net.Listener, args []string) error {
	mux := runtime.NewServeMux()
	dial := []grpc.DialOption{grpc.WithTransportCredentials(insecure.NewCredentials())}
	if err := gateway.RegisterNumberServiceHandlerFromEndpoint(ctx, mux, args[0], dial); err != nil {
		return err
	}
	return serveHTTP(ctx, l, mux)
}

// playBare is the least that a viewer of a quiet stream costs with net/http:
// one event, and then nothing until the viewer goes.
func playBare(ctx context.Context, l net.Listener, _ []string) error {
	return serveHTTP(ctx, l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		// A viewer that is already gone is noticed in the wait.
		_, _ = io.WriteString(w, "data: {\"position\":1,\"value\":1}\n\n")
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}))
}
