// SPDX-License-Identifier: Apache-2.0

package bridge_test

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"sluice/bridge"
	"sluice/bridge/catalog"
	"sluice/bridge/run"
	"sluice/internal/bubble"
	numbersv1 "sluice/proto/gen/sluice/numbers/v1"
)

const generateForever = "/sse?endless=true&min_pause=1s"

// connect opens a WebSocket that there has to be.
func connect(w *world, path string, o *websocket.DialOptions, headers ...string) *socketViewing {
	w.t.Helper()
	v, f := dial(w, path, "", o, headers...)
	if f != nil {
		w.t.Fatalf("the WebSocket is refused: %+v", *f)
	}
	return v
}

func TestSocketOpens(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		w := newWorld(t, counting, bridge.WithRetry(2*time.Second))
		v := connect(w, "/sse?count=1", &websocket.DialOptions{Subprotocols: []string{"other", bridge.SocketProtocol}})
		if got := v.conn.Subprotocol(); got != bridge.SocketProtocol {
			t.Errorf("the subprotocol is %q", got)
		}
		if v.id != v.header.Get(bridge.RunHeader) || v.id == "" || v.retry < 2000 || v.retry > 3000 {
			t.Errorf("it opens run %q, to come back after %d ms; the header names %q", v.id, v.retry, v.header.Get(bridge.RunHeader))
		}
		checkRest(t, v, 1, 1)
		// Also for who names no subprotocol, and asks for compression.
		v = connect(w, "/sse?count=1", &websocket.DialOptions{CompressionMode: websocket.CompressionContextTakeover})
		if got := v.header.Get("Sec-Websocket-Extensions"); got != "" || v.conn.Subprotocol() != "" {
			t.Errorf("what was not offered is chosen: %q, %q", got, v.conn.Subprotocol())
		}
		checkRest(t, v, 1, 1)
	})
}

// How a socket is closed says how the stream ended.
func TestSocketCloses(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		st := status.New(codes.OK, "")
		w := newWorld(t, func(r *numbersv1.GenerateRequest, s numberStream) error {
			time.Sleep(time.Second)
			return st.Err()
		}, bridge.WithRuns(run.Config{ReopenFor: -1}))
		check := func(code websocket.StatusCode, reason string) {
			t.Helper()
			start := time.Now()
			v := connect(w, "/sse", &websocket.DialOptions{})
			rest(v)
			if v.closed.Code != code || v.closed.Reason != reason {
				t.Errorf("after %v the socket is closed with %d %q, want %d %q", st, v.closed.Code, v.closed.Reason, code, reason)
			}
			if got := time.Since(start); got != time.Second {
				t.Errorf("that took %v", got)
			}
		}
		check(1000, "")
		for c := codes.Canceled; c <= codes.Unauthenticated; c++ {
			st = status.New(c, "since it is so")
			check(4000+websocket.StatusCode(c), fmt.Sprintf("%s: since it is so", codeName(c)))
		}
		st = status.New(codes.Internal, strings.Repeat("ä", 100))
		check(4013, "INTERNAL: "+strings.Repeat("ä", 56))
	})
}

// codeName is how a code is written in JSON and in a reason.
func codeName(c codes.Code) string {
	return [...]string{
		"OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED",
		"FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
	}[c]
}

// What a page is refused it is told over the socket, and by how that closes.
func TestSocketRefuses(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		w := newWorld(t, counting)
		conn, _, err := websocket.Dial(t.Context(), host+"/sse?cuont=1", &websocket.DialOptions{HTTPClient: w.client})
		if err != nil {
			t.Fatal(err)
		}
		defer conn.CloseNow()
		_, p, err := conn.Read(t.Context())
		if e := objectOf(t, p); err != nil || e.kind != "end" || e.id != "" || !strings.Contains(e.data, `"field":"cuont"`) {
			t.Errorf("the refusal is %+v, %v", e, err)
		}
		var closed websocket.CloseError
		if _, _, err = conn.Read(t.Context()); !errors.As(err, &closed) || closed.Code != 4003 || !strings.HasPrefix(closed.Reason, "INVALID_ARGUMENT: ") {
			t.Errorf("it is closed with %v", err)
		}
	})
}

func TestSocketIsToldToComeBack(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		w := newWorld(t, counting)
		v := connect(w, generateForever, &websocket.DialOptions{})
		done := make(chan struct{})
		go func() {
			defer close(done)
			rest(v)
		}()
		if err := w.bridge.Drain(t.Context(), 0); err != nil {
			t.Fatal(err)
		}
		<-done
		if v.closed.Code != 1012 || v.closed.Reason != "drain" {
			t.Errorf("the socket was closed with %+v", v.closed)
		}
	})
}

