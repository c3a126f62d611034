// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"

	"sluice/bridge"
	"sluice/bridge/catalog"
	"sluice/bridge/pool"
)

// How a backend is reached again when it was away: soon, for there are people
// waiting.
const (
	backendBackoffFirst = 100 * time.Millisecond
	backendBackoffLast  = 3 * time.Second
	backendConnect      = 5 * time.Second
)

// minBackendKeepalive is how often a backend can be asked whether it is still
// there: grpc-go would take anything less for this.
const minBackendKeepalive = 10 * time.Second

// How many bytes a backend may send on a stream, and on a connection, before
// they are read. Left to itself grpc-go asks the other side all the time how
// far away it is, and lets both grow to 16 MiB: for each stream whose viewer
// has stopped to read, and beside its journal.
const (
	backendStreamWindow = 256 << 10
	backendConnWindow   = 1 << 20
)

// backendFlags say where the backends are and how they are reached.
type backendFlags struct {
	Addresses      []string      `name:"backend" default:"localhost:50051" sep:"," help:"The gRPC server whose methods are served: host:port, or any name that gRPC resolves, as dns:///host:port. May be repeated; each then needs a name, as in orders=localhost:50051."`
	TLS            bool          `name:"backend-tls" help:"Reach the backends by TLS, their certificates checked against the system's authorities."`
	CA             string        `name:"backend-ca" type:"existingfile" placeholder:"FILE" help:"Check the backends' certificates against these authorities instead, in PEM. Implies --backend-tls."`
	ServerName     string        `name:"backend-server-name" placeholder:"NAME" help:"The name that the backends' certificates bear, where it is not the one in their addresses. Implies --backend-tls."`
	Cert           string        `name:"backend-cert" type:"existingfile" placeholder:"FILE" help:"Show the backends this certificate, in PEM, as those that check their clients ask for; with --backend-key. Implies --backend-tls."`
	Key            string        `name:"backend-key" type:"existingfile" placeholder:"FILE" help:"The private key of --backend-cert, in PEM."`
	Keepalive      time.Duration `name:"backend-keepalive" default:"6m" help:"Ask a silent backend whether it is still there after this time, at least 10s; one that vanished is given up 20 s later. gRPC servers cut off who asks more often than they allow: every 5 minutes, unless told otherwise. numbersd allows 10s."`
	StreamsPerConn int           `name:"streams-per-connection" default:"${streams_per_connection}" help:"How many streams a connection to a backend carries. One that has as many gets another beside it, since a backend lets what is too much for a connection wait."`
	MaxConns       int           `name:"max-connections" default:"${max_connections}" help:"How many connections to a backend there may be. Streams that would need more fail at once."`
}

// methodFlags say which of the backends' methods are served, and how.
type methodFlags struct {
	DescriptorSets []string      `name:"descriptor-set" sep:"none" placeholder:"[NAME=]FILE" help:"Take the methods of a backend from this descriptor set instead of from its reflection, as 'buf build -o FILE' writes it. It is read again as often as --refresh says, and one that is broken by then changes nothing. May be repeated, with the backends' names."`
	Refresh        time.Duration `default:"${refresh}" help:"How often a backend is asked whether its methods have changed, or its descriptor set is read again. It is asked, too, when it comes back. 0 is once."`
	Expose         []string      `sep:"," placeholder:"PATTERN" help:"Serve only methods that a pattern names: pkg.Service/Method or pkg.Service, where * stands for a part between dots or slash and ** for any. May be repeated. Without it all unary and server-streaming methods are served, but for those that tell of the inside of a server: reflection, channelz, and the admin services of gRPC and Envoy. What is served is said in the log and at /catalog."`
	Hide           []string      `sep:"," placeholder:"PATTERN" help:"Do not serve methods that a pattern names, whatever --expose says. May be repeated."`
	Routes         string        `type:"existingfile" placeholder:"FILE" help:"Serve methods by the paths, events, policies and resume mappings in this YAML file, for services whose .proto files cannot be edited."`
	Timeout        time.Duration `default:"0" help:"How long a call may take where neither the request, by a Sluice-Timeout header, nor its method says. 0 is as long as it takes."`
	MaxTimeout     time.Duration `default:"0" help:"The longest that a call may take, whatever the request asks for, where its method has no maximum of its own. 0 is none."`
}

