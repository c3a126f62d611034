// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/reflection"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/known/durationpb"

	"sluice/backend"
	"sluice/bridge/sse"
	numbersv1 "sluice/proto/gen/sluice/numbers/v1"
)

// serve serves on a port of its own until the test ends.
func serve(t *testing.T, srv *grpc.Server) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
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

// watched starts a server whose Watch stays open, and which takes so many
// streams on a connection.
func watched(t *testing.T, streams uint32) string {
	t.Helper()
	srv := grpc.NewServer(grpc.MaxConcurrentStreams(streams))
	healthpb.RegisterHealthServer(srv, health.NewServer())
	reflection.Register(srv)
	return serve(t, srv)
}

// A backend that checks who calls it, and whose certificate bears another name
// than its address, is reached with what the flags say.
func TestBackendThatChecksItsClients(t *testing.T) {
	t.Parallel()
	cert, key := certificate(t)
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	authorities := x509.NewCertPool()
	authorities.AddCert(pair.Leaf)
	srv := grpc.NewServer(grpc.Creds(credentials.NewTLS(&tls.Config{
		Certificates: []tls.Certificate{pair}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: authorities,
	})))
	healthpb.RegisterHealthServer(srv, health.NewServer())
	address := serve(t, srv)
	call := func(f backendFlags) error {
		creds, err := f.credentials()
		if err != nil {
			t.Fatal(err)
		}
		conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(creds))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		_, err = healthpb.NewHealthClient(conn).Check(t.Context(), &healthpb.HealthCheckRequest{})
		return err
	}
	all := backendFlags{CA: cert, ServerName: "manager", Cert: cert, Key: key}
	if err := call(all); err != nil {
		t.Errorf("with all that it asks for the backend says: %v", err)
	}
	stranger, other := all, all
	stranger.Cert, stranger.Key = "", ""
	other.ServerName = "somebody"
	for name, f := range map[string]backendFlags{"without a certificate": stranger, "for another name": other} {
		if err := call(f); status.Code(err) != codes.Unavailable {
			t.Errorf("%s the call gave %v, want UNAVAILABLE", name, err)
		}
	}
}

// writeSet writes the descriptor set of the number service to a file.
func writeSet(t *testing.T) string {
	t.Helper()
	set := &descriptorpb.FileDescriptorSet{}
	addFile(set, numbersv1.File_sluice_numbers_v1_numbers_proto)
	b, err := proto.Marshal(set)
	if err != nil {
		t.Fatal(err)
	}
	return writeFile(t, "api.binpb", string(b))
}

