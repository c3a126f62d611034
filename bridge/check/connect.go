// SPDX-License-Identifier: Apache-2.0

package check

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"syscall"
)

// connectFailure says in words why there is no answer, and what helps.
func connectFailure(err error, config *Config) string {
	var (
		refused   *openError
		name      *net.DNSError
		unknown   x509.UnknownAuthorityError
		host      x509.HostnameError
		invalid   x509.CertificateInvalidError
		alert     tls.AlertError
		record    tls.RecordHeaderError
		connected = errors.As(err, &refused) && refused.connected
		timeout   = errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded) || isTimeout(err)
	)
	at := config.URL
	if u, parseErr := url.Parse(config.URL); parseErr == nil {
		at = u.Host
	}
	switch {
	case errors.As(err, &name) && name.IsNotFound:
		return fmt.Sprintf("There is no host called %s: look at the name, and whether this machine's DNS knows it.", quote(name.Name))
	case errors.As(err, &name):
		return fmt.Sprintf("The name %s could not be looked up: %v.", quote(name.Name), name)
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Sprintf("The connection to %s was refused: nothing listens there, or a firewall says so. Look at the port, and whether the server runs.", at)
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return fmt.Sprintf("There is no way to %s from here.", at)
	case errors.Is(err, http.ErrSchemeMismatch):
		return fmt.Sprintf("%s answers without TLS: ask for it with http:// instead of https://.", at)
	case errors.As(err, &unknown):
		return "The TLS certificate is signed by nobody that this machine trusts: have the server send its whole chain, add the authority to this machine, or look away with --insecure."
	case errors.As(err, &host):
		return fmt.Sprintf("The TLS certificate is of another host: %v.", host)
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return fmt.Sprintf("The TLS certificate is not valid at this time: %v.", invalid)
	case errors.As(err, &alert), errors.As(err, &record), errors.As(err, &invalid):
		return fmt.Sprintf("TLS with %s failed: %v.", at, errors.Unwrap(refused))
	case connected && timeout:
		return fmt.Sprintf("%s took the connection, yet did not begin to answer within %s. Flush the head of the answer at once, also where there is no event yet; behind a proxy, look at whether it reaches the server.", at, span(refused.waited))
	case timeout:
		return fmt.Sprintf("%s did not take the connection in time: look at the address, and at firewalls on the way.", at)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET):
		return fmt.Sprintf("%s closed the connection without an answer. It may expect TLS, speak something else than HTTP, or have crashed.", at)
	default:
		return fmt.Sprintf("There is no answer from %s: %v.", at, err)
	}
}

func isTimeout(err error) bool {
	var t interface{ Timeout() bool }
	return errors.As(err, &t) && t.Timeout()
}
