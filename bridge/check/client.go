// SPDX-License-Identifier: Apache-2.0

package check

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"sluice/bridge/sse"
)

// Limits of a connection.
const (
	maxRedirects        = 10
	maxHeaderBytes      = 256 << 10
	readBufferBytes     = 32 << 10
	dialTimeout         = 10 * time.Second
	tlsHandshakeTimeout = 10 * time.Second
)

// client asks for the stream. Every stream has a connection of its own, so
// that it can be cut without harm to the others.
type client struct {
	config *Config
}

func newClient(config *Config) (*client, error) {
	if err := config.complete(); err != nil {
		return nil, err
	}
	return &client{config: config}, nil
}

// ask is what a request says beyond the configuration.
type ask struct {
	method      string // "" is GET
	lastEventID string
	inQuery     bool // whether the id goes by Config.LastEventIDParam
	header      map[string]string
}

// line is a transport and the connections that it made.
type line struct {
	transport *http.Transport
	mu        sync.Mutex
	conns     []net.Conn
	down      bool
}

// newLine returns a line that keeps at most one connection open.
func (c *client) newLine() *line {
	l := &line{}
	dial := c.config.DialContext
	proxy := http.ProxyFromEnvironment
	if dial == nil {
		dial = (&net.Dialer{Timeout: dialTimeout}).DialContext
	} else {
		proxy = nil
	}
	l.transport = &http.Transport{
		Proxy: proxy,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := dial(ctx, network, address)
			if err != nil {
				return nil, err
			}
			l.mu.Lock()
			defer l.mu.Unlock()
			if l.down {
				conn.Close()
				return nil, net.ErrClosed
			}
			l.conns = append(l.conns, conn)
			return conn, nil
		},
		TLSClientConfig:        &tls.Config{InsecureSkipVerify: c.config.Insecure},
		TLSHandshakeTimeout:    tlsHandshakeTimeout,
		MaxResponseHeaderBytes: maxHeaderBytes,
		MaxConnsPerHost:        1,
		ForceAttemptHTTP2:      true,
		// What is sent is to be seen as it is sent.
		DisableCompression: true,
	}
	return l
}

// cut breaks the connections, without a word to the other side.
func (l *line) cut() {
	l.mu.Lock()
	l.down = true
	for _, conn := range l.conns {
		conn.Close()
	}
	l.conns = nil
	l.mu.Unlock()
	l.transport.CloseIdleConnections()
}

// request makes the request that a browser's EventSource would make.
func (c *client) request(ctx context.Context, a ask) (*http.Request, error) {
	method := a.method
	if method == "" {
		method = http.MethodGet
	}
	target := c.config.URL
	if a.inQuery {
		u, err := url.Parse(target)
		if err != nil {
			return nil, err
		}
		q := u.Query()
		q.Set(c.config.LastEventIDParam, a.lastEventID)
		u.RawQuery = q.Encode()
		target = u.String()
	}
	r, err := http.NewRequestWithContext(ctx, method, target, nil)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Accept", sse.ContentType)
	r.Header.Set("Cache-Control", "no-cache")
	r.Header.Set("User-Agent", "sluice-check")
	if c.config.Origin != "" {
		r.Header.Set("Origin", c.config.Origin)
	}
	for name, values := range c.config.Header {
		name = http.CanonicalHeaderKey(name)
		r.Header[name] = slices.Clone(values)
		if name == "Host" {
			r.Host = r.Header.Get(name)
		}
	}
	for name, value := range a.header {
		r.Header.Set(name, value)
	}
	if a.lastEventID != "" && !a.inQuery {
		r.Header.Set("Last-Event-ID", a.lastEventID)
	}
	return r, nil
}

// do sends a request on the line and follows redirects. seen gets what happens
// on the way, if it is not nil.
func (c *client) do(ctx context.Context, l *line, a ask, seen *journey) (*http.Response, error) {
	if seen == nil {
		seen = &journey{}
	}
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { seen.connected.Store(true) },
	})
	r, err := c.request(ctx, a)
	if err != nil {
		return nil, err
	}
	hc := &http.Client{
		Transport: l.transport,
		CheckRedirect: func(next *http.Request, via []*http.Request) error {
			if len(via) >= maxRedirects {
				return fmt.Errorf("stopped after %d redirects", maxRedirects)
			}
			seen.redirects = append(seen.redirects, next.URL.Redacted())
			seen.downgraded = seen.downgraded || via[len(via)-1].URL.Scheme == "https" && next.URL.Scheme == "http"
			return nil
		},
	}
	res, err := hc.Do(r)
	var inURL *url.Error
	if errors.As(err, &inURL) {
		err = inURL.Err // the URL is known, and may hold what is nobody's business
	}
	return res, err
}