func writeFile(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// More streams than a connection takes: none waits, whether or not the program
// was told how many that are.
func TestConnectionsAreEnough(t *testing.T) {
	const streams = 7
	for _, flags := range [][]string{{"--streams-per-connection=2"}, nil} {
		t.Run(strings.Join(flags, " "), func(t *testing.T) {
			at, _ := start(t, append(flags, "--backend="+watched(t, 2))...)
			client := &http.Client{Transport: &http.Transport{}, Timeout: 30 * time.Second}
			defer client.CloseIdleConnections()
			get(t, client, "http://"+at.HTTP+"/readyz")
			for n := range streams {
				res, err := client.Get("http://" + at.HTTP + "/grpc.health.v1.Health/Watch")
				if err != nil {
					t.Fatal(err)
				}
				defer res.Body.Close()
				if e, err := sse.NewReader(res.Body).Next(); err != nil || string(e.Data) != `{"status":"SERVING"}` {
					t.Fatalf("stream %d gives %s, %v", n+1, e.Data, err)
				}
			}
			_, body := get(t, client, "http://"+at.HTTP+"/metrics")
			for _, want := range []string{`sluice_upstream_connections{backend=""} 4`, fmt.Sprintf(`sluice_upstream_streams{backend=""} %d`, streams)} {
				if !strings.Contains(body, want) {
					t.Errorf("there is no %s in\n%s", want, body)
				}
			}
		})
	}
}

// numbersd takes fewer streams on a connection than there may be in all. Who
// does not know opens as many connections as are needed.
func TestNumbersNeedSeveralConnections(t *testing.T) {
	flags := backendFlags{StreamsPerConn: backend.DefaultMaxStreams, MaxConns: 10, Keepalive: time.Minute}
	conns, err := flags.dial(named{value: numbers(t)}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer conns.Close()
	client := numbersv1.NewNumberServiceClient(conns)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for n := range backend.DefaultMaxConnStreams + 20 {
		stream, err := client.Generate(ctx, &numbersv1.GenerateRequest{Endless: true, MinPause: durationpb.New(time.Hour)})
		if err == nil {
			_, err = stream.Header()
		}
		if err != nil {
			t.Fatalf("stream %d: %v", n+1, err)
		}
	}
	if got := conns.Stats().Conns; got != 2 {
		t.Errorf("there are %d connections", got)
	}
}

// A backend that cannot be asked is told of in the log, with what to do.
func TestBackendThatCannotBeAsked(t *testing.T) {
	nobody, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody.Close()
	cert, key := certificate(t)
	creds, err := credentials.NewServerTLSFromFile(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	mute := grpc.NewServer()
	healthpb.RegisterHealthServer(mute, health.NewServer())
	refusing := grpc.NewServer(grpc.StreamInterceptor(func(any, grpc.ServerStream, *grpc.StreamServerInfo, grpc.StreamHandler) error {
		return status.Error(codes.PermissionDenied, "not you")
	}))
	reflection.Register(refusing)
	secured := serve(t, grpc.NewServer(grpc.Creds(creds)))
	for _, test := range []struct {
		name string
		args []string
		says []string
	}{
		{"nobody there", []string{"--backend=" + nobody.Addr().String()}, []string{"refused", "start it", "--backend HOST:PORT"}},
		{"in the clear, and asked by TLS", []string{"--backend=" + numbers(t), "--backend-tls"}, []string{"without --backend-tls"}},
		{"by TLS, and asked in the clear", []string{"--backend=" + secured}, []string{"(sluice --backend-tls)"}},
		{"another's certificate", []string{"--backend=" + secured, "--backend-tls"}, []string{"--backend-ca FILE", "--backend-server-name NAME"}},
		{"no reflection", []string{"--backend=" + serve(t, mute)}, []string{"level=ERROR", "reflection.Register", "--descriptor-set FILE"}},
		{"no reflection for us", []string{"--backend=" + serve(t, refusing)}, []string{"not you", "--descriptor-set FILE"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, log := start(t, test.args...)
			deadline := time.Now().Add(20 * time.Second)
			for !strings.Contains(log.String(), "methods") {
				if time.Now().After(deadline) {
					t.Fatalf("the log says nothing of methods:\n%s", log)
				}
				time.Sleep(time.Millisecond)
			}
			for _, want := range test.says {
				if !strings.Contains(log.String(), want) {
					t.Errorf("the log does not say …%s…:\n%s", want, log)
				}
			}
		})
	}
}

func TestSeveralBackends(t *testing.T) {
	at, log := start(t, "--backend=numbers="+numbers(t), "--backend=health="+watched(t, 100), "--hide=grpc.health.v1.Health/List")
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	waitFor(t, client, "http://"+at.HTTP+"/readyz", func(body string) bool { return body == "ready\n" })
	if _, body := get(t, client, "http://"+at.HTTP+"/sse?count=1&min_pause=0s&max_pause=0s"); !strings.Contains(body, `{"code":"OK"}`) {
		t.Errorf("the stream is\n%s", body)
	}
	_, body := get(t, client, "http://"+at.HTTP+"/catalog")
	if !strings.HasPrefix(body, `{"backends":["numbers","health"]`) || strings.Contains(body, "Health/List") {
		t.Errorf("the catalog is\n%s", body)
	}
	for _, want := range []string{"msg=serving service=sluice.numbers.v1.NumberService", "backend=numbers", "msg=serving service=grpc.health.v1.Health"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log does not say …%s…:\n%s", want, log)
		}
	}
	_, body = get(t, client, "http://"+at.HTTP+"/metrics")
	for _, want := range []string{`sluice_upstream_known{backend="numbers"} 1`, `sluice_upstream_known{backend="health"} 1`, `sluice_upstream_ready{backend="health"} 1`} {
		if !strings.Contains(body, want) {
			t.Errorf("there is no %s in\n%s", want, body)
		}
	}
}

// waitFor asks until the answer is as it should be.
func waitFor(t *testing.T, client *http.Client, url string, ok func(body string) bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
		res, body := get(t, client, url)
		if ok(body) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s is still %s: %s", url, res.Status, body)
		}
	}
}

