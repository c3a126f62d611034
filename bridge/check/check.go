// SPDX-License-Identifier: Apache-2.0

// Package check finds out whether a server's event stream keeps what
// Server-Sent Events promise: that it arrives as it is made, stays alive, and
// goes on where it was when a connection breaks.
//
// [Run] reads any URL that answers with text/event-stream, from whatever
// server, as a browser's EventSource would: one connection undisturbed, and
// beside it others that it cuts, brings back with Last-Event-ID and compares
// with the first. It judges the bytes by the WHATWG HTML standard, section 9.2
// "Server-sent events", and the rest by what browsers and proxies do. What
// cannot be told from the outside it says it cannot tell.
//
// All requests are GET, HEAD and OPTIONS. A check opens about a dozen
// connections, up to nine of them at a time, and holds a bounded part of what
// it reads.
package check

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// The times of a [Config] that sets none.
const (
	// DefaultTime is enough to see a stream of one event a second cut and
	// resumed, and an idle one stay silent for longer than DefaultSilence.
	DefaultTime = 30 * time.Second
	// DefaultSilence is below the shortest idle timeout that is common among
	// proxies, 30 seconds, and above the 15 seconds after which the standard
	// advises a comment.
	DefaultSilence = 20 * time.Second
)

// Config says what to check and how. Only URL must be set.
type Config struct {
	// URL is the stream's, with the scheme http or https.
	URL string
	// Header is sent with every request, such as Authorization. It takes the
	// place of what would be sent otherwise.
	Header http.Header
	// Origin, if set, is that of a page whose right to read the stream is
	// checked too, such as "https://example.com".
	Origin string
	// LastEventIDParam, if set, is the name of a query parameter that is
	// checked to do what the header Last-Event-ID does.
	LastEventIDParam string
	// Time is for how long the stream is watched, unless it ends before; 0 is
	// DefaultTime. A check takes a few seconds longer at the most.
	Time time.Duration
	// Silence is how long a stream may send nothing; 0 is DefaultSilence. It is
	// only seen if it is shorter than Time.
	Silence time.Duration
	// Insecure takes any TLS certificate.
	Insecure bool
	// DialContext, if not nil, makes the connections, and no proxy is used.
	// Otherwise the proxies of the environment are, as [net/http] does.
	DialContext func(ctx context.Context, network, address string) (net.Conn, error)
}

// Run checks a stream. What is wrong with the stream, or that there is none,
// is in the report. The error is that of ctx, or says which part of the Config
// makes no sense.
func Run(ctx context.Context, config Config) (*Report, error) {
	c, err := newClient(&config)
	if err != nil {
		return nil, err
	}
	s := &visit{config: &config, client: c}
	r := s.run(ctx)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return r, nil
}

// complete sets the defaults and finds what makes no sense.
func (c *Config) complete() error {
	u, err := url.Parse(c.URL)
	switch {
	case err != nil:
		return fmt.Errorf("check: the URL cannot be read: %w", err)
	case u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		return fmt.Errorf("check: the URL %q must begin with http:// or https:// and a host", c.URL)
	case c.Time < 0 || c.Silence < 0:
		return errors.New("check: the time to watch and the longest silence must not be negative")
	}
	for name, values := range c.Header {
		if !validName(name) {
			return fmt.Errorf("check: %q is no name of a header", name)
		}
		for _, v := range values {
			if !validValue(v) {
				return fmt.Errorf("check: the header %s cannot have the value %q", name, v)
			}
		}
	}
	if o, err := url.Parse(c.Origin); c.Origin != "" && (err != nil || o.Scheme == "" || o.Host == "" || strings.TrimSuffix(o.Path, "/") != "" || o.RawQuery != "") {
		return fmt.Errorf("check: the origin %q must be a scheme and a host, such as https://example.com", c.Origin)
	}
	c.Origin = strings.TrimSuffix(c.Origin, "/")
	if c.Time == 0 {
		c.Time = DefaultTime
	}
	if c.Silence == 0 {
		c.Silence = DefaultSilence
	}
	return nil
}

