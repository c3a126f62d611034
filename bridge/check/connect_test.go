// SPDX-License-Identifier: Apache-2.0

package check

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestConnectFailure(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		cause     error
		connected bool
		says      string
	}{
		{&net.DNSError{Name: "nowhere.test", IsNotFound: true}, false, `no host called "nowhere.test"`},
		{&net.DNSError{Name: "x.test", Err: "server misbehaving"}, false, "could not be looked up"},
		{&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}, false, "nothing listens there"},
		{&net.OpError{Op: "dial", Err: syscall.EHOSTUNREACH}, false, "no way to"},
		{http.ErrSchemeMismatch, false, "http://"},
		{&tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}, false, "--insecure"},
		{&tls.CertificateVerificationError{Err: x509.HostnameError{Certificate: &x509.Certificate{}, Host: "x"}}, false, "of another host"},
		{&tls.CertificateVerificationError{Err: x509.CertificateInvalidError{Cert: &x509.Certificate{}, Reason: x509.Expired}}, false, "not valid at this time"},
		{tls.AlertError(40), false, "TLS with stream.test failed"},
		{context.DeadlineExceeded, true, "did not begin to answer within 3.0 s"},
		{context.DeadlineExceeded, false, "did not take the connection in time"},
		{io.EOF, true, "closed the connection without an answer"},
		{errors.New("malformed HTTP response"), true, "malformed HTTP response"},
	} {
		err := &openError{cause: test.cause, connected: test.connected, waited: 3 * time.Second}
		if got := connectFailure(err, &Config{URL: "https://stream.test/x"}); !strings.Contains(got, test.says) {
			t.Errorf("of %v is said: %s\nwant %q", test.cause, got, test.says)
		}
	}
}

// run checks a server on the network.
func run(t *testing.T, config Config) *Report {
	t.Helper()
	r, err := Run(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestNobodyListens(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	r := run(t, Config{URL: "http://" + l.Addr().String()})
	if got := resultOf(r, "connect"); r.Connected || got.Outcome != Fail || !strings.Contains(got.Text, "refused") {
		t.Errorf("the report is %+v", r)
	}
}

func TestTLS(t *testing.T) {
	t.Parallel()
	s := newSite()
	s.count, s.interval = 8, 20*time.Millisecond
	srv := httptest.NewUnstartedServer(s)
	srv.EnableHTTP2 = true
	srv.Config.ErrorLog = silent
	srv.StartTLS()
	defer srv.Close()

	r := run(t, Config{URL: srv.URL})
	if got := resultOf(r, "connect"); r.Connected || got.Outcome != Fail || !strings.Contains(got.Text, "--insecure") {
		t.Errorf("without trust the report is %+v", r)
	}
	r = run(t, Config{URL: srv.URL, Insecure: true})
	expect(t, r, map[string]Outcome{"connect": Pass, "resume early": Pass, "resume later": Pass, "second reader": Pass, "after the end": Pass})
	if got := resultOf(r, "connect"); !strings.Contains(got.Text, "HTTP/2.0") {
		t.Errorf("connect says: %s", got.Text)
	}
	r = run(t, Config{URL: strings.Replace(srv.URL, "https", "http", 1)})
	if got := resultOf(r, "status"); got.Outcome != Fail {
		t.Errorf("without TLS the report is %+v", r)
	}
}

func TestNoTLS(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(newSite())
	defer srv.Close()
	r := run(t, Config{URL: strings.Replace(srv.URL, "http", "https", 1)})
	if got := resultOf(r, "connect"); r.Connected || !strings.Contains(got.Text, "answers without TLS") {
		t.Errorf("the report is %+v", r)
	}
}

// A server that takes the connection is there, also if it never answers.
func TestNoAnswer(t *testing.T) {
	t.Parallel()
	r := checked(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }), Config{})
	if got := resultOf(r, "connect"); !r.Connected || !strings.Contains(got.Text, "within 30 s") {
		t.Errorf("the report is %+v", r)
	}
}

func TestRedirects(t *testing.T) {
	t.Parallel()
	s := newSite()
	r := checked(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/events" {
			http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
			return
		}
		s.ServeHTTP(w, r)
	}), Config{})
	expect(t, r, map[string]Outcome{"connect": Pass, "resume later": Pass, "head": Pass})
	if got := resultOf(r, "connect"); !strings.Contains(got.Text, "Redirected to http://stream.test/elsewhere") {
		t.Errorf("connect says: %s", got.Text)
	}

	r = checked(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/events", http.StatusFound)
	}), Config{})
	if got := resultOf(r, "connect"); got.Outcome != Fail || !strings.Contains(got.Text, "10 redirects") {
		t.Errorf("in a circle, connect is %+v", got)
	}
}
