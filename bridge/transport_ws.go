// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/coder/websocket"
	"google.golang.org/genproto/googleapis/rpc/code"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"sluice/bridge/run"
)

// SocketProtocol is the WebSocket subprotocol of streams. A client that names
// none gets the same.
const SocketProtocol = "sluice.v1"

// How a WebSocket is closed: with 1000 after an end that is OK, with
// SocketStatus and the code after any other, and else with what says whether to
// come back at once. A connection that does not take what is written is cut,
// since it would not take a reason either.
const (
	// SocketStatus plus a gRPC code is the code that a WebSocket is closed
	// with.
	SocketStatus = 4000

	// socketReason bounds the reason, in bytes: RFC 6455, section 5.5.
	socketReason = 123
	// socketGoodbye is how long the viewer may take to close its side.
	socketGoodbye = time.Second
)

var (
	errViewerLeft  = errors.New("the viewer closed its side")
	errViewerSpoke = errors.New("nothing is read from a viewer; it asks for a stream by a URL of its own")
)

// socket carries a run over a WebSocket, an event each message.
type socket struct {
	conn    *websocket.Conn
	wire    *socketConn // under it
	objects objects
	ready   *buffer // frames, nil while there are none

	ctx    context.Context // done when the viewer goes away
	leave  context.CancelCauseFunc
	reader sync.WaitGroup
}

var _ carrier = (*socket)(nil)

// openSocket upgrades a request, or answers it with why it cannot be.
func (b *Bridge) openSocket(w http.ResponseWriter, r *http.Request) *socket {
	if !canHijack(w) {
		b.options.logger.Error("a WebSocket cannot be opened: the server wraps its http.ResponseWriter in one without Hijack or Unwrap")
		b.failHTTP(w, r, errorf(codes.Internal, "this server cannot upgrade to WebSocket"))
		return nil
	}
	h := &socketHijacker{ResponseWriter: w, timeout: b.options.writeTimeout, peer: peerOf(r.Context())}
	conn, err := websocket.Accept(h, r, &websocket.AcceptOptions{
		Subprotocols: []string{SocketProtocol},
		// Origins have been checked by then, as for all transports.
		InsecureSkipVerify: true,
		// Without a window from message to message it would save next to
		// nothing, and with one it would hold about 1 MiB for each viewer.
		CompressionMode: websocket.CompressionDisabled,
		OnPingReceived: func(_ context.Context, payload []byte) bool {
			h.conn.answer(payload)
			return false
		},
	})
	if err != nil {
		// It has been answered.
		b.options.logger.Debug("a WebSocket could not be opened", "error", err)
		return nil
	}
	s := &socket{conn: conn, wire: h.conn}
	s.ctx, s.leave = context.WithCancelCause(context.Background())
	s.reader.Go(func() {
		// Control frames are answered in here. Of any other not even the
		// length matters.
		if _, _, err := conn.Reader(context.Background()); err != nil {
			s.leave(errViewerLeft)
			return
		}
		s.leave(errViewerSpoke)
	})
	return s
}

// serveSocket carries a stream over a WebSocket.
func (b *Bridge) serveSocket(w http.ResponseWriter, r *http.Request, o opened) {
	w.Header().Set(RunHeader, o.viewer.Run().ID())
	s := b.openSocket(w, r)
	if s == nil {
		return
	}
	s.objects = objectsOf(o.viewer.Run())
	switch why := b.carry(s, o, terms{transport: transportWebSocket, silence: b.options.heartbeat}); why {
	case ClosedEnd:
		s.close(closeStatus(o.viewer.Run().Status()))
	case ClosedDrain, ClosedAge:
		s.close(websocket.StatusServiceRestart, string(why))
	case ClosedForgotten:
		s.close(websocket.StatusTryAgainLater, string(why))
	case ClosedBehind:
		s.close(websocket.StatusPolicyViolation, string(why))
	case ClosedByViewer:
		s.dismiss()
	default:
		s.cut()
	}
}

