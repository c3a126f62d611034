// SPDX-License-Identifier: Apache-2.0

package bridge_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/reflection"
	reflectionv1 "google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"

	"sluice/bridge"
	"sluice/bridge/sse"
)

// shop is a schema: a service with the methods named, each of which streams
// orders with the text fields named.
type shop struct{ methods, fields []string }

func (s shop) file(t *testing.T) protoreflect.FileDescriptor {
	t.Helper()
	order := &descriptorpb.DescriptorProto{Name: proto.String("Order")}
	for i, name := range s.fields {
		order.Field = append(order.Field, &descriptorpb.FieldDescriptorProto{
			Name: proto.String(name), Number: proto.Int32(int32(i + 1)),
			Type: descriptorpb.FieldDescriptorProto_TYPE_STRING.Enum(), Label: descriptorpb.FieldDescriptorProto_LABEL_OPTIONAL.Enum(),
		})
	}
	service := &descriptorpb.ServiceDescriptorProto{Name: proto.String("Orders")}
	for _, name := range s.methods {
		service.Method = append(service.Method, &descriptorpb.MethodDescriptorProto{
			Name: proto.String(name), InputType: proto.String(".shop.v1.WatchRequest"), OutputType: proto.String(".shop.v1.Order"), ServerStreaming: proto.Bool(true),
		})
	}
	file, err := protodesc.NewFile(&descriptorpb.FileDescriptorProto{
		Name: proto.String("shop/v1/orders.proto"), Package: proto.String("shop.v1"), Syntax: proto.String("proto3"),
		MessageType: []*descriptorpb.DescriptorProto{{Name: proto.String("WatchRequest")}, order},
		Service:     []*descriptorpb.ServiceDescriptorProto{service},
	}, protoregistry.GlobalFiles)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// GetServiceInfo implements reflection.ServiceInfoProvider.
func (s shop) GetServiceInfo() map[string]grpc.ServiceInfo {
	return map[string]grpc.ServiceInfo{"shop.v1.Orders": {}}
}

// server returns a server of the shop. Each of its streams sends an order
// whenever there is one to send, and ends when there are no more.
func (s shop) server(t *testing.T, orders <-chan string) *grpc.Server {
	t.Helper()
	file := s.file(t)
	srv := grpc.NewServer(grpc.UnknownServiceHandler(func(_ any, stream grpc.ServerStream) error {
		desc := file.Messages().ByName("Order")
		if err := stream.RecvMsg(dynamicpb.NewMessage(file.Messages().ByName("WatchRequest"))); err != nil {
			return err
		}
		for {
			select {
			case text, ok := <-orders:
				if !ok {
					return nil
				}
				m := dynamicpb.NewMessage(desc)
				for i := range desc.Fields().Len() {
					m.Set(desc.Fields().Get(i), protoreflect.ValueOfString(text))
				}
				if err := stream.SendMsg(m); err != nil {
					return err
				}
			case <-stream.Context().Done():
				return stream.Context().Err()
			}
		}
	}))
	files := new(protoregistry.Files)
	if err := files.RegisterFile(file); err != nil {
		t.Fatal(err)
	}
	reflectionv1.RegisterServerReflectionServer(srv, reflection.NewServerV1(reflection.ServerOptions{Services: s, DescriptorResolver: files}))
	return srv
}

// serveOn serves on an address, until the test ends.
func serveOn(t *testing.T, srv *grpc.Server, address string) (at string) {
	t.Helper()
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() { srv.Serve(l) })
	t.Cleanup(func() {
		srv.Stop()
		wg.Wait()
	})
	return l.Addr().String()
}

// onLoopback starts a bridge to the address and returns where it is.
func onLoopback(t *testing.T, address string, opts ...bridge.Option) string {
	t.Helper()
	conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	b, err := bridge.New(conn, opts...)
	if err != nil {
		t.Fatal(err)
	}
	front := httptest.NewServer(b)
	t.Cleanup(func() {
		b.Close()
		front.Close()
		conn.Close()
	})
	return front.URL
}

// fetch asks until the answer is as it should be.
func fetch(t *testing.T, url string, ok func(status int, body string) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		res.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		if ok(res.StatusCode, string(body)) {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("%s is still %s: %s", url, res.Status, body)
		case <-time.After(time.Millisecond):
		}
	}
}

