// SPDX-License-Identifier: Apache-2.0

package real_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/interop"
	testpb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/stats"
	"google.golang.org/protobuf/encoding/protojson"

	"sluice/bridge"
)

// The cases are those of gRPC's interoperability tests that a bridge can have,
// with the sizes that they are defined with.
// https://github.com/grpc/grpc/blob/master/doc/interop-test-descriptions.md

// startInterop starts grpc-go's interoperability server and a bridge to it.
func startInterop(t *testing.T, serverOpts []grpc.ServerOption, opts ...bridge.Option) *front {
	t.Helper()
	// Its handlers sleep without a look at whether anybody still waits.
	srv := grpc.NewServer(append(serverOpts, grpc.WaitForHandlers(true))...)
	testpb.RegisterTestServiceServer(srv, interop.NewTestServer())
	return bridgeTo(t, serve(t, srv), opts...)
}

// streamingOutput asks for messages with payloads of the given sizes.
func (f *front) streamingOutput(sizes ...int) request {
	body := `{"responseParameters": [`
	for i, size := range sizes {
		if i > 0 {
			body += ", "
		}
		body += fmt.Sprintf(`{"size": %d}`, size)
	}
	return request{method: http.MethodPost, url: f.url + "/grpc.testing.TestService/StreamingOutputCall", body: body + "]}"}
}

// payloads reads a stream of StreamingOutputCall and returns the sizes of its
// payloads, which are zeros.
func payloads(t *testing.T, r request) (sizes []int, end string) {
	t.Helper()
	events, end := r.read(t)
	for _, e := range events {
		var m testpb.StreamingOutputCallResponse
		if err := protojson.Unmarshal(e.Data, &m); err != nil {
			t.Fatalf("an event's data is no StreamingOutputCallResponse: %v", err)
		}
		if body := m.GetPayload().GetBody(); strings.Trim(string(body), "\x00") != "" {
			t.Error("a payload is not as the server sent it")
		}
		sizes = append(sizes, len(m.GetPayload().GetBody()))
	}
	return sizes, end
}

const okEnd = `{"code":"OK"}`

// server_streaming and empty_stream: every message comes, in order, whatever
// its size.
func TestInteropStreaming(t *testing.T) {
	t.Parallel()
	f := startInterop(t, nil)
	for _, want := range [][]int{
		{31415, 9, 2653, 58979},
		nil,
		{0, 1, 0, 1 << 18, 0},
	} {
		got, end := payloads(t, f.streamingOutput(want...))
		if diff := cmp.Diff(want, got); diff != "" || end != okEnd {
			t.Errorf("sizes of the payloads (-want +got), and the end %s:\n%s", end, diff)
		}
	}
}

// A message larger than the bridge takes is one error at the end of those
// before it, and no broken frame.
func TestInteropMessageTooLarge(t *testing.T) {
	t.Parallel()
	f := startInterop(t, nil)
	got, end := payloads(t, f.streamingOutput(9, 16<<20, 9))
	if diff := cmp.Diff([]int{9}, got); diff != "" {
		t.Errorf("sizes of the payloads (-want +got):\n%s", diff)
	}
	if code := endCode(t, end); code != "RESOURCE_EXHAUSTED" {
		t.Errorf("the end is %s", end)
	}
}

// endCode returns the name of the code in a status as JSON.
func endCode(t *testing.T, status string) string {
	t.Helper()
	var s struct {
		Code string `json:"code"`
	}
	if err := json.Unmarshal([]byte(status), &s); err != nil {
		t.Fatalf("%s is no status: %v", status, err)
	}
	return s.Code
}

// compressing has a server compress what it sends, where the client says that
// it can read that, and counts the bytes before and after.
type compressing struct {
	mu       sync.Mutex
	raw, out int
}

func (c *compressing) options() []grpc.ServerOption {
	return []grpc.ServerOption{
		grpc.StatsHandler(c),
		grpc.StreamInterceptor(func(srv any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, next grpc.StreamHandler) error {
			if err := grpc.SetSendCompressor(stream.Context(), gzip.Name); err != nil {
				return err
			}
			return next(srv, stream)
		}),
	}
}

func (c *compressing) TagRPC(ctx context.Context, info *stats.RPCTagInfo) context.Context {
	return context.WithValue(ctx, compressing{}, info.FullMethodName)
}

func (c *compressing) HandleRPC(ctx context.Context, s stats.RPCStats) {
	method, _ := ctx.Value(compressing{}).(string)
	if p, ok := s.(*stats.OutPayload); ok && strings.HasSuffix(method, "/StreamingOutputCall") {
		c.mu.Lock()
		c.raw, c.out = c.raw+p.Length, c.out+p.CompressedLength
		c.mu.Unlock()
	}
}

func (c *compressing) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }
func (c *compressing) HandleConn(context.Context, stats.ConnStats)                       {}