// named is a flag's value with the name of the backend that it is for.
type named struct{ name, value string }

// parseNamed splits the name from a flag's value, where it has one.
func parseNamed(text string) named {
	name, value, ok := strings.Cut(text, "=")
	// Addresses and paths may have an = of their own.
	if !ok || name == "" || strings.ContainsAny(name, ":/\\") {
		return named{value: text}
	}
	return named{name, value}
}

// backends returns the names and addresses of the backends.
func (f *backendFlags) backends() ([]named, error) {
	if len(f.Addresses) == 0 {
		return nil, errors.New("--backend is needed at least once")
	}
	var all []named
	for _, text := range f.Addresses {
		n := parseNamed(text)
		switch {
		case n.value == "":
			return nil, fmt.Errorf("--backend %q has no address", text)
		case n.name == "" && len(f.Addresses) > 1:
			return nil, fmt.Errorf("--backend %q needs a name, as there are several: --backend NAME=%s", text, text)
		}
		if err := checkNoURL(n.value); err != nil {
			return nil, err
		}
		for _, other := range all {
			if other.name == n.name {
				return nil, fmt.Errorf("--backend: both %q and %q are called %q", other.value, n.value, n.name)
			}
		}
		all = append(all, n)
	}
	return all, nil
}

// checkNoURL refuses a URL, as an HTTP server has one, where gRPC would look for
// a host of that name.
func checkNoURL(address string) error {
	scheme, rest, ok := strings.Cut(address, "://")
	host, _, _ := strings.Cut(rest, "/")
	switch {
	case ok && strings.EqualFold(scheme, "http"):
		return fmt.Errorf("--backend %q is a URL: give the gRPC server's HOST:PORT, as in --backend %s", address, host)
	case ok && strings.EqualFold(scheme, "https"):
		return fmt.Errorf("--backend %q is a URL: give the gRPC server's HOST:PORT, as in --backend %s --backend-tls", address, host)
	}
	return nil
}

