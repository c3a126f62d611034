// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
)

// door is a TCP port at which a manager's socket, which takes TLS and is for
// this machine alone, is reached without TLS, as operators open one for a
// neighbour on the same machine.
type door struct {
	socket    string
	authority string // the file with the certificate of the swarm's authority
}

// serve takes connections at addr, and says where on standard output, until ctx
// is done. It returns when the last one is closed.
func (d *door) serve(ctx context.Context, addr string) error {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	fmt.Println("listening on", l.Addr())
	var wg sync.WaitGroup
	defer wg.Wait()
	defer context.AfterFunc(ctx, func() { l.Close() })()
	for {
		in, err := l.Accept()
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			return err
		}
		wg.Go(func() { d.pass(ctx, in) })
	}
}

// pass carries a connection until either side has ended it.
func (d *door) pass(ctx context.Context, in net.Conn) {
	defer in.Close()
	out, err := d.dial(ctx)
	if err != nil {
		fmt.Fprintln(os.Stderr, "swarmd: the manager's socket:", err)
		return
	}
	defer out.Close()
	defer context.AfterFunc(ctx, func() { in.Close() })()
	var wg sync.WaitGroup
	wg.Go(func() {
		io.Copy(out, in)
		out.Close()
	})
	io.Copy(in, out)
	in.Close()
	wg.Wait()
}

// dial connects to the socket, whose certificate is that of any manager.
func (d *door) dial(ctx context.Context) (net.Conn, error) {
	pem, err := os.ReadFile(d.authority)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, errors.New("the authority's file has no certificate")
	}
	dialer := tls.Dialer{Config: &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots, ServerName: "swarm-manager", NextProtos: []string{"h2"}}}
	return dialer.DialContext(ctx, "unix", d.socket)
}