// server_compressed_streaming: what the server compresses by gzip comes as if
// it had not.
func TestInteropCompressed(t *testing.T) {
	t.Parallel()
	c := new(compressing)
	f := startInterop(t, c.options())
	want := []int{31415, 92653}
	got, end := payloads(t, f.streamingOutput(want...))
	if diff := cmp.Diff(want, got); diff != "" || end != okEnd {
		t.Errorf("sizes of the payloads (-want +got), and the end %s:\n%s", end, diff)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.raw < 31415+92653 || c.out > c.raw/10 {
		t.Errorf("the server sent %d bytes for %d: nothing was compressed", c.out, c.raw)
	}
}

// The status of a call that fails after its first message is the stream's end,
// and of one that fails at once it is the answer's.
func TestInteropError(t *testing.T) {
	t.Parallel()
	f := startInterop(t, nil)
	// The server cannot make a payload of less than no bytes, and says so
	// without a code of its own.
	got, end := payloads(t, f.streamingOutput(9, 10, -1))
	if diff := cmp.Diff([]int{9, 10}, got); diff != "" {
		t.Errorf("sizes of the payloads (-want +got):\n%s", diff)
	}
	if want := `{"code":"UNKNOWN","message":"requested a response with invalid length -1"}`; end != want {
		t.Errorf("the end is %s, want %s", end, want)
	}
	status, body := f.streamingOutput(-1).refused(t)
	if status != http.StatusInternalServerError || endCode(t, body) != "UNKNOWN" {
		t.Errorf("a call that fails at once is answered by %d %s", status, body)
	}
}

// status_code_and_message and special_status_message, by a unary method.
func TestInteropStatus(t *testing.T) {
	t.Parallel()
	f := startInterop(t, nil)
	for message, code := range map[string]int{
		"test status message": 2,
		"\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n": 2,
		"no such thing": 5,
		"":              13,
	} {
		text, err := json.Marshal(message)
		if err != nil {
			t.Fatal(err)
		}
		status, body := request{
			method: http.MethodPost, url: f.url + "/grpc.testing.TestService/UnaryCall",
			body: fmt.Sprintf(`{"responseStatus": {"code": %d, "message": %s}}`, code, text),
		}.refused(t)
		var got struct{ Code, Message string }
		if err := json.Unmarshal([]byte(body), &got); err != nil {
			t.Fatalf("%s: %v", body, err)
		}
		wantStatus, wantCode := map[int]int{2: 500, 5: 404, 13: 500}[code], map[int]string{2: "UNKNOWN", 5: "NOT_FOUND", 13: "INTERNAL"}[code]
		if status != wantStatus || got.Code != wantCode || got.Message != message {
			t.Errorf("status %d %q is answered by %d %s", code, message, status, body)
		}
	}
}

// large_unary, though read as a stream is, and unimplemented_method.
func TestInteropUnary(t *testing.T) {
	t.Parallel()
	f := startInterop(t, nil)
	r := request{method: http.MethodGet, url: f.url + "/grpc.testing.TestService/UnaryCall?response_size=314159"}
	events, end := r.read(t)
	var m testpb.SimpleResponse
	if len(events) != 1 || end != okEnd {
		t.Fatalf("a unary call has %d messages, and ends with %s", len(events), end)
	}
	if err := protojson.Unmarshal(events[0].Data, &m); err != nil || len(m.GetPayload().GetBody()) != 314159 {
		t.Errorf("the payload has %d bytes: %v", len(m.GetPayload().GetBody()), err)
	}
	status, body := request{method: http.MethodGet, url: f.url + "/grpc.testing.TestService/UnimplementedCall"}.refused(t)
	if status != http.StatusNotImplemented || endCode(t, body) != "UNIMPLEMENTED" {
		t.Errorf("a method that the server does not have is answered by %d %s", status, body)
	}
}

// Methods that read a stream from the client are not for a bridge that has
// none to give, and it says so.
func TestInteropClientStreams(t *testing.T) {
	t.Parallel()
	f := startInterop(t, nil)
	for _, method := range []string{"StreamingInputCall", "FullDuplexCall", "HalfDuplexCall"} {
		status, body := request{method: http.MethodPost, url: f.url + "/grpc.testing.TestService/" + method, body: "{}"}.refused(t)
		if status != http.StatusNotImplemented || endCode(t, body) != "UNIMPLEMENTED" || !strings.Contains(body, "stream") {
			t.Errorf("%s is answered by %d %s", method, status, body)
		}
	}
}

// timeout_on_sleeping_server: the deadline of the request ends the call.
func TestInteropDeadline(t *testing.T) {
	t.Parallel()
	f := startInterop(t, nil)
	for name, value := range map[string]string{"Grpc-Timeout": "100m", "Sluice-Timeout": "0.1s"} {
		// The first message comes at once, and the second in an hour.
		events, end := request{
			method: http.MethodPost, url: f.url + "/grpc.testing.TestService/StreamingOutputCall",
			body:   `{"responseParameters": [{"size": 1}, {"size": 1, "intervalUs": 1000000}]}`,
			header: http.Header{name: {value}},
		}.read(t)
		if len(events) != 1 || endCode(t, end) != "DEADLINE_EXCEEDED" {
			t.Errorf("with %s: %s there are %d messages and the end %s", name, value, len(events), end)
		}
	}
}
