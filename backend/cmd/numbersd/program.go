// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"syscall"

	"sluice/backend"
)

// program is one run of numbersd.
type program struct {
	stdout, stderr io.Writer

	// ready is told where the program listens once it does; metrics is nil
	// where none are served. Nil in the program itself, whose log says it.
	ready func(numbers, metrics net.Addr)
}

// run serves until the context ends or serving fails, then stops gracefully.
func (p program) run(ctx context.Context, args []string) error {
	c, err := parse(args, p.stdout, p.stderr)
	if errors.Is(err, errShown) {
		return nil
	}
	if err != nil {
		return err
	}
	log := c.logger(p.stderr)
	tlsConfig, err := loadTLS(c.TLSCert, c.TLSKey)
	if err != nil {
		return err
	}
	listener, err := listen(ctx, "--listen", c.Listen)
	if err != nil {
		return err
	}
	defer listener.Close() // if it is not served after all; else it is closed by then
	metrics, err := openMetrics(ctx, c.MetricsListen, log)
	if err != nil {
		return err
	}
	defer metrics.close()

	service := backend.New(
		backend.WithMaxStreams(c.MaxStreams),
		backend.WithLogger(log),
		backend.WithMetrics(metrics),
	)
	server := backend.NewServer(
		service,
		backend.WithTLS(tlsConfig),
		backend.WithMaxConns(c.MaxConnections),
		backend.WithMaxConnStreams(c.MaxStreamsPerConn),
	)
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	log.Info("listening", slog.String("address", listener.Addr().String()), slog.Bool("tls", tlsConfig != nil))
	if p.ready != nil {
		p.ready(listener.Addr(), metrics.address())
	}

	select {
	case err = <-served: // by itself: the streams there are may go on all the same
		err = fmt.Errorf("serving on %v: %w", listener.Addr(), err)
		log.Error("no new connection is accepted", slog.Any("error", err))
	case <-ctx.Done():
	}
	log.Info("stopping: open streams may go on for the drain time; a second signal ends them now", slog.String("drain_time", c.DrainTime.String()))
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.DrainTime)
	defer cancel()
	if server.Shutdown(drain) != nil {
		log.Warn("stopped: streams had to be ended after the drain time")
	} else {
		log.Info("stopped: every stream had ended")
	}
	return err
}

// loadTLS returns nil where no files are named.
func loadTLS(certFile, keyFile string) (*tls.Config, error) {
	if certFile == "" {
		return nil, nil
	}
	cert, err := os.ReadFile(certFile)
	if err != nil {
		return nil, fmt.Errorf("--tls-cert cannot be read: %w; give a PEM file that this user may read", err)
	}
	key, err := os.ReadFile(keyFile)
	if err != nil {
		return nil, fmt.Errorf("--tls-key cannot be read: %w; give a PEM file that this user may read", err)
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return nil, fmt.Errorf("--tls-cert %s and --tls-key %s are not a certificate and its key in PEM: %w", certFile, keyFile, err)
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}, nil
}

// listen opens a TCP port for a flag, and says what to do where it cannot.
func listen(ctx context.Context, flag, address string) (net.Listener, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", address)
	if err == nil {
		return listener, nil
	}
	var addressError *net.AddrError
	var lookupError *net.DNSError
	advice := "give an address of this machine as HOST:PORT"
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		advice = fmt.Sprintf("another program has the port, maybe another numbersd; stop it, or give another address with %s, as in localhost:0 for any free port", flag)
	case errors.Is(err, syscall.EACCES):
		advice = "this user may not use the port; give one from 1024 on"
	case errors.As(err, &addressError):
		advice = "give it as HOST:PORT, as in localhost:50051"
	case errors.As(err, &lookupError):
		advice = "give a host that this machine knows and a port, as in localhost:50051"
	}
	return nil, fmt.Errorf("%s %s: %w: %s", flag, address, err, advice)
}
