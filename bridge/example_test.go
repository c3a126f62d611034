// SPDX-License-Identifier: Apache-2.0

package bridge_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/reflection"
	"google.golang.org/grpc/test/bufconn"

	"sluice/bridge"
	numbersv1 "sluice/proto/gen/sluice/numbers/v1"
)

// A bridge is mounted beside the other routes of a server, under a prefix if
// need be.
func Example() {
	// The backend, which is elsewhere in real life.
	backend := grpc.NewServer()
	numbersv1.RegisterNumberServiceServer(backend, &stub{generate: counting})
	reflection.Register(backend)
	l := bufconn.Listen(1 << 16)
	go backend.Serve(l)
	defer backend.Stop()
	conn, err := grpc.NewClient("passthrough:///backend", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return l.DialContext(ctx) }))
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close()

	b, err := bridge.New(conn)
	if err != nil {
		log.Fatal(err)
	}
	defer b.Close()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /hello", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "hello") })
	mux.Handle("/streams/", http.StripPrefix("/streams", b))
	server := httptest.NewServer(mux)
	defer server.Close()

	// A client that comes before the backend has said which methods it has is
	// told to try again; this one waits.
	for b.Ready() != nil {
		time.Sleep(time.Millisecond)
	}
	res, err := http.Get(server.URL + "/streams/sse?count=2")
	if err != nil {
		log.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		log.Fatal(err)
	}
	for line := range strings.Lines(string(body)) {
		if strings.HasPrefix(line, "data:") {
			fmt.Print(line)
		}
	}
	// Output:
	// data: {"position":1,"value":1,"resumeToken":"at1"}
	// data: {"position":2,"value":2,"resumeToken":"at2"}
	// data: {"code":"OK"}
}