// failSocket answers with a fault over a WebSocket, since a page is not shown
// the answer to an upgrade that is refused: with the end that the stream would
// have had.
func (b *Bridge) failSocket(w http.ResponseWriter, r *http.Request, f *fault) {
	s := b.openSocket(w, r)
	if s == nil {
		return
	}
	s.message(appendObject(nil, nil, quotedEnd, b.Catalog().StatusJSON(f.status, nil)))
	if _, err := s.send(); err != nil {
		s.cut()
		return
	}
	s.close(closeStatus(f.status))
}

// closeSocket opens a WebSocket to close it, for who comes back after the end.
func (b *Bridge) closeSocket(w http.ResponseWriter, r *http.Request) {
	s := b.openSocket(w, r)
	if s == nil {
		return
	}
	// There is an end only after an id that can be read.
	id, _ := run.ParseEventID(lastEventID(r))
	s.message(appendOpen(nil, id.Run, b.jitter(b.options.retry)))
	if _, err := s.send(); err != nil {
		s.cut()
		return
	}
	s.close(websocket.StatusNormalClosure, "the stream has ended")
}

// frame makes a frame ready.
func (s *socket) frame(first byte, payload []byte) {
	if s.ready == nil {
		s.ready = takeBuffer()
	}
	s.ready.bytes = appendFrame(s.ready.bytes, first, payload)
}

// message makes a message ready.
func (s *socket) message(p []byte) { s.frame(frameText, p) }

// begin implements carrier.
func (s *socket) begin(o opened, retry time.Duration) {
	s.message(appendOpen(nil, o.viewer.Run().ID(), retry))
	if o.reset != nil {
		s.message(appendObject(nil, nil, quotedReset, o.reset.data()))
	}
}

// next implements carrier.
func (s *socket) next(v *run.Viewer) (ended bool, err error) {
	return s.objects.each(v, func(_, object []byte) { s.message(object) })
}

// heartbeat implements carrier: with a ping, for whatever is between, and with
// a message, since a page does not see pings. The pong is waited for by nobody:
// that a peer is gone shows in what is written.
func (s *socket) heartbeat() {
	s.frame(framePing, nil)
	s.message(appendObject(nil, nil, quotedHeartbeat, nil))
}

// goodbye implements carrier. How it is closed says it all.
func (s *socket) goodbye(CloseReason, time.Duration) {}

// pending implements carrier.
func (s *socket) pending() bool { return s.ready != nil }

// send implements carrier.
func (s *socket) send() (int, error) {
	ready := s.ready
	s.ready = nil
	defer ready.put()
	return len(ready.bytes), s.wire.sendFrames(ready.bytes)
}

// gone implements carrier.
func (s *socket) gone() <-chan struct{} { return s.ctx.Done() }

// close says goodbye, and waits a moment for the viewer to do so too.
func (s *socket) close(code websocket.StatusCode, reason string) {
	// What a viewer that says no goodbye sends instead is read no longer than
	// that.
	_ = s.wire.SetReadDeadline(time.Now().Add(socketGoodbye))
	_ = s.conn.Close(code, shorten(reason, socketReason))
	s.reader.Wait()
	s.leave(nil)
}

// dismiss closes the side of a viewer that is through, or that has said what is
// not listened to.
func (s *socket) dismiss() {
	if errors.Is(context.Cause(s.ctx), errViewerSpoke) {
		s.close(websocket.StatusUnsupportedData, errViewerSpoke.Error())
		return
	}
	s.cut()
}

// cut closes the connection as it is.
func (s *socket) cut() {
	_ = s.conn.CloseNow()
	s.reader.Wait()
	s.leave(nil)
}

// closeStatus returns what a WebSocket is closed with after a status. A code
// that gRPC does not know stands as UNKNOWN.
func closeStatus(st *status.Status) (socketCode websocket.StatusCode, reason string) {
	c := code.Code(st.Code())
	if _, known := code.Code_name[int32(c)]; !known {
		c = code.Code_UNKNOWN
	}
	if c == code.Code_OK {
		return websocket.StatusNormalClosure, ""
	}
	return SocketStatus + websocket.StatusCode(c), c.String() + ": " + strings.ToValidUTF8(st.Message(), "\ufffd")
}

// shorten cuts text to at most n bytes, between two characters.
func shorten(text string, n int) string {
	if len(text) <= n {
		return text
	}
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n]
}
