// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/tls"
	"errors"
	"fmt"
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

// isInUse is whether an address could not be listened on since another
// program does.
func isInUse(err error) bool { return errors.Is(err, syscall.EADDRINUSE) }
