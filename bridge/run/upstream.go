// SPDX-License-Identifier: Apache-2.0

package run

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"sluice/bridge/catalog"
	"sluice/bridge/journal"
	"sluice/bridge/sse"
)

// maxKeptBuffer is the largest buffer that is kept for the next message.
const maxKeptBuffer = 64 << 10

// EndEvent is the type of the event that closes every run.
const EndEvent = "end"

// upstream is a run's side to the backend. It is used by one goroutine, the
// only one that appends to the run's journal.
type upstream struct {
	run      *Run
	conn     grpc.ClientConnInterface
	request  *catalog.Request
	metadata metadata.MD
	// seq is the number of the last message that was appended, and position
	// where the stream can go on after it.
	seq      uint64
	position []byte
	started  bool // whether there has been a message

	// brokenSince is when the stream last broke after it had come further, and
	// attempts counts how often it has been opened again since.
	brokenSince time.Time
	attempts    int

	id, frame, spare []byte // reused for every message

	data int // where the data begins in the frame
}

// carry calls the method, again where the stream breaks and can go on, until
// it has ended, and appends its end.
func (u *upstream) carry() {
	var st *status.Status
	var trailer metadata.MD
	for {
		before, from := u.seq, string(u.position)
		st, trailer = u.receive()
		if !u.canReopen(st) {
			break
		}
		if err := u.reopen(st, u.seq > before && string(u.position) != from); err != nil {
			st = err
			break
		}
	}
	u.end(st, trailer)
	u.run.finished(st)
}

// receive makes the call and appends its messages until there is no other.
func (u *upstream) receive() (*status.Status, metadata.MD) {
	r := u.run
	// The call is ended with the function, also where it fails half way.
	ctx, cancel := context.WithCancel(metadata.NewOutgoingContext(r.ctx, u.metadata))
	defer cancel()
	desc := &grpc.StreamDesc{StreamName: string(r.method.Desc.Name()), ServerStreams: r.method.ServerStreaming()}
	stream, err := u.conn.NewStream(ctx, desc, "/"+r.method.FullName,
		grpc.ForceCodecV2(rawCodec{}), grpc.MaxCallRecvMsgSize(r.manager.config.MaxMessageBytes))
	if err != nil {
		return u.statusOf(err), nil
	}
	// A failed send is told by the receive that follows, with its reason.
	if err := stream.SendMsg(u.request.Wire); err != nil && !errors.Is(err, io.EOF) {
		return u.statusOf(err), nil
	}
	if err := stream.CloseSend(); err != nil {
		return u.statusOf(err), nil
	}
	var m rawMessage
	for {
		if err := stream.RecvMsg(&m); err != nil {
			r.oversized = overLimit(err)
			return u.statusOf(err), stream.Trailer()
		}
		err := u.message(m.bytes())
		m.free()
		if err != nil {
			// No backend has a say in this: what is exhausted is what a message may have.
			r.oversized = status.Code(err) == codes.ResourceExhausted
			return u.statusOf(err), nil
		}
		if !r.method.ServerStreaming() {
			// The one response came with the end of the call.
			return status.New(codes.OK, ""), stream.Trailer()
		}
	}
}

// statusOf returns what a call's error means for the run. The end of the
// stream is OK.
func (u *upstream) statusOf(err error) *status.Status {
	if cause := context.Cause(u.run.ctx); cause != nil {
		switch {
		case errors.Is(cause, errShutdown):
			return status.New(codes.Unavailable, cause.Error())
		case errors.Is(cause, errDeadline):
			return u.late()
		}
		return status.New(codes.Canceled, cause.Error())
	}
	if errors.Is(err, io.EOF) {
		return status.New(codes.OK, "")
	}
	st := status.Convert(err)
	if r := u.run; st.Code() == codes.Canceled && r.timeout > 0 && time.Since(r.opened) >= r.timeout {
		return u.late() // the backend, which knows the time too, was the first to end it
	}
	if st.Code() == codes.Unavailable && madeHere(st.Message()) {
		// It names addresses, which are the operator's to know.
		u.run.manager.config.Logger.Warn("the backend cannot be reached", "method", u.run.method.FullName, "error", st.Message())
		return status.New(codes.Unavailable, "the backend cannot be reached")
	}
	return st
}

func (u *upstream) late() *status.Status {
	return status.Newf(codes.DeadlineExceeded, "the run did not end within the %v that it may take", u.run.timeout)
}

// madeHere is whether the message of an UNAVAILABLE is one of grpc-go's own
// client, and not what a backend said.
func madeHere(message string) bool {
	for _, prefix := range []string{"connection error:", "error reading from server:", "name resolver error:", "last connection error:", "last resolver error:", "keepalive ping failed", "transport: "} {
		if strings.HasPrefix(message, prefix) {
			return true
		}
	}
	return false
}

// overLimit is whether an error is grpc-go's of a message that is larger than
// its receiver takes: the bridge, of what came, or a backend that passes on the
// same error, of what it was sent. Neither goes away by itself.
func overLimit(err error) bool {
	st := status.Convert(err)
	return st.Code() == codes.ResourceExhausted && strings.HasPrefix(st.Message(), "grpc: ") && strings.Contains(st.Message(), " larger than max ")
}