// journey is what happened to a request on its way.
type journey struct {
	redirects  []string
	downgraded bool // from https to http

	// The transport may still be connecting when the request is over.
	connected atomic.Bool
}

// openError is why there is no answer.
type openError struct {
	cause     error
	connected bool
	waited    time.Duration
}

func (e *openError) Error() string { return e.cause.Error() }
func (e *openError) Unwrap() error { return e.cause }

// stream is an answer that is being read. It must be cut in the end.
type stream struct {
	*http.Response
	journey *journey
	rec     *recording
	line    *line
	stop    context.CancelFunc
	body    io.Reader
}

// open asks for the stream and waits for the head of the answer, until ctx is
// done. The stream itself outlives ctx.
func (c *client) open(ctx context.Context, a ask) (*stream, error) {
	// Not a child of ctx: each read has a context of its own.
	lifetime, stop := context.WithCancel(context.WithoutCancel(ctx))
	s := &stream{journey: &journey{}, rec: newRecording(a.lastEventID), line: c.newLine(), stop: stop}
	unhook := context.AfterFunc(ctx, s.cut)
	res, err := c.do(lifetime, s.line, a, s.journey)
	unhook()
	if err != nil {
		s.cut()
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return nil, &openError{cause: err, connected: s.journey.connected.Load(), waited: time.Since(s.rec.askedAt)}
	}
	s.Response, s.body = res, res.Body
	if s.encoding() == "gzip" {
		s.body = &unzipped{compressed: res.Body}
	}
	s.rec.answered()
	return s, nil
}

// cut breaks the connection as a lost network would.
func (s *stream) cut() {
	s.line.cut()
	s.stop()
	if s.Response != nil {
		s.Response.Body.Close()
	}
}

// isEventStream is whether a browser would read the answer.
func (s *stream) isEventStream() bool {
	return s.StatusCode == http.StatusOK && isEventStream(s.Header)
}

// encoding is how the body is compressed, "" if it is not.
func (s *stream) encoding() string {
	e := strings.ToLower(s.Header.Get("Content-Encoding"))
	if e == "identity" {
		return ""
	}
	return e
}

// readable is whether the body can be read here.
func (s *stream) readable() bool {
	return s.isEventStream() && (s.encoding() == "" || s.encoding() == "gzip")
}

func isEventStream(h http.Header) bool {
	media, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	return (err == nil || errors.Is(err, mime.ErrInvalidMediaParameter)) && media == sse.ContentType
}

// read records the stream until enough, which is asked after each line and may
// be nil, says so; until the stream ends; or until ctx is done, when the
// connection is cut. It returns nil, the reason of the end, or ctx's error.
func (s *stream) read(ctx context.Context, enough func(*recording) bool) error {
	unhook := context.AfterFunc(ctx, s.cut)
	defer unhook()
	buf := make([]byte, readBufferBytes)
	for {
		n, err := s.body.Read(buf)
		now := time.Now()
		if s.rec.feed(buf[:n], now, enough) {
			return nil
		}
		switch {
		case s.rec.full():
			s.rec.end(endFull, now)
			s.cut()
			return errors.New("more was sent than is held")
		case err == nil:
			continue
		case ctx.Err() != nil:
			s.rec.end(endWatched, now)
			return ctx.Err()
		case errors.Is(err, io.EOF):
			s.rec.end(endClean, now)
		default:
			s.rec.end(endBroken, now)
		}
		return err
	}
}

// validName is whether name can be that of a header: a token of RFC 9110.
func validName(name string) bool {
	for _, c := range []byte(name) {
		if (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && !strings.ContainsRune("!#$%&'*+-.^_`|~", rune(c)) {
			return false
		}
	}
	return name != ""
}

// validValue is whether value can be sent as that of a header.
func validValue(value string) bool {
	for _, c := range []byte(value) {
		if c < ' ' && c != '\t' || c == 0x7f {
			return false
		}
	}
	return true
}
