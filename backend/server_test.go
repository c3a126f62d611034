// SPDX-License-Identifier: Apache-2.0

package backend

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	healthgrpc "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	reflectiongrpc "google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/grpc/status"

	"sluice/internal/bubble"
	numbersv1 "sluice/proto/gen/sluice/numbers/v1"
)

// certificate makes one for localhost, signed by itself.
func certificate(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		DNSNames:     []string{"localhost"},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(time.Hour),
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(raw)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{raw}, PrivateKey: key}, pool
}

func TestTLS(t *testing.T) {
	t.Parallel()
	pair, pool := certificate(t)
	r := start(t, New(), WithTLS(&tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}))
	req := unpaced(&numbersv1.GenerateRequest{Count: 3})
	secure := r.dial(t, grpc.WithTransportCredentials(credentials.NewTLS(&tls.Config{RootCAs: pool, ServerName: "localhost"})))
	if got, err := collect(within(t, time.Minute), numbersv1.NewNumberServiceClient(secure), req); err != nil || len(got) != 3 {
		t.Errorf("over TLS: %v, %v", got, err)
	}
	if got, err := collect(within(t, time.Minute), r.client, req); status.Code(err) != codes.Unavailable {
		t.Errorf("in plaintext: %v, %v", got, err)
	}
}

func TestLimitsOfRequests(t *testing.T) {
	t.Parallel()
	r := start(t, New())
	ctx := within(t, time.Minute)
	long := &numbersv1.GenerateRequest{ResumeToken: strings.Repeat("A", MaxRequestBytes)}
	if _, err := collect(ctx, r.client, long); status.Code(err) != codes.ResourceExhausted {
		t.Errorf("a long request: %v", err)
	}
	wide := metadata.AppendToOutgoingContext(ctx, "wide", strings.Repeat("a", MaxHeaderBytes))
	if _, err := collect(wide, r.client, &numbersv1.GenerateRequest{}); err == nil {
		t.Error("a request with wide headers is taken")
	}
}

// Calls whose requests do not come are counted all the same, unary ones too, and
// those of health and of reflection leave the numbers alone, as these leave them.
func TestMaxCalls(t *testing.T) {
	t.Parallel()
	const (
		check    = healthgrpc.Health_Check_FullMethodName
		watch    = healthgrpc.Health_Watch_FullMethodName
		reflect  = reflectiongrpc.ServerReflection_ServerReflectionInfo_FullMethodName
		generate = numbersv1.NumberService_Generate_FullMethodName
	)
	for _, tt := range []struct {
		name              string
		methods           []string
		max               int
		full, servesStill []string
	}{
		{"numbers", []string{generate}, 1 + SpareCalls, []string{generate}, []string{check}},
		{"others", []string{check, watch, reflect}, MaxOtherCalls, []string{check, watch, reflect}, []string{generate}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			bubble.Test(t, func(t *testing.T) {
				r := start(t, New(WithMaxStreams(1)), WithMaxConnStreams(2*MaxOtherCalls))
				ctx, cancel := context.WithCancel(t.Context())
				silent := func(method string) grpc.ClientStream {
					stream, err := r.conn.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}, method)
					if err != nil {
						t.Fatal(err)
					}
					return stream
				}
				for i := range tt.max {
					silent(tt.methods[i%len(tt.methods)])
				}
				synctest.Wait()
				for _, method := range tt.full {
					if err := silent(method).RecvMsg(&healthgrpc.HealthCheckResponse{}); status.Code(err) != codes.ResourceExhausted {
						t.Errorf("%s: %v", method, err)
					}
				}
				served := func(method string) error {
					if method == generate {
						_, err := collect(t.Context(), r.client, unpaced(&numbersv1.GenerateRequest{Count: 1}))
						return err
					}
					_, err := healthgrpc.NewHealthClient(r.conn).Check(t.Context(), &healthgrpc.HealthCheckRequest{})
					return err
				}
				for _, method := range tt.servesStill {
					if err := served(method); err != nil {
						t.Errorf("%s beside them: %v", method, err)
					}
				}
				cancel()
				synctest.Wait()
				for _, method := range []string{check, generate} {
					if err := served(method); err != nil {
						t.Errorf("%s when there is room again: %v", method, err)
					}
				}
			})
		})
	}
}

