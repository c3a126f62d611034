// SPDX-License-Identifier: Apache-2.0

package check

import (
	"context"
	"errors"
	"fmt"
	"net/http"
)

// answer is the head of an answer to a request that should open no stream.
type answer struct {
	err         error
	status      int
	header      http.Header
	contentType string
	stream      bool // whether it is an event stream
}

// why says why there is no answer.
func (a *answer) why() string {
	switch {
	case a == nil:
		return "the time was up before it was asked"
	case errors.Is(a.err, context.DeadlineExceeded):
		return "no answer in time"
	default:
		return fmt.Sprintf("%v", a.err)
	}
}

// tryMethods sends what is no request for a stream.
func (s *visit) tryMethods(ctx context.Context) {
	l := s.client.newLine()
	defer l.cut()
	s.head = s.exchange(ctx, l, ask{method: http.MethodHead})
	if s.head != nil && s.head.err == nil {
		// Over the same connection, to see whether the answer is through with it.
		s.options = s.exchange(ctx, l, ask{method: http.MethodOptions})
	}
	if s.options == nil || errors.Is(s.options.err, context.DeadlineExceeded) {
		s.behindHead = s.options
		s.options = s.exchangeApart(ctx, ask{method: http.MethodOptions})
	}
	if s.config.Origin != "" {
		s.preflight = s.exchangeApart(ctx, ask{method: http.MethodOptions, header: map[string]string{
			"Access-Control-Request-Method": http.MethodGet, "Access-Control-Request-Headers": "last-event-id",
		}})
	}
	s.json = s.exchangeApart(ctx, ask{header: map[string]string{"Accept": "application/json"}})
}

// exchangeApart is exchange over a connection of its own.
func (s *visit) exchangeApart(ctx context.Context, a ask) *answer {
	l := s.client.newLine()
	defer l.cut()
	return s.exchange(ctx, l, a)
}

// exchange sends a request and waits for the head of the answer. It returns
// nil if ctx is done before there was enough time.
func (s *visit) exchange(ctx context.Context, l *line, a ask) *answer {
	short, stop := context.WithTimeout(ctx, s.patience())
	defer stop()
	res, err := s.client.do(short, l, a, nil)
	if err != nil {
		if ctx.Err() != nil {
			return nil
		}
		if short.Err() != nil {
			err = short.Err()
		}
		return &answer{err: err}
	}
	res.Body.Close()
	return &answer{
		status: res.StatusCode, header: res.Header, contentType: res.Header.Get("Content-Type"),
		stream: isEventStream(res.Header) && res.StatusCode == http.StatusOK,
	}
}

// checkHead judges the answer to HEAD. behind is an OPTIONS on the same
// connection that was not answered in time, and options the one that was
// then sent on another; behind is nil if there was no such thing.
func checkHead(head, behind, options *answer) Result {
	const name = "head"
	switch {
	case head == nil:
		return Result{name, Skipped, "The time was up before HEAD was answered."}
	case head.err != nil:
		return Result{name, Fail, fmt.Sprintf("HEAD is not answered: %s. It should be at once, with 405 or with the head that GET has, and open no stream.", head.why())}
	case head.status >= 500 && head.status != http.StatusNotImplemented:
		return Result{name, Fail, fmt.Sprintf("HEAD is answered with %s. Answer it with 405, or with the head that GET has.", statusText(head.status))}
	case behind != nil && options != nil && options.err == nil:
		return Result{name, Fail, fmt.Sprintf("HEAD is answered with %s, and then its connection answers nothing more: the server goes on with a stream that nobody can read. Answer HEAD with the head alone, or with 405.", statusText(head.status))}
	default:
		return Result{name, Pass, fmt.Sprintf("HEAD is answered with %s.", statusText(head.status))}
	}
}

// checkOptions judges the answer to OPTIONS.
func checkOptions(options *answer) Result {
	const name = "options"
	switch {
	case options == nil:
		return Result{name, Skipped, "The time was up before OPTIONS was answered."}
	case options.err != nil:
		return Result{name, Fail, fmt.Sprintf("OPTIONS is not answered: %s. It should be at once, and open no stream.", options.why())}
	case options.stream:
		return Result{name, Fail, "OPTIONS opens a stream. Answer it with 204 or 405: browsers send it to ask for leave, and wait for the answer."}
	case options.status >= 500 && options.status != http.StatusNotImplemented:
		return Result{name, Fail, fmt.Sprintf("OPTIONS is answered with %s. Answer it with 204 or 405.", statusText(options.status))}
	default:
		return Result{name, Pass, fmt.Sprintf("OPTIONS is answered with %s and opens no stream.", statusText(options.status))}
	}
}

// checkAccept judges the answer to a request that does not take a stream.
func checkAccept(a *answer) Result {
	const name = "accept"
	switch {
	case a == nil:
		return Result{name, Skipped, "The time was up before a request for JSON was answered."}
	case a.err != nil:
		return Result{name, Fail, fmt.Sprintf("A request with \"Accept: application/json\" is not answered: %s. Answer it with 406, or in JSON.", a.why())}
	case a.stream:
		return Result{name, Warn, "A request with \"Accept: application/json\" opens a stream, which its client cannot read and may wait for without end. Answer it with 406, or in JSON."}
	case a.status >= 500:
		return Result{name, Fail, fmt.Sprintf("A request with \"Accept: application/json\" is answered with %s. Answer it with 406, or in JSON.", statusText(a.status))}
	default:
		return Result{name, Pass, fmt.Sprintf("A request with \"Accept: application/json\" is answered with %s and opens no stream.", statusText(a.status))}
	}
}
