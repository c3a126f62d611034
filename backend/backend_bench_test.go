// SPDX-License-Identifier: Apache-2.0

package backend

import (
	"context"
	"net"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"

	numbersv1 "sluice/proto/gen/sluice/numbers/v1"
)

// benchmarked are the plans that are measured: one of each sequence, and the
// primes where they are greatest.
func benchmarked() map[string]struct {
	plan plan
	at   place
} {
	type point = struct {
		plan plan
		at   place
	}
	points := map[string]point{}
	for sequence := range kinds {
		p, _ := newPlan(unpaced(&numbersv1.GenerateRequest{Sequence: sequence, Endless: true, Seed: 1}), 0)
		points[sequence.String()[len("SEQUENCE_"):]] = point{p, place{state: firstState(p)}}
	}
	primes, _ := newPlan(unpaced(&numbersv1.GenerateRequest{Sequence: numbersv1.Sequence_SEQUENCE_PRIMES, Endless: true, Seed: 1}), 0)
	points["PRIMES_high"] = point{primes, place{position: 4_000_000_000, state: 97_000_000_037 - 26}}
	narrow, _ := newPlan(unpaced(&numbersv1.GenerateRequest{
		Sequence: numbersv1.Sequence_SEQUENCE_NORMAL, Endless: true, Seed: 1, LowerBound: proto.Float64(2), UpperBound: proto.Float64(2.5),
	}), 0)
	points["NORMAL_narrowest"] = point{narrow, place{}}
	return points
}

func BenchmarkSequence(b *testing.B) {
	for name, point := range benchmarked() {
		b.Run(name, func(b *testing.B) {
			numbers := newSequence(point.plan, point.at)
			position := point.at.position
			b.ReportAllocs()
			for b.Loop() {
				position++
				if _, ok := numbers.next(position); !ok {
					position = 1
					numbers = newSequence(point.plan, place{})
				}
			}
		})
	}
}

func BenchmarkToken(b *testing.B) {
	p, _ := newPlan(&numbersv1.GenerateRequest{Sequence: numbersv1.Sequence_SEQUENCE_RANDOM_WALK, Endless: true, Seed: 1}, 0)
	b.Run("write", func(b *testing.B) {
		w := newTokenWriter(p)
		b.ReportAllocs()
		for position := uint32(1); b.Loop(); position++ {
			_ = w.write(place{position: position, state: 12345})
		}
	})
	b.Run("read", func(b *testing.B) {
		token := newTokenWriter(p).write(place{position: 7, state: 12345})
		b.ReportAllocs()
		for b.Loop() {
			if _, _, err := readToken(token); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// discard is a stream whose reader is infinitely fast, and free.
type discard struct {
	grpc.ServerStream
	ctx  context.Context
	left int
	end  context.CancelFunc
}

func (d *discard) Context() context.Context     { return d.ctx }
func (d *discard) SendHeader(metadata.MD) error { return nil }
func (d *discard) Send(*numbersv1.GenerateResponse) error {
	if d.left--; d.left == 0 {
		d.end()
	}
	return nil
}

// BenchmarkGenerate is the time of one number: without gRPC, and through a
// server and a client over loopback TCP, whose work is counted too.
func BenchmarkGenerate(b *testing.B) {
	req := unpaced(&numbersv1.GenerateRequest{Endless: true, Seed: 1})
	b.Run("alone", func(b *testing.B) {
		b.ReportAllocs()
		ctx, cancel := context.WithCancel(b.Context())
		_ = New().Generate(req, &discard{ctx: ctx, left: b.N, end: cancel})
	})
	b.Run("tcp", func(b *testing.B) {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			b.Fatal(err)
		}
		server := NewServer(New())
		go func() { _ = server.Serve(listener) }()
		conn, err := grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
		if err != nil {
			b.Fatal(err)
		}
		ctx, cancel := context.WithCancel(b.Context())
		stream, err := numbersv1.NewNumberServiceClient(conn).Generate(ctx, req)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportAllocs()
		b.ResetTimer()
		for range b.N {
			if _, err := stream.Recv(); err != nil {
				b.Fatal(err)
			}
		}
		b.StopTimer()
		cancel()
		_ = server.Shutdown(ctx)
		_ = conn.Close()
	})
}
