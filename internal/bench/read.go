// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/durationpb"

	numbersv1 "sluice/proto/gen/sluice/numbers/v1"
)

// query asks for a stream that is as fast as its reader.
const query = "?count=%d&seed=1&min_pause=0s&max_pause=0s"

// readGRPC reads a stream as a gRPC client does.
func readGRPC(ctx context.Context, addr string, count int) error {
	conn, err := grpc.NewClient(addr, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer conn.Close()
	stream, err := numbersv1.NewNumberServiceClient(conn).Generate(ctx, &numbersv1.GenerateRequest{
		Count: uint32(count), Seed: 1, MinPause: new(durationpb.Duration), MaxPause: new(durationpb.Duration),
	})
	if err != nil {
		return err
	}
	for n := 0; ; n++ {
		if _, err := stream.Recv(); errors.Is(err, io.EOF) {
			return expect(n, count)
		} else if err != nil {
			return err
		}
	}
}

// readSSE reads a stream of events by counting the blank lines that end them.
func readSSE(path string) func(context.Context, string, int) error {
	return func(ctx context.Context, addr string, count int) error {
		var c counter
		if err := get(ctx, "http://"+addr+path+fmt.Sprintf(query, count), &c); err != nil {
			return err
		}
		if !bytes.Contains(c.tail, []byte("event: end\n")) || !bytes.Contains(c.tail, []byte(`{"code":"OK"}`)) {
			return fmt.Errorf("the stream does not end with OK, but with %q", c.tail)
		}
		// A block each for the time to reconnect after, for a comment and for
		// the end are no numbers.
		return expect(c.blank-3, count)
	}
}

// readLines reads a stream of JSON, a message on each line.
func readLines(path string) func(context.Context, string, int) error {
	return func(ctx context.Context, addr string, count int) error {
		var c counter
		if err := get(ctx, "http://"+addr+path+fmt.Sprintf(query, count), &c); err != nil {
			return err
		}
		return expect(c.lines, count)
	}
}

func expect(got, want int) error {
	if got != want {
		return fmt.Errorf("the stream has %d numbers, want %d", got, want)
	}
	return nil
}

// readBytes is grpc-go's own default.
const readBytes = 32 << 10

// get reads an answer to its end, in large pieces.
func get(ctx context.Context, url string, c *counter) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	// As much at a time as a gRPC client reads.
	client := &http.Transport{DisableCompression: true, DisableKeepAlives: true, ReadBufferSize: readBytes}
	res, err := client.RoundTrip(r)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("the answer is %s", res.Status)
	}
	buf := make([]byte, readBytes)
	for {
		n, err := res.Body.Read(buf)
		c.count(buf[:n])
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// counter counts lines and blank lines in what it is shown, piece by piece.
// Lines end with LF, and at most one that is blank comes after another.
type counter struct {
	lines, blank int
	tail         []byte // the last bytes
	open         bool   // the last byte ended a line that was not blank
}

// tailBytes is more than the last event has.
const tailBytes = 512

func (c *counter) count(p []byte) {
	if len(p) == 0 {
		return
	}
	c.tail = append(c.tail, p[max(0, len(p)-tailBytes):]...)
	c.tail = append(c.tail[:0], c.tail[max(0, len(c.tail)-tailBytes):]...)
	c.lines += bytes.Count(p, []byte("\n"))
	if c.open && p[0] == '\n' {
		c.blank++
		c.open = false
		p = p[1:]
	}
	c.blank += bytes.Count(p, []byte("\n\n"))
	if len(p) > 0 {
		c.open = p[len(p)-1] == '\n' && !bytes.HasSuffix(p, []byte("\n\n"))
	}
}