// Nothing is read from a viewer.
func TestSocketThatSpeaks(t *testing.T) {
	t.Parallel()
	for _, kind := range []websocket.MessageType{websocket.MessageText, websocket.MessageBinary} {
		bubble.Test(t, func(t *testing.T) {
			w := newWorld(t, counting)
			v := connect(w, generateForever, &websocket.DialOptions{})
			mustNext(t, v)
			if err := v.conn.Write(t.Context(), kind, []byte(strings.Repeat("more ", 100))); err != nil {
				t.Fatal(err)
			}
			if _, err := rest(v); !errors.Is(err, errCut) || v.closed.Code != 1003 || v.closed.Reason == "" {
				t.Errorf("the stream stopped by %v, closed with %+v", err, v.closed)
			}
		})
	}
}

// Pings are what keeps a socket open for whatever is between, and the other
// side's are answered.
func TestSocketPings(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		w := newWorld(t, counting)
		v := connect(w, "/sse?count=1&min_pause=65s", &websocket.DialOptions{})
		done := make(chan struct{})
		go func() {
			defer close(done)
			checkRest(t, v, 1, 1)
		}()
		time.Sleep(20 * time.Second)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := v.conn.Ping(ctx); err != nil {
			t.Errorf("a ping is not answered: %v", err)
		}
		<-done
		if v.pings != 4 || v.beats != 4 {
			t.Errorf("there were %d pings and %d heartbeats, want 4", v.pings, v.beats)
		}
	})
}

// A viewer that closes its side has gone.
func TestSocketThatLeaves(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		rec := &recorder{}
		w := newWorld(t, counting, bridge.WithObserver(rec))
		v := connect(w, generateForever, &websocket.DialOptions{})
		mustNext(t, v)
		start := time.Now()
		if err := v.conn.Close(websocket.StatusNormalClosure, ""); err != nil || time.Since(start) != 0 {
			t.Errorf("closing took %v, %v", time.Since(start), err)
		}
		synctest.Wait()
		rec.mu.Lock()
		defer rec.mu.Unlock()
		if got := rec.got[len(rec.got)-1]; got != "close websocket viewer" {
			t.Errorf("the observer was told %q", got)
		}
	})
}

// rawSocket opens a WebSocket whose frames the test writes itself.
func rawSocket(w *world, headers ...string) (net.Conn, *bufio.Reader, *http.Response) {
	w.t.Helper()
	conn, err := w.client.Transport.(*http.Transport).DialContext(w.t.Context(), "tcp", "")
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { conn.Close() })
	r, err := http.NewRequest(http.MethodGet, host+generateForever, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		if headers[i+1] != "" {
			r.Header.Set(headers[i], headers[i+1])
		}
	}
	if err := r.Write(conn); err != nil {
		w.t.Fatal(err)
	}
	buffered := bufio.NewReader(conn)
	res, err := http.ReadResponse(buffered, r)
	if err != nil {
		w.t.Fatal(err)
	}
	return conn, buffered, res
}

// handshake are the headers that ask for a WebSocket, some of them otherwise.
func handshake(other ...string) []string {
	h := []string{"Connection", "Upgrade", "Upgrade", "websocket", "Sec-Websocket-Version", "13", "Sec-Websocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="}
	return append(h, other...)
}

func TestHandshakesThatAreNone(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		called := false
		w := newWorld(t, func(r *numbersv1.GenerateRequest, s numberStream) error {
			called = true
			return counting(r, s)
		})
		without := func(name string) []string {
			var h []string
			all := handshake()
			for i := 0; i < len(all); i += 2 {
				if all[i] != name {
					h = append(h, all[i], all[i+1])
				}
			}
			return h
		}
		for _, test := range []struct {
			name    string
			headers []string
			status  int
			says    string
		}{
			{"a proxy removed the upgrade", append(without("Upgrade"), "Connection", "close"), 426, "proxy"},
			{"a proxy removed the connection", without("Connection"), 426, "proxy"},
			{"no version", without("Sec-Websocket-Version"), 426, "13"},
			{"an old version", handshake("Sec-Websocket-Version", "8"), 426, "13"},
			{"no key", without("Sec-Websocket-Key"), 400, "Key"},
			{"a short key", handshake("Sec-Websocket-Key", "c2hvcnQ="), 400, "16 bytes"},
			{"a key that is none", handshake("Sec-Websocket-Key", "?"), 400, "base64"},
			{"another site's page", handshake("Origin", "https://elsewhere.test"), 403, "elsewhere.test"},
		} {
			_, _, res := rawSocket(w, test.headers...)
			body, err := io.ReadAll(res.Body)
			if err != nil || res.StatusCode != test.status || !strings.Contains(string(body), test.says) {
				t.Errorf("%s: the answer is %s %s, %v; want %d …%s…", test.name, res.Status, body, err, test.status, test.says)
			}
			if test.status == 426 && res.Header.Get("Upgrade") != "websocket" {
				t.Errorf("%s: 426 does not say to what", test.name)
			}
		}
		if called {
			t.Error("the method was called")
		}
	})
}

