// SPDX-License-Identifier: Apache-2.0

// Package tls takes the place of crypto/tls in the programs that run in a
// browser. go-app imports net/http and net/http imports crypto/tls, whose
// ciphers, curves and certificates are a quarter of a megabyte on the wire. A
// page has no use for them: it opens no sockets, and its browser speaks TLS.
//
// What net/http names is here, and does nothing but fail.
package tls

import (
	"context"
	"errors"
	"net"
)

var errNoTLS = errors.New("tls: in a page the browser speaks TLS, not the program")

// Certificate stands for a certificate.
type Certificate struct{}

// ClientHelloInfo stands for the first message of a client.
type ClientHelloInfo struct{}

// Config holds what net/http sets of a configuration. Nothing reads it.
type Config struct {
	Certificates                   []Certificate
	EncryptedClientHelloConfigList []byte
	GetCertificate                 func(*ClientHelloInfo) (*Certificate, error)
	GetConfigForClient             func(*ClientHelloInfo) (*Config, error)
	InsecureSkipVerify             bool
	NextProtos                     []string
	ServerName                     string
}

// Clone returns a copy, nil of nil.
func (c *Config) Clone() *Config {
	if c == nil {
		return nil
	}
	clone := *c
	return &clone
}

// ConnectionState is what is known of a connection: nothing.
type ConnectionState struct {
	NegotiatedProtocol         string
	NegotiatedProtocolIsMutual bool
	ServerName                 string
}

// Conn is a connection that is never secured.
type Conn struct{ net.Conn }

// Client returns conn as a Conn, whose handshake fails.
func Client(conn net.Conn, _ *Config) *Conn { return &Conn{conn} }

// ConnectionState returns the zero state.
func (*Conn) ConnectionState() ConnectionState { return ConnectionState{} }

// HandshakeContext fails.
func (*Conn) HandshakeContext(context.Context) error { return errNoTLS }

// NetConn returns the connection beneath.
func (c *Conn) NetConn() net.Conn { return c.Conn }

// VerifyHostname fails.
func (*Conn) VerifyHostname(string) error { return errNoTLS }

// LoadX509KeyPair fails.
func LoadX509KeyPair(string, string) (Certificate, error) { return Certificate{}, errNoTLS }

// NewListener returns a listener whose every Accept fails.
func NewListener(l net.Listener, _ *Config) net.Listener { return listener{l} }

type listener struct{ net.Listener }

func (listener) Accept() (net.Conn, error) { return nil, errNoTLS }

// RecordHeaderError is the error of a peer that does not speak TLS.
type RecordHeaderError struct {
	Conn         net.Conn
	Msg          string
	RecordHeader [5]byte
}

// Error implements error.
func (e RecordHeaderError) Error() string { return "tls: " + e.Msg }
