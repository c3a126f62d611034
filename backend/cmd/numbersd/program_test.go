// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	numbersv1 "sluice/proto/gen/sluice/numbers/v1"
)

func dial(t *testing.T, address string) numbersv1.NumberServiceClient {
	t.Helper()
	return dialWith(t, address, insecure.NewCredentials())
}

func dialWith(t *testing.T, address string, creds credentials.TransportCredentials) numbersv1.NumberServiceClient {
	t.Helper()
	conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(creds))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return numbersv1.NewNumberServiceClient(conn)
}

func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// openHourly opens a stream that is silent for an hour.
func openHourly(t *testing.T, client numbersv1.NumberServiceClient) grpc.ServerStreamingClient[numbersv1.GenerateResponse] {
	t.Helper()
	stream, err := client.Generate(within(t), &numbersv1.GenerateRequest{MinPause: durationpb.New(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := stream.Header(); err != nil {
		t.Fatal(err)
	}
	return stream
}

// count reads n numbers as fast as they come.
func count(t *testing.T, client numbersv1.NumberServiceClient, n uint32) error {
	t.Helper()
	stream, err := client.Generate(within(t), &numbersv1.GenerateRequest{Count: n, MaxPause: durationpb.New(0)})
	if err != nil {
		return err
	}
	for range n {
		if _, err := stream.Recv(); err != nil {
			return err
		}
	}
	if _, err := stream.Recv(); err != io.EOF {
		return err
	}
	return nil
}

// running is the program in this process.
type running struct {
	numbers, metrics net.Addr
	stop             context.CancelFunc
	ended            chan error
	log              *bytes.Buffer // to be read after it ended
}

func startProgram(t *testing.T, args ...string) *running {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	r := &running{stop: cancel, ended: make(chan error, 1), log: &bytes.Buffer{}}
	ready := make(chan struct{})
	p := program{stdout: io.Discard, stderr: r.log, ready: func(numbers, metrics net.Addr) {
		r.numbers, r.metrics = numbers, metrics
		close(ready)
	}}
	go func() {
		r.ended <- p.run(ctx, append([]string{"--listen", "localhost:0", "--drain-time", "0s"}, args...))
	}()
	select {
	case <-ready:
	case err := <-r.ended:
		cancel()
		t.Fatalf("the program ended: %v", err)
	}
	t.Cleanup(func() {
		cancel()
		select {
		case err := <-r.ended:
			r.ended <- err
		case <-time.After(time.Minute):
			t.Error("the program does not end")
		}
	})
	return r
}

// end stops the program and returns its log and its error.
func (r *running) end() (log string, err error) {
	r.stop()
	err = <-r.ended
	r.ended <- err
	return r.log.String(), err
}

func TestServesAndStops(t *testing.T) {
	t.Parallel()
	r := startProgram(t, "--log-format", "json", "--log-level", "debug")
	if r.metrics != nil {
		t.Errorf("metrics on %v though nobody asked", r.metrics)
	}
	if err := count(t, dial(t, r.numbers.String()), 5); err != nil {
		t.Error(err)
	}
	log, err := r.end()
	if err != nil {
		t.Errorf("the program ended with %v", err)
	}
	var messages []string
	for line := range strings.Lines(log) {
		var entry struct{ Level, Msg, Address string }
		if err := json.Unmarshal([]byte(line), &entry); err != nil {
			t.Fatalf("log line %q: %v", line, err)
		}
		messages = append(messages, entry.Msg)
		if entry.Msg == "listening" && entry.Address != r.numbers.String() {
			t.Errorf("the log says %s, and it is %v", entry.Address, r.numbers)
		}
	}
	if got := strings.Join(messages, "\n"); !strings.HasPrefix(got, "listening\nstream ended\nstopping") || !strings.HasSuffix(got, "stopped: every stream had ended") {
		t.Errorf("the log:\n%s", log)
	}
}

func TestDrainTimeIsBounded(t *testing.T) {
	t.Parallel()
	r := startProgram(t, "--drain-time", "50ms")
	stream := openHourly(t, dial(t, r.numbers.String()))
	log, err := r.end()
	if err != nil || !strings.Contains(log, "streams had to be ended after the drain time") {
		t.Errorf("ended with %v: %s", err, log)
	}
	if _, err := stream.Recv(); status.Code(err) != codes.Unavailable {
		t.Errorf("the stream ended with %v", err)
	}
}

func TestFlagsReachTheServer(t *testing.T) {
	t.Parallel()
	r := startProgram(t, "--max-streams", "1", "--max-connections", "1")
	client := dial(t, r.numbers.String())
	openHourly(t, client)
	if err := count(t, client, 1); status.Code(err) != codes.ResourceExhausted {
		t.Errorf("a second stream: %v", err)
	}
	if err := count(t, dial(t, r.numbers.String()), 1); status.Code(err) != codes.Unavailable {
		t.Errorf("a second connection: %v", err)
	}
	if log, _ := r.end(); !strings.Contains(log, "too many streams") || !strings.Contains(log, "too many connections") {
		t.Errorf("the log: %s", log)
	}
}

// certificate writes a certificate for localhost and its key to files.
func certificate(t *testing.T) (certFile, keyFile string, pool *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{"localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	certFile = writeFile(t, "cert.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert}))
	keyFile = writeFile(t, "key.pem", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}))
	parsed, err := x509.ParseCertificate(cert)
	if err != nil {
		t.Fatal(err)
	}
	pool = x509.NewCertPool()
	pool.AddCert(parsed)
	return certFile, keyFile, pool
}