// credentials returns how connections to backends are secured.
func (f *backendFlags) credentials() (credentials.TransportCredentials, error) {
	if !f.TLS && f.CA == "" && f.ServerName == "" && f.Cert == "" && f.Key == "" {
		return insecure.NewCredentials(), nil
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: f.ServerName}
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
	if f.Cert != "" || f.Key != "" {
		if f.Cert == "" || f.Key == "" {
			return nil, errors.New("--backend-cert and --backend-key belong together, and one of them is missing")
		}
		pair, err := tls.LoadX509KeyPair(f.Cert, f.Key)
		if err != nil {
			return nil, fmt.Errorf("--backend-cert and --backend-key cannot be used: %w", err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return credentials.NewTLS(config), nil
}

// dial returns connections to a backend, which connect when they are needed.
func (f *backendFlags) dial(n named, logger *slog.Logger) (*pool.Pool, error) {
	creds, err := f.credentials()
	if err != nil {
		return nil, err
	}
	for name, n := range map[string]int{"--streams-per-connection": f.StreamsPerConn, "--max-connections": f.MaxConns} {
		if n < 1 {
			return nil, fmt.Errorf("%s must be at least 1, not %d", name, n)
		}
	}
	if f.Keepalive < minBackendKeepalive {
		return nil, fmt.Errorf("--backend-keepalive must be at least %v, not %v", minBackendKeepalive, f.Keepalive)
	}
	if n.name != "" {
		logger = logger.With("backend", n.name)
	}
	conns, err := pool.New(pool.Config{
		Dial: func() (*grpc.ClientConn, error) {
			return grpc.NewClient(n.value,
				grpc.WithTransportCredentials(creds),
				grpc.WithConnectParams(grpc.ConnectParams{
					Backoff:           backoff.Config{BaseDelay: backendBackoffFirst, Multiplier: 1.6, Jitter: 0.2, MaxDelay: backendBackoffLast},
					MinConnectTimeout: backendConnect,
				}),
				grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: f.Keepalive}),
				grpc.WithInitialWindowSize(backendStreamWindow),
				grpc.WithInitialConnWindowSize(backendConnWindow),
				// An idle connection would be torn down, and the first stream after it
				// would wait.
				grpc.WithIdleTimeout(0),
				grpc.WithUserAgent("sluice"),
			)
		},
		StreamsPerConn: f.StreamsPerConn, MaxConns: f.MaxConns,
		Logger: logger,
	})
	if err != nil {
		return nil, fmt.Errorf("--backend %q is no address that gRPC understands: %w", n.value, err)
	}
	return conns, nil
}

// upstream is a backend's name and the connections to it.
type upstream struct {
	name  string
	conns *pool.Pool
}

// dialAll returns the connections to all backends, at least one.
func (f *backendFlags) dialAll(logger *slog.Logger) ([]upstream, error) {
	backends, err := f.backends()
	if err != nil {
		return nil, err
	}
	var all []upstream
	for _, n := range backends {
		conns, err := f.dial(n, logger)
		if err != nil {
			closeAll(all)
			return nil, err
		}
		all = append(all, upstream{n.name, conns})
	}
	return all, nil
}

func closeAll(all []upstream) {
	for _, u := range all {
		u.conns.Close()
	}
}

// options returns which methods of the backends are served, and how.
func (f *methodFlags) options(backends []upstream) ([]bridge.Option, error) {
	opts := []bridge.Option{
		bridge.WithName(backends[0].name),
		bridge.WithRefresh(f.Refresh), bridge.WithTimeout(f.Timeout), bridge.WithMaxTimeout(f.MaxTimeout),
		bridge.WithExposure(catalog.Exposure{Expose: f.Expose, Hide: f.Hide}),
	}
	for _, u := range backends[1:] {
		opts = append(opts, bridge.WithBackend(u.name, u.conns))
	}
	sets, err := f.descriptorSets(backends)
	if err != nil {
		return nil, err
	}
	for _, n := range sets {
		opts = append(opts, bridge.WithBackendSource(n.name, (&descriptorSet{path: n.value}).read))
	}
	if f.Routes == "" {
		return opts, nil
	}
	text, err := os.ReadFile(f.Routes)
	if err != nil {
		return nil, fmt.Errorf("--routes cannot be read: %w", err)
	}
	routes, err := catalog.ParseRoutes(f.Routes, text)
	if err != nil {
		return nil, err
	}
	return append(opts, bridge.WithRoutes(routes)), nil
}

// descriptorSets returns the files of descriptor sets with the backends that
// they are of.
func (f *methodFlags) descriptorSets(backends []upstream) ([]named, error) {
	var all []named
	for _, text := range f.DescriptorSets {
		n := parseNamed(text)
		if n.name == "" && len(backends) == 1 {
			n.name = backends[0].name
		}
		known := false
		for _, u := range backends {
			known = known || u.name == n.name
		}
		switch {
		case n.name == "" && len(backends) > 1:
			return nil, fmt.Errorf("--descriptor-set %q must say whose it is, as there are several backends: --descriptor-set NAME=%s", text, n.value)
		case !known:
			return nil, fmt.Errorf("--descriptor-set %q is for a backend called %q, and no --backend is", text, n.name)
		}
		for _, other := range all {
			if other.name == n.name {
				return nil, fmt.Errorf("--descriptor-set: both %s and %s are for the same backend: make one set of them", other.value, n.value)
			}
		}
		all = append(all, n)
	}
	return all, nil
}

// descriptorSet is a file that may change.
type descriptorSet struct {
	path string
	// text is what was in it last, and catalog what that says.
	text    []byte
	catalog *catalog.Catalog
}

// read returns the methods that are in the file now. A file that is as it was is
// not worked through again.
func (d *descriptorSet) read() (*catalog.Catalog, error) {
	text, err := os.ReadFile(d.path)
	if err != nil {
		return nil, fmt.Errorf("the descriptor set cannot be read: %w", err)
	}
	if d.catalog != nil && bytes.Equal(text, d.text) {
		return d.catalog, nil
	}
	c, err := catalog.FromDescriptorSet(text)
	if err != nil {
		return nil, fmt.Errorf("%s is not a descriptor set, as `buf build -o` or `protoc --include_imports -o` writes it: %w", d.path, err)
	}
	d.text, d.catalog = text, c
	return c, nil
}