// answerWait is how long a request may take to be answered beyond what the
// stream itself took.
const answerWait = 5 * time.Second

// visit is one check. Its parts run beside each other while the stream is
// watched, and each writes only what is its own; they are judged afterwards.
type visit struct {
	config *Config
	client *client
	main   *stream // the undisturbed connection

	resumes     []*resume
	beside      *beside
	badIDs      []*badID
	compression *compression
	head        *answer
	options     *answer
	behindHead  *answer // to OPTIONS on the same connection, if that took too long
	json        *answer // to a request for something else than a stream
	preflight   *answer
	back        *comeback
}

func (s *visit) run(ctx context.Context) *Report {
	r := &Report{URL: s.config.URL}
	watch, stop := context.WithTimeout(ctx, s.config.Time)
	defer stop()

	main, err := s.client.open(watch, ask{})
	if err != nil {
		var refused *openError
		r.Connected = errors.As(err, &refused) && refused.connected
		r.add(Result{"connect", Fail, connectFailure(err, s.config)})
		return r
	}
	defer main.cut()
	s.main = main
	r.Connected = true
	r.add(checkConnect(main), checkStatus(main), checkContentType(main))
	switch {
	case !main.isEventStream():
		r.add(Result{"stream", Skipped, "Everything else needs an event stream, so it was not checked."})
		return r
	case !main.readable():
		r.add(checkContentEncoding(main), Result{"stream", Skipped, "Everything else needs to read the stream, so it was not checked."})
		return r
	}

	s.resumes = newResumes(s.config)
	s.beside = &beside{}
	s.badIDs = newBadIDs()
	s.compression = &compression{}
	var beside sync.WaitGroup
	for _, p := range s.resumes {
		beside.Go(func() { p.try(watch, s.client, main.rec) })
	}
	beside.Go(func() { s.beside.try(watch, s.client, main.rec) })
	beside.Go(func() { s.compression.try(watch, s) })
	beside.Go(func() { s.tryMethods(watch) })
	beside.Go(func() { s.tryBadIDs(watch) })
	_ = main.read(watch, nil) // how it ended is recorded
	if main.rec.ended == endClean {
		s.back = s.comeBack(ctx)
	}
	beside.Wait()
	r.add(s.judge()...)
	return r
}

// patience is how long an answer may take that is not the stream's own: a
// server that is slow to begin a stream is not found fault with twice.
func (s *visit) patience() time.Duration {
	return answerWait + 2*s.main.rec.headAt.Sub(s.main.rec.askedAt)
}

// judge makes the results of all that was seen, in the order of the report.
func (s *visit) judge() []Result {
	rec := s.main.rec
	results := []Result{
		checkCacheControl(s.main), checkAccelBuffering(s.main), checkContentLength(s.main),
		checkContentEncoding(s.main), s.compression.judge(rec), checkVary(s.main, s.json),
	}
	if s.config.Origin != "" {
		results = append(results, checkCORS(s.main, s.config.Origin), checkPreflight(s.main, s.preflight, s.config.Origin))
	}
	results = append(results,
		checkFirstBytes(rec), checkEvents(rec), checkRetry(rec), checkFraming(rec), checkEventNames(rec),
		checkIDs(rec, s.resumes), checkHeartbeat(rec, s.config.Silence), checkBuffering(rec),
	)
	for _, p := range s.resumes {
		results = append(results, p.judge(rec))
	}
	results = append(results, s.beside.judge())
	for _, b := range s.badIDs {
		results = append(results, b.judge(rec))
	}
	return append(results,
		checkEnd(rec, s.back), checkAfterEnd(rec, s.back),
		checkHead(s.head, s.behindHead, s.options), checkOptions(s.options), checkAccept(s.json),
	)
}