func writeFile(t *testing.T, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// What no compressor is linked for is refused, and cannot be a bomb.
func TestNothingIsDecompressed(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"gzip", "deflate", "snappy", "zstd"} {
		if encoding.GetCompressor(name) != nil {
			t.Errorf("%s is linked into the program", name)
		}
	}
}

func TestTLS(t *testing.T) {
	t.Parallel()
	certFile, keyFile, pool := certificate(t)
	r := startProgram(t, "--tls-cert", certFile, "--tls-key", keyFile)
	secure := credentials.NewTLS(&tls.Config{RootCAs: pool, ServerName: "localhost"})
	if err := count(t, dialWith(t, r.numbers.String(), secure), 2); err != nil {
		t.Errorf("over TLS: %v", err)
	}
	if err := count(t, dial(t, r.numbers.String()), 2); status.Code(err) != codes.Unavailable {
		t.Errorf("in plaintext: %v", err)
	}
}

// Errors at start name the flag, and say what to do.
func TestErrorsAtStart(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = taken.Close() })
	certFile, keyFile, _ := certificate(t)
	otherCert, _, _ := certificate(t)
	text := writeFile(t, "text", []byte("not PEM"))
	tests := []struct {
		name string
		args []string
		want []string
	}{
		{"port taken", []string{"--listen", taken.Addr().String()}, []string{"--listen " + taken.Addr().String(), "another program has the port", "--listen, as in localhost:0"}},
		{"metrics port taken", []string{"--metrics-listen", taken.Addr().String()}, []string{"--metrics-listen " + taken.Addr().String(), "another program has the port", "with --metrics-listen"}},
		{"not an address", []string{"--listen", "50051"}, []string{"--listen 50051", "give it as HOST:PORT"}},
		{"not a port", []string{"--listen", "localhost:123456"}, []string{"--listen localhost:123456", "give it as HOST:PORT"}},
		{"not an address of this machine", []string{"--listen", "192.0.2.1:0"}, []string{"--listen 192.0.2.1:0", "give an address of this machine"}},
		{"certificate missing", []string{"--tls-cert", "nowhere.pem", "--tls-key", keyFile}, []string{"--tls-cert cannot be read", "nowhere.pem", "PEM file"}},
		{"key missing", []string{"--tls-cert", certFile, "--tls-key", "nowhere.pem"}, []string{"--tls-key cannot be read", "nowhere.pem", "PEM file"}},
		{"not a certificate", []string{"--tls-cert", text, "--tls-key", keyFile}, []string{"--tls-cert " + text, "not a certificate and its key"}},
		{"key of another", []string{"--tls-cert", otherCert, "--tls-key", keyFile}, []string{"not a certificate and its key", "does not match"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := program{stdout: io.Discard, stderr: io.Discard, ready: func(net.Addr, net.Addr) { t.Error("it serves") }}
			err := p.run(within(t), append([]string{"--listen", "localhost:0"}, tt.args...))
			if err == nil {
				t.Fatal("no error")
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q lacks %q", err, want)
				}
			}
		})
	}
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	r := startProgram(t, "--metrics-listen", "localhost:0")
	client := dial(t, r.numbers.String())
	if err := count(t, client, 7); err != nil {
		t.Fatal(err)
	}
	openHourly(t, client)
	refused, err := client.Generate(within(t), &numbersv1.GenerateRequest{Sequence: 50})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := refused.Recv(); status.Code(err) != codes.InvalidArgument {
		t.Fatal(err)
	}
	get := func(path string) (int, string) {
		t.Helper()
		request, err := http.NewRequestWithContext(within(t), http.MethodGet, "http://"+r.metrics.String()+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Close = true
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		return response.StatusCode, string(body)
	}
	want := []string{
		"numbersd_streams_open 1\n",
		"numbersd_streams_opened_total 3\n",
		"numbersd_numbers_sent_total 7\n",
		`numbersd_streams_ended_total{code="OK"} 1` + "\n",
		`numbersd_streams_ended_total{code="INVALID_ARGUMENT"} 1` + "\n",
		`numbersd_streams_ended_total{code="UNAVAILABLE"} 0` + "\n",
		"go_goroutines ",
	}
	code, body := get("/metrics")
	for _, line := range want {
		if code != http.StatusOK || !strings.Contains(body, line) {
			t.Errorf("%q is not in the metrics (status %d):\n%s", line, code, body)
		}
	}
	if code, _ := get("/"); code != http.StatusNotFound {
		t.Errorf("another path: status %d", code)
	}
}