func TestRoutes(t *testing.T) {
	routes := writeFile(t, "routes.yaml", `
routes:
  - method: grpc.health.v1.Health/Watch
    path: /health
    event: health
    max_timeout: 2s
`)
	at, _ := start(t, "--backend="+watched(t, 100), "--routes="+routes, "--max-timeout=1h")
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	get(t, client, "http://"+at.HTTP+"/readyz")
	res, body := get(t, client, "http://"+at.HTTP+"/health")
	if res.Header.Get("Sluice-Timeout") != "2s" || !strings.Contains(body, "event: health\n") || !strings.Contains(body, `{"code":"DEADLINE_EXCEEDED"`) {
		t.Errorf("the stream is %s with %v:\n%s", res.Status, res.Header, body)
	}
}

func TestDescriptorSets(t *testing.T) {
	set := writeSet(t)
	at, _ := start(t, "--backend=numbers="+numbers(t), "--backend=health="+watched(t, 100), "--descriptor-set=numbers="+set)
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	waitFor(t, client, "http://"+at.HTTP+"/readyz", func(body string) bool { return body == "ready\n" })
	// The set has one service only.
	if _, body := get(t, client, "http://"+at.HTTP+"/catalog"); !strings.Contains(body, `{"name":"grpc.health.v1.Health","backend":"health"`) {
		t.Errorf("the catalog is\n%s", body)
	}
}

func TestParseNamed(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]named{
		"localhost:50051":          {"", "localhost:50051"},
		"orders=localhost:50051":   {"orders", "localhost:50051"},
		"orders=dns:///a.test:443": {"orders", "dns:///a.test:443"},
		"dns:///a.test:443?x=y":    {"", "dns:///a.test:443?x=y"},
		"orders=":                  {"orders", ""},
		"=localhost:50051":         {"", "=localhost:50051"},
		"./a=b.binpb":              {"", "./a=b.binpb"},
		"orders=./a=b.binpb":       {"orders", "./a=b.binpb"},
	} {
		if got := parseNamed(text); got != want {
			t.Errorf("%q is %+v, want %+v", text, got, want)
		}
	}
}

// A descriptor set that changes is taken up while the program runs, and one that
// is broken is not.
func TestDescriptorSetChanges(t *testing.T) {
	numbers, err := os.ReadFile(writeSet(t))
	if err != nil {
		t.Fatal(err)
	}
	set := &descriptorpb.FileDescriptorSet{}
	addFile(set, healthpb.File_grpc_health_v1_health_proto)
	health, err := proto.Marshal(set)
	if err != nil {
		t.Fatal(err)
	}
	path := writeFile(t, "api.binpb", string(health))
	at, _ := start(t, "--backend=localhost:1", "--refresh=10ms", "--descriptor-set="+path)
	serves := func(method string) {
		t.Helper()
		deadline := time.Now().Add(30 * time.Second)
		for {
			if _, body := get(t, http.DefaultClient, "http://"+at.HTTP+"/catalog"); strings.Contains(body, method) {
				return
			}
			if time.Now().After(deadline) {
				t.Fatalf("%s is not served", method)
			}
			time.Sleep(5 * time.Millisecond)
		}
	}
	serves("grpc.health.v1.Health")
	for _, text := range []string{"broken", string(numbers)} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	serves("sluice.numbers.v1.NumberService")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	serves("sluice.numbers.v1.NumberService")
}
