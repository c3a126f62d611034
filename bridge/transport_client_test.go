// SPDX-License-Identifier: Apache-2.0

package bridge_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"sluice/bridge"
	"sluice/bridge/sse"
)

// event is one event, by whatever transport it came.
type event struct{ id, kind, data string }

// viewing is a stream as somebody reads it.
type viewing interface {
	// next returns the next event that is one: neither the opening of a
	// stream nor a sign of life. It fails with errCut where the stream stops
	// before the end, and with io.EOF after it.
	next() (event, error)
	// run is the id of the run that is read.
	run() string
	// alive is how often there was a sign of life and nothing else.
	alive() int
	// leave closes the stream from this side.
	leave()
}

// errCut says that a stream stopped, and its end had not come.
var errCut = errors.New("the stream was cut")

// refusal is an answer that is no stream.
type refusal struct {
	code    string // of gRPC, or "over" after the end
	message string
	http    int // 0 over WebSocket
}

// way is one transport.
type way struct {
	name string
	open func(w *world, path, cursor string, headers ...string) (viewing, *refusal)
}

var ways = []way{
	{"sse", func(w *world, path, cursor string, headers ...string) (viewing, *refusal) {
		r := w.get(path, withCursor(headers, cursor, "Accept", "text/event-stream, application/json")...)
		if f := refusalOf(r); f != nil {
			return nil, f
		}
		v := &eventViewing{response: r}
		r.events.OnComment = func(text []byte) {
			if len(text) == 0 {
				v.beats++
			}
		}
		return v, nil
	}},
	{"ndjson", func(w *world, path, cursor string, headers ...string) (viewing, *refusal) {
		r := w.get(path, withCursor(headers, cursor, "Accept", "application/x-ndjson")...)
		if f := refusalOf(r); f != nil {
			return nil, f
		}
		if got := r.Header.Get("Content-Type"); got != "application/x-ndjson" {
			w.t.Errorf("the lines come as %q", got)
		}
		v := &lineViewing{response: r, lines: bufio.NewReader(r.Body)}
		if e, err := v.next(); err != nil || e.kind != "open" || v.id != r.Header.Get(bridge.RunHeader) {
			w.t.Errorf("the first line is %+v of run %q, %v", e, v.id, err)
		}
		return v, nil
	}},
	{"websocket", func(w *world, path, cursor string, headers ...string) (viewing, *refusal) {
		v, f := dial(w, path, cursor, &websocket.DialOptions{Subprotocols: []string{bridge.SocketProtocol}}, headers...)
		if f != nil {
			return nil, f
		}
		return v, nil
	}},
	{"poll", func(w *world, path, cursor string, headers ...string) (viewing, *refusal) {
		v := &pollViewing{w: w, path: path, cursor: cursor, headers: headers}
		if f := v.poll(); f != nil {
			return nil, f
		}
		return v, nil
	}},
}

func withCursor(headers []string, cursor string, more ...string) []string {
	all := append(append([]string{}, headers...), more...)
	if cursor != "" {
		all = append(all, "Last-Event-ID", cursor)
	}
	return all
}

func refusalOf(r *response) *refusal {
	switch r.StatusCode {
	case http.StatusOK:
		return nil
	case http.StatusNoContent:
		return &refusal{code: "over", http: r.StatusCode}
	}
	f := r.failure()
	return &refusal{code: f.Code, message: f.Message, http: r.StatusCode}
}

// eventViewing reads Server-Sent Events.
type eventViewing struct {
	*response
	beats int
	ended bool
}

func (v *eventViewing) next() (event, error) {
	e, err := v.events.Next()
	if err != nil {
		return event{}, cutUnless(v.ended)
	}
	v.ended = e.Type == "end"
	out := event{e.ID, e.Type, string(e.Data)}
	if e.Type == sse.DefaultType {
		out.kind = ""
	}
	if e.Type == "reset" {
		out.id = "" // what a reader of the format has is that of the event before
	}
	return out, nil
}

func (v *eventViewing) run() string { return v.Header.Get(bridge.RunHeader) }
func (v *eventViewing) alive() int  { return v.beats }
func (v *eventViewing) leave()      { v.close() }

func cutUnless(ended bool) error {
	if ended {
		return io.EOF
	}
	return errCut
}