// A viewer that announces more than it sends is not waited for.
func TestSocketWithAFrameWithoutAnEnd(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		w := newWorld(t, counting)
		conn, r, res := rawSocket(w, handshake()...)
		if res.StatusCode != http.StatusSwitchingProtocols {
			t.Fatal(res.Status)
		}
		// Text, masked, of 2^62 bytes.
		frame := binary.BigEndian.AppendUint64([]byte{0x81, 0x80 | 127}, 1<<62)
		go conn.Write(append(frame, 1, 2, 3, 4, 'x'))
		start := time.Now()
		if _, err := io.Copy(io.Discard, r); err != nil {
			t.Fatal(err)
		}
		if got := time.Since(start); got > time.Second {
			t.Errorf("the connection was closed after %v", got)
		}
	})
}

// A viewer that pings and reads nothing costs nothing, and has its last ping
// answered when it reads again.
func TestSocketThatFloodsPings(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		w := newWorld(t, counting, bridge.WithWriteTimeout(time.Hour))
		conn, r, _ := rawSocket(w, handshake()...)
		const pings = 10_000
		for i := range pings {
			p := fmt.Appendf(nil, "%d", i)
			if _, err := conn.Write(append([]byte{0x89, 0x80 | byte(len(p)), 0, 0, 0, 0}, p...)); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		time.AfterFunc(10*time.Second, func() { conn.Close() })
		all, err := io.ReadAll(r)
		if want := fmt.Sprintf("\x8a\x04%d", pings-1); !strings.Contains(string(all), want) || strings.Count(string(all), "\x8a") > 2 {
			t.Errorf("what is read is %q, %v", all, err)
		}
	})
}

// Events of any length arrive as they were sent.
func TestSocketFrames(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		lengths := []int{0, 1, 60, 125, 126, 127, 1000, 65_535, 65_536, 200_000}
		w := newWorld(t, func(_ *numbersv1.GenerateRequest, s numberStream) error {
			for _, n := range lengths {
				if err := s.Send(&numbersv1.GenerateResponse{ResumeToken: strings.Repeat("x", n)}); err != nil {
					return err
				}
			}
			return nil
		})
		v := connect(w, "/sse", &websocket.DialOptions{})
		for _, n := range lengths {
			var m message
			if e := mustNext(t, v); json.Unmarshal([]byte(e.data), &m) != nil || len(m.ResumeToken) != n {
				t.Errorf("the event with %d bytes has %d", n, len(m.ResumeToken))
			}
		}
		checkEnd(t, v, `{"code":"OK"}`)
	})
}

// Whatever comes over a WebSocket, its stream ends with it, once, and holds
// nothing.
func FuzzSocketInput(f *testing.F) {
	masked := func(first byte, payload string) []byte {
		return append([]byte{first, 0x80 | byte(len(payload)), 0, 0, 0, 0}, payload...)
	}
	for _, seed := range [][]byte{
		nil,
		masked(0x81, "text"),
		masked(0x82, ""),
		masked(0x89, "ping"),
		masked(0x8a, "pong"),
		masked(0x88, "\x03\xe8bye"),
		masked(0x88, "\x00"),
		append(masked(0x01, "a part"), masked(0x89, "ping")...),
		masked(0x09, "a ping in parts"),
		masked(0xc1, "compressed"),
		{0x81, 4, 't', 'e', 'x', 't'}, // not masked
		{0x81, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0},
		{0x89, 0xfe, 0xff, 0xff, 0, 0, 0, 0},
		{0x83, 0x80, 0, 0, 0, 0},
		[]byte("GET / HTTP/1.1\r\n\r\n"),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, input []byte) {
		bubble.Test(t, func(t *testing.T) {
			rec := &recorder{}
			w := newWorld(t, counting, bridge.WithObserver(rec), bridge.WithCatalog(numbersWith(t, func(*catalog.Policy) {})))
			conn, r, res := rawSocket(w, handshake()...)
			if res.StatusCode != http.StatusSwitchingProtocols {
				t.Fatal(res.Status)
			}
			go io.Copy(io.Discard, r)
			conn.Write(input)
			conn.Close()
			synctest.Wait()
			rec.mu.Lock()
			defer rec.mu.Unlock()
			opened, closed := 0, 0
			for _, s := range rec.got {
				if s == "open websocket" {
					opened++
				} else if strings.HasPrefix(s, "close websocket ") {
					closed++
				}
			}
			if opened != 1 || closed != 1 {
				t.Errorf("the observer was told %v", rec.got)
			}
		})
	})
}
