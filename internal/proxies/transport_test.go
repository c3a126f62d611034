// SPDX-License-Identifier: Apache-2.0

package proxies

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"sluice/bridge/sse"
)

// An event is what every transport makes of one.
type event struct {
	id, kind string
	data     []byte
	at       time.Time // when it arrived
}

// A transport is a way to read a stream.
type transport struct {
	name string
	// read reads the stream at a URL through client, after the event with the
	// id last, and calls each for every event until that returns false, or
	// after the event "end". It returns a refusal if there is no stream, and
	// any other error if the stream breaks off.
	read func(ctx context.Context, client *http.Client, at, last string, each func(event) bool) error
}

var (
	eventStream = transport{"SSE", readSSE}
	lines       = transport{"NDJSON", readNDJSON}
	webSocket   = transport{"WebSocket", readWebSocket}
)

// longPoll is the transport whose requests wait for an event no longer than
// that, which has to be less than the silence that a proxy allows: nothing can
// be sent meanwhile.
func longPoll(wait time.Duration) transport {
	return transport{"long poll", func(ctx context.Context, client *http.Client, at, last string, each func(event) bool) error {
		return readLongPoll(ctx, client, at, last, wait, each)
	}}
}

// transports are all that there are.
func transports(pollWait time.Duration) []transport {
	return []transport{eventStream, lines, webSocket, longPoll(pollWait)}
}

// refusal is an answer that is not a stream. Its status is 0 where a transport
// has none.
type refusal struct {
	status int
	body   string
}

func (r *refusal) Error() string { return fmt.Sprintf("refused with %d: %s", r.status, r.body) }

// ask makes a request that a transport reads its answer of.
func ask(ctx context.Context, client *http.Client, at, last string, header ...string) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
	if err != nil {
		return nil, err
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	if last != "" {
		r.Header.Set("Last-Event-ID", last)
	}
	res, err := client.Do(r)
	if err != nil {
		return nil, err
	}
	if want := client.Transport.(*http.Transport).Protocols; !want.HTTP1() && res.ProtoMajor != 2 || want.HTTP1() && res.ProtoMajor != 1 {
		res.Body.Close()
		return nil, fmt.Errorf("the answer is in %s", res.Proto)
	}
	if res.StatusCode == http.StatusOK {
		return res, nil
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, err
	}
	return nil, &refusal{res.StatusCode, string(body)}
}

func readSSE(ctx context.Context, client *http.Client, at, last string, each func(event) bool) error {
	res, err := ask(ctx, client, at, last, "Accept", "text/event-stream, application/json")
	if err != nil {
		return err
	}
	defer res.Body.Close()
	events := sse.NewReader(res.Body)
	for {
		e, err := events.Next()
		if err != nil {
			return err
		}
		if !each(event{e.ID, e.Type, e.Data, time.Now()}) || e.Type == "end" {
			return nil
		}
	}
}

// object is an event in the transports that carry JSON alone.
type object struct {
	ID    string          `json:"id"`
	Event string          `json:"event"`
	Data  json.RawMessage `json:"data"`
}

func (o *object) event() event {
	kind := o.Event
	if kind == "" {
		kind = "message"
	}
	return event{o.ID, kind, o.Data, time.Now()}
}

func readNDJSON(ctx context.Context, client *http.Client, at, last string, each func(event) bool) error {
	res, err := ask(ctx, client, at, last, "Accept", "application/x-ndjson")
	if err != nil {
		return err
	}
	defer res.Body.Close()
	for d := json.NewDecoder(res.Body); ; {
		var o object
		if err := d.Decode(&o); err != nil {
			return err
		}
		if o.Event == "open" || o.Event == "heartbeat" {
			continue
		}
		if e := o.event(); !each(e) || e.kind == "end" {
			return nil
		}
	}
}

// poll is the answer to one poll.
type poll struct {
	Run    string   `json:"run"`
	Cursor string   `json:"cursor"`
	Events []object `json:"events"`
	End    bool     `json:"end"`
}

func readLongPoll(ctx context.Context, client *http.Client, at, last string, wait time.Duration, each func(event) bool) error {
	u, err := url.Parse(at)
	if err != nil {
		return err
	}
	for {
		res, err := ask(ctx, client, u.String(), last, "Accept", "application/json", "Prefer", fmt.Sprintf("wait=%d", int(wait/time.Second)))
		if err != nil {
			return err
		}
		var answer poll
		err = json.NewDecoder(res.Body).Decode(&answer)
		res.Body.Close()
		if err != nil {
			return err
		}
		ended := false
		for _, o := range answer.Events {
			e := o.event()
			ended = e.kind == "end"
			if !each(e) {
				return nil
			}
		}
		switch {
		case ended != answer.End:
			return fmt.Errorf("a poll says that the end is %v, and its events that it is %v", answer.End, ended)
		case ended:
			return nil
		case answer.Run == "":
			return errors.New("a poll does not say of which run it is")
		}
		// From now on it is that run, also where the first poll had no event.
		u, last = &url.URL{Scheme: u.Scheme, Host: u.Host, Path: "/runs/" + answer.Run}, answer.Cursor
	}
}
