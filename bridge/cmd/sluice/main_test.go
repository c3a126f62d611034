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
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"

	"sluice/backend"
	"sluice/bridge/sse"
	"sluice/wasmui/dist"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// numbers starts a backend and returns its address.
func numbers(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := backend.NewServer(backend.New())
	var wg sync.WaitGroup
	wg.Go(func() { srv.Serve(l) })
	t.Cleanup(func() {
		now, cancel := context.WithCancel(context.Background())
		cancel()
		srv.Shutdown(now)
		wg.Wait()
	})
	return l.Addr().String()
}

// syncBuffer holds what the program writes.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// start runs the program until the test ends, and returns where it listens.
func start(t *testing.T, args ...string) (addresses, *syncBuffer) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	at := make(chan addresses, 1)
	done := make(chan error, 1)
	out := new(syncBuffer)
	go func() {
		done <- program(ctx, append([]string{"--listen=127.0.0.1:0"}, args...), out, out, func(a addresses) { at <- a })
	}()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Errorf("the program ended with %v", err)
		}
		http.DefaultClient.CloseIdleConnections()
	})
	select {
	case a := <-at:
		return a, out
	case err := <-done:
		done <- nil
		t.Fatalf("the program did not start: %v\n%s", err, out)
		return addresses{}, nil
	}
}

// get reads an answer whole, again while the program is not ready.
func get(t *testing.T, client *http.Client, url string) (*http.Response, string) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
		res, err := client.Get(url)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		res.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		if res.StatusCode != http.StatusServiceUnavailable || time.Now().After(deadline) {
			return res, string(body)
		}
	}
}

func TestServe(t *testing.T) {
	at, _ := start(t, "--backend="+numbers(t))
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	_, body := get(t, client, "http://"+at.HTTP+"/sse?count=3&min_pause=0s&max_pause=0s")
	if n := strings.Count(body, "\ndata: "); n != 4 {
		t.Errorf("the stream has %d events, want 4:\n%s", n, body)
	}
	res, body := get(t, client, "http://"+at.HTTP+"/metrics")
	for _, want := range []string{
		`sluice_events_total{method="sluice.numbers.v1.NumberService/Generate"} 3`,
		`sluice_runs_ended_total{code="OK",method="sluice.numbers.v1.NumberService/Generate"} 1`,
		`sluice_streams_opened_total{transport="sse"} 1`,
		`sluice_first_message_seconds_count{method="sluice.numbers.v1.NumberService/Generate"} 1`,
		`sluice_upstream_known{backend=""} 1`, `sluice_upstream_ready{backend=""} 1`, `sluice_upstream_connections{backend=""} 1`, "sluice_runs_kept 1", "sluice_journal_bytes ",
	} {
		if !strings.Contains(body, want) {
			t.Errorf("%s: there is no %s in\n%s", res.Status, want, body)
		}
	}
	if res, _ := get(t, client, "http://"+at.HTTP+"/"); res.Header.Get("Content-Security-Policy") == "" {
		t.Error("the page has no Content-Security-Policy")
	}
}

func TestMetricsElsewhere(t *testing.T) {
	at, _ := start(t, "--backend="+numbers(t), "--metrics-listen=127.0.0.1:0")
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	if _, body := get(t, client, "http://"+at.Metrics+"/metrics"); !strings.Contains(body, "sluice_runs_live") {
		t.Errorf("the metrics are\n%s", body)
	}
	get(t, client, "http://"+at.HTTP+"/sse?count=1&min_pause=0s&max_pause=0s")
	if res, _ := get(t, client, "http://"+at.HTTP+"/metrics"); res.StatusCode != http.StatusNotFound {
		t.Errorf("where the streams are, /metrics is %s", res.Status)
	}
}

