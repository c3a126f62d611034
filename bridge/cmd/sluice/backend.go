// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
)

// How the backend is reached again when it was away: soon, for there are
// people waiting.
const (
	backendBackoffFirst = 100 * time.Millisecond
	backendBackoffLast  = 3 * time.Second
	backendConnect      = 5 * time.Second
)

// backendFlags say where the backend is and how it is reached.
type backendFlags struct {
	Address       string        `name:"backend" default:"localhost:50051" help:"The gRPC server whose methods are served: host:port, or any name that gRPC resolves, as dns:///host:port."`
	TLS           bool          `name:"backend-tls" help:"Reach the backend by TLS, its certificate checked against the system's authorities."`
	CA            string        `name:"backend-ca" type:"existingfile" placeholder:"FILE" help:"Check the backend's certificate against these authorities instead, in PEM. Implies --backend-tls."`
	Keepalive     time.Duration `name:"backend-keepalive" default:"6m" help:"Ask a silent backend whether it is still there after this time. gRPC servers cut off who asks more often than they allow: every 5 minutes, unless told otherwise."`
	DescriptorSet string        `type:"existingfile" placeholder:"FILE" help:"Take the methods from this descriptor set instead of from the backend's reflection, as 'buf build -o FILE' writes it."`
}

// dial returns a connection to the backend, which connects when it is needed.
func (f *backendFlags) dial() (*grpc.ClientConn, error) {
	creds := insecure.NewCredentials()
	if f.TLS || f.CA != "" {
		config := &tls.Config{MinVersion: tls.VersionTLS12}
		if f.CA != "" {
			pem, err := os.ReadFile(f.CA)
			if err != nil {
				return nil, fmt.Errorf("the backend's authorities cannot be read: %w", err)
			}
			config.RootCAs = x509.NewCertPool()
			if !config.RootCAs.AppendCertsFromPEM(pem) {
				return nil, fmt.Errorf("%s holds no certificate in PEM, which --backend-ca needs", f.CA)
			}
		}
		creds = credentials.NewTLS(config)
	}
	conn, err := grpc.NewClient(f.Address,
		grpc.WithTransportCredentials(creds),
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff:           backoff.Config{BaseDelay: backendBackoffFirst, Multiplier: 1.6, Jitter: 0.2, MaxDelay: backendBackoffLast},
			MinConnectTimeout: backendConnect,
		}),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: f.Keepalive}),
		// An idle connection would be torn down, and the first stream after it
		// would wait.
		grpc.WithIdleTimeout(0),
		grpc.WithUserAgent("sluice"),
	)
	if err != nil {
		return nil, fmt.Errorf("--backend %q is no address that gRPC understands: %w", f.Address, err)
	}
	return conn, nil
}