// message encodes one message and appends it, waiting for room.
func (u *upstream) message(wire []byte) error {
	m := u.run.method
	// A message without a position, as servers send to say that a watch has
	// begun, leaves the stream where it was.
	if position, ok := m.AppendPosition(u.spare[:0], wire); ok {
		u.spare, u.position = u.position, position
	}
	if err := u.begin(journal.Message, m.Policy.Event); err != nil {
		return err
	}
	most := u.run.manager.config.JournalBytes
	tooLarge := func() error {
		return status.Errorf(codes.ResourceExhausted, "message %d of the stream is, as JSON, more than a journal of %d bytes takes", u.seq+1, most)
	}
	var err error
	if u.frame, err = m.AppendResponse(u.frame, wire, most); errors.Is(err, catalog.ErrTooLarge) {
		return tooLarge()
	} else if err != nil {
		return status.Errorf(codes.Internal, "message %d of the stream %v", u.seq+1, err)
	}
	if err := u.append(journal.Message); err != nil {
		if errors.Is(err, journal.ErrTooLarge) {
			return tooLarge()
		}
		return err
	}
	if !u.started {
		u.started = true
		u.run.observer.FirstMessage(time.Since(u.run.opened))
	}
	u.run.observer.Message(len(u.frame))
	for _, b := range []*[]byte{&u.frame, &u.spare} {
		if cap(*b) > maxKeptBuffer {
			*b = nil
		}
	}
	return nil
}

// begin begins the frame of the event after the last one, up to its data.
func (u *upstream) begin(kind journal.Kind, event string) error {
	u.id = appendEventID(u.id[:0], u.run.id, u.seq+1, kind == journal.End, u.position)
	var err error
	if u.frame, err = sse.AppendHead(u.frame[:0], event); err != nil {
		return status.Errorf(codes.Internal, "event %d: %v", u.seq+1, err)
	}
	u.data = len(u.frame)
	return nil
}

// append closes the frame, to which the data has been appended, and adds it to
// the journal as soon as that has room or the run is ended. The data is JSON,
// which has no line ends.
func (u *upstream) append(kind journal.Kind) error {
	r := u.run
	data := journal.Window{Start: u.data, End: len(u.frame)}
	var err error
	if u.frame, err = sse.AppendTail(u.frame, u.id); err != nil {
		return status.Errorf(codes.Internal, "event %d: %v", u.seq+1, err)
	}
	// The id is all of the last line before the blank one.
	id := journal.Window{Start: len(u.frame) - len("\n\n") - len(u.id), End: len(u.frame) - len("\n\n")}
	for {
		seq, err := r.journal.Append(kind, u.frame, id, data)
		if err == nil {
			u.seq = seq
			return nil
		}
		if !errors.Is(err, journal.ErrFull) {
			return err
		}
		select {
		case <-r.space:
		case <-r.ctx.Done():
			return r.ctx.Err()
		}
	}
}

// canReopen is whether the stream can go on after it ended with st: only what
// is sure to be passing, and only where the method takes a position. Before the
// first message that is the beginning, and the failure may be an early one, for
// which whoever opened the run still has another answer.
func (u *upstream) canReopen(st *status.Status) bool {
	r := u.run
	config := &r.manager.config
	if st.Code() != codes.Unavailable || r.ctx.Err() != nil || !r.method.CanResume() || !r.method.ServerStreaming() || config.ReopenFor <= 0 {
		return false
	}
	return len(u.position) > 0 || !u.started && time.Since(r.opened) >= config.EarlyFor
}

// reopen waits for a time and then makes the request one that goes on after
// the last message, if there was one. It returns the status to end with when it has been tried
// for too long.
func (u *upstream) reopen(st *status.Status, progressed bool) *status.Status {
	r := u.run
	now := time.Now()
	if progressed || u.brokenSince.IsZero() {
		u.brokenSince, u.attempts = now, 0
		r.manager.config.Logger.Warn("upstream broke, opening it again", "method", r.method.FullName, "event", u.seq, "error", st.Message())
	}
	if now.Sub(u.brokenSince) > r.manager.config.ReopenFor {
		return status.New(st.Code(), fmt.Sprintf("%s (tried again for %v)", st.Message(), r.manager.config.ReopenFor))
	}
	wait := min(reopenFirst<<min(u.attempts, 20), reopenLast)
	u.attempts++
	select {
	case <-time.After(wait/2 + rand.N(wait/2)):
	case <-r.ctx.Done():
		return u.statusOf(r.ctx.Err())
	}
	if len(u.position) > 0 {
		request, err := r.method.ResumeRequest(u.request, string(u.position))
		if err != nil {
			return status.Newf(codes.Internal, "cannot go on from position %q: %v", u.position, err)
		}
		u.request = request
	}
	r.observer.Reopened()
	return nil
}

// end appends the run's last event.
func (u *upstream) end(st *status.Status, trailer metadata.MD) {
	shown := make(map[string][]string)
	for _, name := range u.run.method.Policy.ExposeTrailers {
		if values := trailer.Get(name); len(values) > 0 {
			shown[name] = values
		}
	}
	err := u.begin(journal.End, EndEvent)
	if err == nil {
		u.frame = append(u.frame, u.run.method.StatusJSON(st, shown)...)
		err = u.append(journal.End)
	}
	if err != nil {
		// The journal was closed by a manager that is shutting down.
		u.run.manager.config.Logger.Debug("a run ended without a record of it", "method", u.run.method.FullName, "error", err)
	}
}