// A backend is replaced by one with another schema, at the same address, while
// a stream of the old one goes on.
func TestBackendChangesItsSchema(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		refresh time.Duration
	}{
		{"found when the connection comes back", time.Hour},
		{"found when it is asked again", 20 * time.Millisecond},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			orders := make(chan string)
			before := shop{[]string{"Watch", "Old"}, []string{"id"}}.server(t, orders)
			address := serveOn(t, before, "127.0.0.1:0")
			var log lines
			at := onLoopback(t, address, bridge.WithRefresh(test.refresh), log.option())
			defer http.DefaultClient.CloseIdleConnections()
			fetch(t, at+"/readyz", func(status int, _ string) bool { return status == http.StatusOK })

			stream, err := http.Get(at + "/shop.v1.Orders/Watch")
			if err != nil {
				t.Fatal(err)
			}
			defer stream.Body.Close()
			events := sse.NewReader(stream.Body)
			goesOn := func(text string) {
				t.Helper()
				orders <- text
				if e, err := events.Next(); err != nil || string(e.Data) != `{"id":"`+text+`"}` {
					t.Fatalf("the open stream goes on with %s, %v", e.Data, err)
				}
			}
			goesOn("first")

			// The old server takes no more streams, and ends when it has none.
			var leaving sync.WaitGroup
			leaving.Go(before.GracefulStop)
			newOrders := make(chan string, 1)
			newOrders <- "new"
			close(newOrders)
			fetch(t, at+"/healthz", func(int, string) bool {
				l, err := net.Listen("tcp", address) // free once the old one has closed it
				if err != nil {
					return false
				}
				l.Close()
				return true
			})
			serveOn(t, shop{[]string{"Watch", "Young"}, []string{"id", "state"}}.server(t, newOrders), address)
			goesOn("second")

			fetch(t, at+"/catalog", func(_ int, body string) bool { return strings.Contains(body, "shop.v1.Orders/Young") })
			goesOn("third")
			fetch(t, at+"/shop.v1.Orders/Young", func(status int, body string) bool {
				if status != http.StatusOK || !strings.Contains(body, `data: {"id":"new","state":"new"}`) {
					t.Fatalf("the new method is %d: %s", status, body)
				}
				return true
			})
			fetch(t, at+"/shop.v1.Orders/Old", func(status int, body string) bool {
				if status != http.StatusNotFound {
					t.Fatalf("the old method is %d: %s", status, body)
				}
				return true
			})
			goesOn("fourth")
			close(orders)
			if e, err := events.Next(); err != nil || e.Type != "end" || string(e.Data) != `{"code":"OK"}` {
				t.Errorf("the open stream ended with %s %s, %v", e.Type, e.Data, err)
			}
			leaving.Wait()
			for _, want := range []string{"Old, Watch", "Watch, Young"} {
				if line := fmt.Sprintf("msg=serving service=shop.v1.Orders methods=%q", want); strings.Count(log.String(), line) != 1 {
					t.Errorf("the log does not say …%s… once:\n%s", line, &log)
				}
			}
		})
	}
}

// What does not change is not told again, and what cannot be asked for again
// is served on.
func TestBackendGoesAway(t *testing.T) {
	t.Parallel()
	orders := make(chan string)
	close(orders)
	srv := shop{[]string{"Watch"}, []string{"id"}}.server(t, orders)
	address := serveOn(t, srv, "127.0.0.1:0")
	var log lines
	at := onLoopback(t, address, bridge.WithRefresh(time.Millisecond), log.option())
	defer http.DefaultClient.CloseIdleConnections()
	fetch(t, at+"/readyz", func(status int, _ string) bool { return status == http.StatusOK })
	srv.Stop()
	fetch(t, at+"/healthz", func(int, string) bool {
		return strings.Contains(log.String(), "cannot be asked whether its methods have changed")
	})
	fetch(t, at+"/readyz", func(status int, body string) bool {
		if status != http.StatusOK || body != "ready\n" {
			t.Fatalf("/readyz is %d: %s", status, body)
		}
		return true
	})
	fetch(t, at+"/shop.v1.Orders/Watch", func(status int, body string) bool {
		if status != http.StatusServiceUnavailable || !strings.Contains(body, "cannot be reached") {
			t.Fatalf("the method is %d: %s", status, body)
		}
		return true
	})
	if n := strings.Count(log.String(), "msg=serving"); n != 1 {
		t.Errorf("the log says %d times what is served:\n%s", n, &log)
	}
	serveOn(t, shop{[]string{"Watch"}, []string{"id"}}.server(t, orders), address)
	fetch(t, at+"/shop.v1.Orders/Watch", func(status int, _ string) bool { return status == http.StatusOK })
}
