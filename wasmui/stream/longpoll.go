// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"strings"
	"time"

	"sluice/bridge/sse"
)

const (
	// DefaultPollWait is how long a poll may wait for events at the server: less
	// than what proxies and DefaultSilence allow.
	DefaultPollWait = 25 * time.Second
	// firstPollWait is how long the first one may, which tells that the stream is
	// there.
	firstPollWait = time.Second
	// maxPollBytes bounds the answer to one poll.
	maxPollBytes = 16 << 20
)

// longPoll reads streams by asking for what has come since, over and over.
type longPoll struct {
	http Transport
	wait time.Duration
}

// NewLongPoll gives a transport that reads streams by long polling over http:
// each request waits at the server for events, at most wait, and is answered with
// all there are. A wait of 0 is DefaultPollWait. It reaches through whatever lets
// single requests pass.
func NewLongPoll(http Transport, wait time.Duration) Transport {
	if wait <= 0 {
		wait = DefaultPollWait
	}
	return longPoll{http, wait}
}

// polled is the body of an answer.
type polled struct {
	Run    string  `json:"run"`
	Cursor string  `json:"cursor"`
	Events []frame `json:"events"`
	End    bool    `json:"end"`
}

func (t longPoll) Open(ctx context.Context, req Request) (Response, error) {
	if req.Method == "DELETE" {
		return t.http.Open(ctx, req)
	}
	ctx, cancel := context.WithCancel(ctx)
	r := &pollResponse{poll: t, ctx: ctx, cancel: cancel, req: req}
	for _, h := range req.Header {
		switch strings.ToLower(h[0]) {
		case "accept":
		case "last-event-id":
			r.cursor = h[1]
		default:
			r.header = append(r.header, h)
		}
	}
	resp, err := r.ask(min(t.wait, firstPollWait))
	if err != nil {
		cancel()
		return nil, err
	}
	if resp != nil {
		// No answer to a poll: for the client to judge.
		return refused{resp, cancel}, nil
	}
	return r, nil
}

// refused gives up its context with the response.
type refused struct {
	Response
	cancel context.CancelFunc
}

func (r refused) Close() error {
	defer r.cancel()
	return r.Response.Close()
}

// pollResponse is a row of polls that looks like one body.
type pollResponse struct {
	poll   longPoll
	ctx    context.Context
	cancel context.CancelFunc
	req    Request
	header [][2]string // of every poll

	run, cursor string
	end         bool
	text        []byte
}

func (r *pollResponse) Status() int { return 200 }

func (r *pollResponse) Header(name string) string {
	switch strings.ToLower(name) {
	case "content-type":
		return sse.ContentType
	case "sluice-run":
		return r.run
	}
	return ""
}

func (r *pollResponse) Close() error {
	r.cancel()
	return nil
}

func (r *pollResponse) Read(p []byte) (int, error) {
	for len(r.text) == 0 && len(p) > 0 {
		if r.end {
			return 0, io.EOF
		}
		resp, err := r.ask(r.poll.wait)
		if err != nil {
			return 0, err
		}
		if resp != nil {
			// The client asks again in a moment, and judges the answer then.
			_ = resp.Close()
			return 0, brokenError("A poll was answered " + statusWords(resp.Status()) + ".")
		}
	}
	n := copy(p, r.text)
	r.text = r.text[n:]
	return n, nil
}

// ask polls once. It gives the response where that is no answer to a poll.
func (r *pollResponse) ask(wait time.Duration) (Response, error) {
	req := r.req
	if r.run != "" {
		// The first answer named the run. Asked for at its own address without a
		// cursor, another one would be opened.
		req = Request{Method: "GET", URL: r.req.URL}
		if r.cursor == "" {
			req.URL = origin(r.req.URL) + "/runs/" + r.run
		}
	}
	req.Header = append(append([][2]string{}, r.header...),
		[2]string{"Accept", "application/json"},
		[2]string{"Prefer", "wait=" + strconv.Itoa(int(max(wait, time.Second)/time.Second))})
	if r.cursor != "" {
		req.Header = append(req.Header, [2]string{"Last-Event-ID", r.cursor})
	}
	resp, err := r.poll.http.Open(r.ctx, req)
	if err != nil {
		return nil, err
	}
	if resp.Status() != 200 {
		return resp, nil
	}
	defer resp.Close()
	body, err := readPoll(resp)
	if err != nil {
		return nil, err
	}
	var answer polled
	if json.Unmarshal(body, &answer) != nil || !validRun(answer.Run) {
		return &refusal{status: 502, body: []byte(`{"code":"UNKNOWN","message":"The answer to a poll is none that this page knows."}`)}, nil
	}
	r.run, r.cursor, r.end = answer.Run, answer.Cursor, answer.End
	// An answer without events is a sign of life too.
	r.text = sse.AppendComment(r.text[:0], "")
	for _, f := range answer.Events {
		if r.text, err = appendFrame(r.text, f); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// readPoll reads a whole body.
func readPoll(resp Response) ([]byte, error) {
	body := make([]byte, 0, 4<<10)
	for {
		if len(body) == cap(body) {
			body = append(body, 0)[:len(body)]
		}
		n, err := resp.Read(body[len(body):cap(body)])
		body = body[:len(body)+n]
		switch {
		case errors.Is(err, io.EOF):
			return body, nil
		case err != nil:
			return nil, err
		case len(body) > maxPollBytes:
			return nil, brokenError("The answer to a poll is too large.")
		}
	}
}