// object is an event as all transports but SSE carry it.
type object struct {
	ID    string          `json:"id"`
	Event string          `json:"event"`
	Data  json.RawMessage `json:"data"`
}

func objectOf(t *testing.T, line []byte) event {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(string(line)))
	d.DisallowUnknownFields()
	var o object
	if err := d.Decode(&o); err != nil {
		t.Fatalf("%q is no event: %v", line, err)
	}
	return event{o.ID, o.Event, string(o.Data)}
}

// opening is the run that an open is of, and when to come back.
type opening struct {
	Run   string
	Retry int
}

// openingOf reads an open, of which there is one, where a stream of objects
// begins: that of before is empty.
func openingOf(t *testing.T, e event, before string) opening {
	t.Helper()
	var o opening
	if err := json.Unmarshal([]byte(e.data), &o); err != nil || e.id != "" || before != "" || o.Run == "" || o.Retry <= 0 {
		t.Errorf("the stream opens with %+v, after %q: %v", e, before, err)
	}
	return o
}

// lineViewing reads NDJSON.
type lineViewing struct {
	*response
	lines *bufio.Reader
	id    string
	beats int
	ended bool
}

func (v *lineViewing) next() (event, error) {
	for {
		line, err := v.lines.ReadBytes('\n')
		if err != nil {
			if len(line) > 0 {
				v.t.Errorf("the last line is cut: %q", line)
			}
			return event{}, cutUnless(v.ended)
		}
		e := objectOf(v.t, line)
		switch e.kind {
		case "open":
			v.id = openingOf(v.t, e, v.id).Run
			return e, nil
		case "heartbeat":
			v.beats++
			continue
		}
		v.ended = e.kind == "end"
		return e, nil
	}
}

func (v *lineViewing) run() string { return v.Header.Get(bridge.RunHeader) }
func (v *lineViewing) alive() int  { return v.beats }
func (v *lineViewing) leave()      { v.close() }

// socketViewing reads a WebSocket.
type socketViewing struct {
	t      *testing.T
	conn   *websocket.Conn
	header http.Header
	id     string
	retry  int
	beats  int
	pings  int
	ended  bool
	closed websocket.CloseError // once it is
}

// dial opens a WebSocket. A stream that is refused, or over, is one that closes
// before it opens.
func dial(w *world, path, cursor string, o *websocket.DialOptions, headers ...string) (*socketViewing, *refusal) {
	w.t.Helper()
	if cursor != "" {
		mark := "?"
		if strings.Contains(path, "?") {
			mark = "&"
		}
		path += mark + "last_event_id=" + strings.ReplaceAll(fmt.Sprintf("%q", cursor)[1:len(fmt.Sprintf("%q", cursor))-1], `\x`, "%")
	}
	v := &socketViewing{t: w.t}
	o.HTTPClient, o.HTTPHeader = w.client, http.Header{}
	o.OnPingReceived = func(context.Context, []byte) bool {
		v.pings++
		return true
	}
	for i := 0; i < len(headers); i += 2 {
		o.HTTPHeader.Set(headers[i], headers[i+1])
	}
	conn, res, err := websocket.Dial(context.Background(), host+path, o)
	if err != nil {
		if res == nil {
			w.t.Fatal(err)
		}
		r := &response{Response: res, t: w.t}
		return nil, refusalOf(r)
	}
	v.conn, v.header = conn, res.Header
	w.t.Cleanup(func() { conn.CloseNow() })
	conn.SetReadLimit(1 << 20)
	e, err := v.next()
	switch {
	case err == nil && e.kind == "end" && v.id == "":
		var f failure
		if json.Unmarshal([]byte(e.data), &f) != nil || e.id != "" {
			w.t.Errorf("the refusal is %+v", e)
		}
		if _, err := v.next(); !errors.Is(err, io.EOF) {
			w.t.Errorf("after a refusal there is %v", err)
		}
		return nil, &refusal{code: f.Code, message: f.Message}
	case err != nil:
		w.t.Fatalf("the first message: %v, closed with %+v", err, v.closed)
	}
	if e.kind != "open" {
		w.t.Fatalf("the first message is %+v", e)
	}
	return v, nil
}