// HTTP/2, with TLS and without: no header that it forbids, and events at once.
func TestHTTP2(t *testing.T) {
	back := numbers(t)
	cert, key := certificate(t)
	for _, test := range []struct {
		name string
		args []string
		url  string
	}{
		{"unencrypted", nil, "http://"},
		{"TLS", []string{"--tls-cert=" + cert, "--tls-key=" + key}, "https://"},
	} {
		t.Run(test.name, func(t *testing.T) {
			at, _ := start(t, append(test.args, "--backend="+back)...)
			protocols := new(http.Protocols)
			protocols.SetHTTP2(true)
			protocols.SetUnencryptedHTTP2(true)
			client := &http.Client{Transport: &http.Transport{Protocols: protocols, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
			defer client.CloseIdleConnections()
			get(t, client, test.url+at.HTTP+"/readyz")
			res, err := client.Get(test.url + at.HTTP + "/sse?count=2&min_pause=0.1s&max_pause=0.1s")
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			if res.ProtoMajor != 2 || res.Header.Get("Connection") != "" {
				t.Errorf("the answer is %s with Connection %q", res.Proto, res.Header.Get("Connection"))
			}
			events := sse.NewReader(res.Body)
			for n := range 3 {
				if _, err := events.Next(); err != nil {
					t.Fatalf("event %d: %v", n+1, err)
				}
			}
		})
	}
}

func TestDescriptorSet(t *testing.T) {
	at, _ := start(t, "--backend="+numbers(t), "--descriptor-set="+writeSet(t))
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	if _, body := get(t, client, "http://"+at.HTTP+"/sse?count=2&min_pause=0s&max_pause=0s"); !strings.Contains(body, `{"code":"OK"}`) {
		t.Errorf("the stream is\n%s", body)
	}
}

// addFile adds a file to a set, after those that it imports.
func addFile(set *descriptorpb.FileDescriptorSet, file protoreflect.FileDescriptor) {
	for i := range file.Imports().Len() {
		addFile(set, file.Imports().Get(i).FileDescriptor)
	}
	for _, there := range set.File {
		if there.GetName() == file.Path() {
			return
		}
	}
	set.File = append(set.File, protodesc.ToFileDescriptorProto(file))
}

// What cannot work is said at the start, with what to do.
func TestErrorsAtStart(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	text := filepath.Join(t.TempDir(), "text")
	if err := os.WriteFile(text, []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	cert, key := certificate(t)
	set := writeSet(t)
	const nowhere = "localhost:1"
	routes := writeFile(t, "routes.yaml", "routes:\n  - method: pkg.Service/Method\n    resume: 1\n")
	misfit := writeFile(t, "routes.yaml", "routes:\n  - method: sluice.numbers.v1.NumberService/Generate\n    resume: {response_field: nothing, request_field: resume_token}\n")
	type refusal struct {
		args []string
		says []string
	}
	refusals := []refusal{
		{[]string{"--listen=" + taken.Addr().String()}, []string{"taken by another program", "--listen"}},
		{[]string{"--listen=127.0.0.1:0", "--metrics-listen=" + taken.Addr().String()}, []string{"taken by another program", "--metrics-listen"}},
		{[]string{"--listen=nonsense"}, []string{"cannot listen", "nonsense", "--listen"}},
		{[]string{"--listen=8080"}, []string{"cannot listen", "8080", "--listen", "as HOST:PORT, as in localhost:8080"}},
		{[]string{"--listen=localhost:123456"}, []string{"cannot listen", "as HOST:PORT, as in localhost:8080"}},
		{[]string{"--listen=192.0.2.1:0"}, []string{"cannot listen", "192.0.2.1", "an address of this machine"}},
		{[]string{"--tls-cert=" + cert}, []string{"--tls-key"}},
		{[]string{"--tls-key=" + key}, []string{"--tls-cert"}},
		{[]string{"--tls-cert=" + text, "--tls-key=" + key}, []string{"cannot be used", text}},
		{[]string{"--backend-ca=" + text}, []string{"no certificate", text}},
		{[]string{"--backend-cert=" + cert}, []string{"--backend-key", "missing"}},
		{[]string{"--backend-cert=" + text, "--backend-key=" + key}, []string{"--backend-cert", "cannot be used"}},
		{[]string{"--descriptor-set=" + text}, []string{"not a descriptor set", text}},
		{[]string{"--descriptor-set=nowhere.binpb"}, []string{"cannot be read", "nowhere.binpb"}},
		{[]string{"--descriptor-set=a=" + set}, []string{"a backend called", "no --backend is"}},
		{[]string{"--descriptor-set=" + set, "--descriptor-set=" + set}, []string{"same backend"}},
		{[]string{"--backend=a=" + nowhere, "--backend=" + nowhere}, []string{"needs a name", "NAME=" + nowhere}},
		{[]string{"--backend=a=" + nowhere + ",a=localhost:2"}, []string{"both", nowhere, "localhost:2", "called \"a\""}},
		{[]string{"--backend=a="}, []string{"no address"}},
		{[]string{"--backend=http://localhost:50051"}, []string{"is a URL", "--backend localhost:50051"}},
		{[]string{"--backend=a=HTTPS://localhost:50051/"}, []string{"is a URL", "--backend localhost:50051 --backend-tls"}},
		{[]string{"--backend=a b=" + nowhere}, []string{"letters, digits"}},
		{[]string{"--backend=a=" + nowhere, "--backend=b=" + nowhere, "--descriptor-set=" + set}, []string{"must say whose it is"}},
		// A clash that can be known at the start is told there.
		{
			[]string{"--backend=a=" + nowhere, "--backend=b=" + nowhere, "--descriptor-set=a=" + set, "--descriptor-set=b=" + set},
			[]string{"sluice.numbers.v1.NumberService", `backend "a"`, `backend "b"`},
		},
		{[]string{"--routes=" + routes}, []string{"routes.yaml:3:", "resume"}},
		{[]string{"--routes=" + misfit, "--descriptor-set=" + set}, []string{"routes.yaml:3:", "nothing"}},
		{[]string{"--expose=/x"}, []string{"expose", "/x"}},
		{[]string{"--refresh=-1s"}, []string{"refresh", "at least"}},
		{[]string{"--timeout=-1s"}, []string{"timeout", "at least"}},
		{[]string{"--max-timeout=-1s"}, []string{"maximum timeout", "at least"}},
		{[]string{"--streams-per-connection=0"}, []string{"--streams-per-connection", "at least 1"}},
		{[]string{"--max-connections=0"}, []string{"--max-connections", "at least 1"}},
		{[]string{"--backend-keepalive=-1s"}, []string{"--backend-keepalive", "at least 10s"}},
		{[]string{"--backend-keepalive=5s"}, []string{"--backend-keepalive", "at least 10s"}},
		{[]string{"--linger=0s"}, []string{"--linger", "more than 0"}},
		{[]string{"--retention=-1s"}, []string{"--retention", "more than 0"}},
		{[]string{"--drain=-1s"}, []string{"--drain", "at least 0s"}},
		{[]string{"--reopen-for=-1s"}, []string{"--reopen-for", "at least 0s"}},
		{[]string{"--max-age=-1s"}, []string{"maximum age", "at least"}},
		{[]string{"--send-buffer=-1"}, []string{"--send-buffer", "at least 0"}},
		{[]string{"--journal-bytes=10"}, []string{"--journal-bytes", "at least 65536"}},
		{[]string{"--total-bytes=1"}, []string{"--total-bytes", "--journal-bytes, which is 1048576"}},
		{[]string{"--max-runs=0"}, []string{"--max-runs", "at least 1"}},
		{[]string{"--max-message-bytes=0"}, []string{"--max-message-bytes", "at least 1"}},
		{[]string{"--max-request-bytes=0"}, []string{"largest request", "at least 1"}},
		{[]string{"--heartbeat=0s"}, []string{"heartbeat", "at least"}},
		{[]string{"--origin=example.com"}, []string{"example.com", "https://"}},
	}
	for _, path := range dist.Paths() {
		if path == "/" {
			continue // which no route can be at, whoever serves it
		}
		shadowed := writeFile(t, "routes.yaml", "routes:\n  - method: pkg.Service/Method\n    path: "+path+"\n")
		refusals = append(refusals, refusal{[]string{"--routes=" + shadowed}, []string{"routes.yaml:3:", "routes[0].path", "reserved", path}})
	}
	for _, test := range refusals {
		var out syncBuffer
		err := program(t.Context(), test.args, &out, &out, func(addresses) { t.Errorf("%v: the program started", test.args) })
		if err == nil {
			t.Errorf("%v: there is no error", test.args)
			continue
		}
		for _, want := range test.says {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%v: the error is %q, want …%s…", test.args, err, want)
			}
		}
	}
}

func TestHelpAndUsage(t *testing.T) {
	var out syncBuffer
	err := program(t.Context(), []string{"--help"}, &out, &out, nil)
	if code := exitCode(1); !errors.As(err, &code) || code != 0 {
		t.Errorf("--help ended with %v", err)
	}
	for _, want := range []string{"--backend=localhost:50051", "$SLUICE_BACKEND", "--expose", "--routes", "--listen", "$SLUICE_LISTEN", "--journal-bytes", "sluice check URL"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("--help does not speak of %s:\n%s", want, &out)
		}
	}
	out = syncBuffer{}
	err = program(t.Context(), []string{"--bakend=x"}, &out, &out, nil)
	if code := exitCode(0); !errors.As(err, &code) || code == 0 || !strings.Contains(out.String(), "bakend") {
		t.Errorf("an unknown flag ended with %v:\n%s", err, &out)
	}
}

func TestEnvironment(t *testing.T) {
	t.Setenv("SLUICE_BACKEND", numbers(t))
	at, _ := start(t)
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	if _, body := get(t, client, "http://"+at.HTTP+"/readyz"); body != "ready\n" {
		t.Errorf("/readyz says %q", body)
	}
}

// certificate writes a certificate for the loopback address, and its key.
func certificate(t *testing.T) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"manager"}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write := func(name, kind string, der []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	return write("cert.pem", "CERTIFICATE", der), write("key.pem", "PRIVATE KEY", keyDER)
}
