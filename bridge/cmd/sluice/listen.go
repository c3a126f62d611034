// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"syscall"
)

// tlsFiles are the files of a certificate and its key.
type tlsFiles struct{ cert, key string }

// serverTLS returns the server's certificate, nil where it serves in the
// clear.
func (f *serveFlags) serverTLS() (*tlsFiles, error) {
	switch {
	case f.TLSCert == "" && f.TLSKey == "":
		return nil, nil
	case f.TLSCert == "":
		return nil, errors.New("--tls-key was given without --tls-cert: give both, or neither")
	case f.TLSKey == "":
		return nil, errors.New("--tls-cert was given without --tls-key: give both, or neither")
	}
	// Read here so that a mistake is told before anything is served; the
	// server reads them again.
	if _, err := tls.LoadX509KeyPair(f.TLSCert, f.TLSKey); err != nil {
		return nil, fmt.Errorf("the certificate %s and the key %s cannot be used: %w", f.TLSCert, f.TLSKey, err)
	}
	return &tlsFiles{cert: f.TLSCert, key: f.TLSKey}, nil
}

// listen listens on an address that a flag gave, and says what to do where it
// cannot.
func listen(address, flag string) (net.Listener, error) {
	l, err := net.Listen("tcp", address)
	if err == nil {
		return l, nil
	}
	var malformed *net.AddrError
	var unknown *net.DNSError
	advice := "give an address of this machine, as HOST:PORT"
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("%s is taken by another program: stop that one, or choose another address with %s", address, flag)
	case errors.Is(err, syscall.EACCES):
		advice = "this user may not use the port; give one from 1024 on"
	case errors.As(err, &malformed):
		advice = "give it as HOST:PORT, as in localhost:8080"
	case errors.As(err, &unknown):
		advice = "give a host that this machine knows and a port, as in localhost:8080"
	}
	return nil, fmt.Errorf("cannot listen on %q, from %s: %w: %s", address, flag, err, advice)
}