// No connection takes every place there is.
func TestOneConnectionIsNotAll(t *testing.T) {
	t.Parallel()
	if DefaultMaxConnStreams >= DefaultMaxStreams || DefaultMaxConnStreams >= MaxOtherCalls {
		t.Errorf("a connection may have %d streams, of %d and %d", DefaultMaxConnStreams, DefaultMaxStreams, MaxOtherCalls)
	}
	bubble.Test(t, func(t *testing.T) {
		r := start(t, New())
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		for range DefaultMaxConnStreams {
			r.opened(ctx, t, hourly())
		}
		// The next one waits in the client, until its caller gives up.
		short, giveUp := context.WithTimeout(ctx, time.Second)
		defer giveUp()
		if _, err := collect(short, r.client, unpaced(&numbersv1.GenerateRequest{Count: 1})); status.Code(err) != codes.DeadlineExceeded {
			t.Errorf("one more on the connection: %v", err)
		}
		other := numbersv1.NewNumberServiceClient(r.dial(t))
		if _, err := collect(ctx, other, unpaced(&numbersv1.GenerateRequest{Count: 1})); err != nil {
			t.Errorf("on another connection: %v", err)
		}
	})
}

func TestMaxConnStreams(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		r := start(t, New(), WithMaxConnStreams(1))
		ctx, cancel := context.WithCancel(t.Context())
		first := r.opened(ctx, t, hourly())
		begun := time.Now()
		context.AfterFunc(ctx, func() { _, _ = first.Recv() })
		time.AfterFunc(time.Minute, cancel)
		// Waits in the client for the first to end.
		if _, err := collect(t.Context(), r.client, unpaced(&numbersv1.GenerateRequest{Count: 1})); err != nil || time.Since(begun) != time.Minute {
			t.Errorf("after %v: %v", time.Since(begun), err)
		}
	})
}

func TestMaxConns(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		r := start(t, New(), WithMaxConns(1))
		req := unpaced(&numbersv1.GenerateRequest{Count: 1})
		if _, err := collect(t.Context(), r.client, req); err != nil {
			t.Fatal(err)
		}
		second := numbersv1.NewNumberServiceClient(r.dial(t))
		if _, err := collect(t.Context(), second, req); status.Code(err) != codes.Unavailable {
			t.Errorf("over a second connection: %v", err)
		}
		if err := r.conn.Close(); err != nil {
			t.Fatal(err)
		}
		stream, err := second.Generate(t.Context(), req, grpc.WaitForReady(true))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := stream.Recv(); err != nil {
			t.Errorf("when the first has gone: %v", err)
		}
	})
}

func TestDefaultServerOptions(t *testing.T) {
	t.Parallel()
	for _, options := range [][]ServerOption{nil, {WithMaxConns(0), WithMaxConnStreams(-1), WithTLS(nil)}} {
		r := start(t, New(), options...)
		if r.server.maxConns != DefaultMaxConns {
			t.Errorf("at most %d connections", r.server.maxConns)
		}
		if _, err := collect(within(t, time.Minute), r.client, unpaced(&numbersv1.GenerateRequest{Count: 1})); err != nil {
			t.Error(err)
		}
	}
}

// A peer that vanishes without a word is found out by keepalive: its streams
// end within KeepaliveTime and KeepaliveTimeout.
func TestVanishedPeer(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		recorded := newRecorder()
		r := start(t, New(WithMetrics(recorded)))
		mute := newMuteDialer(r)
		conn := r.dial(t, grpc.WithContextDialer(mute.dial))
		stream, err := numbersv1.NewNumberServiceClient(conn).Generate(t.Context(), hourly())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := stream.Header(); err != nil {
			t.Fatal(err)
		}
		begun := time.Now()
		mute.vanish()
		recorded.await(t.Context(), t, "the end", func(r *recorder) bool { return len(r.ended) == 1 })
		if took := time.Since(begun); took > KeepaliveTime+KeepaliveTimeout {
			t.Errorf("ended after %v", took)
		}
	})
}