func (v *socketViewing) next() (event, error) {
	for {
		kind, p, err := v.conn.Read(context.Background())
		if err != nil {
			errors.As(err, &v.closed)
			return event{}, cutUnless(v.ended)
		}
		if kind != websocket.MessageText {
			v.t.Errorf("a message is %v", kind)
		}
		e := objectOf(v.t, p)
		switch e.kind {
		case "open":
			o := openingOf(v.t, e, v.id)
			v.id, v.retry = o.Run, o.Retry
			return e, nil
		case "heartbeat":
			v.beats++
			continue
		}
		v.ended = e.kind == "end"
		return e, nil
	}
}

func (v *socketViewing) run() string { return v.id }
func (v *socketViewing) alive() int  { return v.beats }
func (v *socketViewing) leave()      { v.conn.CloseNow() }

// pollViewing reads by long polls.
type pollViewing struct {
	w            *world
	path, cursor string
	headers      []string
	id           string
	events       []event
	beats        int
	ended        bool
	header       http.Header
}

// answer is the body of a poll's answer.
type answer struct {
	Run    *string
	Cursor *string
	Events []json.RawMessage
	End    *bool
}

func (v *pollViewing) poll() *refusal {
	v.w.t.Helper()
	r := v.w.get(v.path, withCursor(v.headers, v.cursor, "Accept", "application/json", "Prefer", "wait=20")...)
	defer r.close()
	if f := refusalOf(r); f != nil {
		return f
	}
	v.header = r.Header
	var a answer
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	if err := d.Decode(&a); err != nil || a.Run == nil || a.Cursor == nil || a.Events == nil || a.End == nil || *a.Run != r.Header.Get(bridge.RunHeader) {
		v.w.t.Fatalf("the answer to a poll is %+v: %v", a, err)
	}
	v.id, v.cursor, v.ended = *a.Run, *a.Cursor, *a.End
	for _, e := range a.Events {
		v.events = append(v.events, objectOf(v.w.t, e))
	}
	if len(a.Events) == 0 {
		v.beats++
	}
	return nil
}

func (v *pollViewing) next() (event, error) {
	for len(v.events) == 0 {
		if v.ended {
			return event{}, io.EOF
		}
		if f := v.poll(); f != nil {
			return event{}, errCut
		}
	}
	e := v.events[0]
	v.events = v.events[1:]
	return e, nil
}

func (v *pollViewing) run() string { return v.id }
func (v *pollViewing) alive() int  { return v.beats }
func (v *pollViewing) leave()      {}

// mustOpen opens a stream that has to be one.
func (y way) mustOpen(w *world, path, cursor string, headers ...string) viewing {
	w.t.Helper()
	v, f := y.open(w, path, cursor, headers...)
	if f != nil {
		w.t.Fatalf("GET %s is refused: %+v", path, *f)
	}
	return v
}

// mustNext reads an event that there has to be.
func mustNext(t *testing.T, v viewing) event {
	t.Helper()
	e, err := v.next()
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// rest reads to where the stream stops, and says how it does.
func rest(v viewing) ([]event, error) {
	var all []event
	for {
		e, err := v.next()
		if err != nil {
			return all, err
		}
		all = append(all, e)
	}
}

// checkRest holds that what is still to come are the numbers from and to, and
// the end.
func checkRest(t *testing.T, v viewing, from, to uint32) {
	t.Helper()
	all, err := rest(v)
	if !errors.Is(err, io.EOF) || len(all) != int(to-from)+2 {
		t.Fatalf("got %d events and %v, want the numbers %d to %d and the end", len(all), err, from, to)
	}
	for i, e := range all[:len(all)-1] {
		checkNumber(t, e, from+uint32(i))
	}
	if end := all[len(all)-1]; end.kind != "end" || end.data != `{"code":"OK"}` || !strings.HasSuffix(end.id, "-end") {
		t.Fatalf("the last event is %+v", end)
	}
}

// checkNumber holds that an event is a number.
func checkNumber(t *testing.T, e event, n uint32) {
	t.Helper()
	var m message
	if err := json.Unmarshal([]byte(e.data), &m); err != nil || m.Position != n || e.kind != "" || !strings.Contains(e.id, fmt.Sprintf("-%d-tat%d", n, n)) {
		t.Fatalf("the event is %+v, want number %d", e, n)
	}
}
