// SPDX-License-Identifier: Apache-2.0

//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"syscall"
)

// A plan is who listens where, settled before anything is started. Its
// addresses have real ports, also where port 0 was asked for.
type plan struct {
	backendListen string
	bridgeListen  string
	// upstream is what the bridge is told to call; empty where the
	// environment already tells it.
	upstream string
	// scheme is that of the bridge's address, http or https.
	scheme string
}

// newPlan reads the environment and makes sure that both addresses are free.
func newPlan(getenv func(string) string) (*plan, error) {
	backend, err := freeAddress("NUMBERSD_LISTEN", getenv("NUMBERSD_LISTEN"), defaultBackendListen)
	if err != nil {
		return nil, err
	}
	bridge, err := freeAddress("SLUICE_LISTEN", getenv("SLUICE_LISTEN"), defaultBridgeListen)
	if err != nil {
		return nil, err
	}
	if backend == bridge {
		return nil, fmt.Errorf("NUMBERSD_LISTEN and SLUICE_LISTEN are both %s: give each an address of its own", bridge)
	}
	p := &plan{backendListen: backend, bridgeListen: bridge, scheme: "http"}
	if getenv("SLUICE_TLS_CERT") != "" {
		p.scheme = "https"
	}
	if getenv("SLUICE_BACKEND") == "" {
		p.upstream = reachable(backend)
	}
	return p, nil
}

func (p *plan) backendArgs() []string {
	return []string{"--listen", p.backendListen}
}

func (p *plan) bridgeArgs() []string {
	args := []string{"--listen", p.bridgeListen}
	if p.upstream != "" {
		args = append(args, "--backend", p.upstream)
	}
	return args
}

// pace is the environment that a program gets beside its own: how long its
// streams may take to end. The programs' own times are for a server that is
// replaced under its users. Here is one person, who has pressed Ctrl-C and waits.
func pace(getenv func(string) string, variable, drain string) []string {
	if getenv(variable) != "" {
		return nil
	}
	return []string{variable + "=" + drain}
}

// openURL is the address for a browser on this machine.
func (p *plan) openURL() string { return p.scheme + "://" + reachable(p.bridgeListen) }

func (p *plan) readyURL() string { return p.openURL() + "/readyz" }

// freeAddress returns the address to listen on: value, else fallback, with a
// port chosen where it is 0. Its errors name the environment variable and say
// what to do.
func freeAddress(variable, value, fallback string) (string, error) {
	if value == "" {
		value = fallback
	}
	host, port, err := net.SplitHostPort(value)
	if err != nil {
		return "", fmt.Errorf("%s is %q: expected host:port, such as %s", variable, value, fallback)
	}
	for _, h := range bindable(host) {
		// Listening is the only sure way to learn whether a port is free.
		l, err := net.Listen("tcp", net.JoinHostPort(h, port))
		switch {
		case err == nil:
			port = strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
			l.Close()
		case errors.Is(err, syscall.EADDRINUSE):
			return "", fmt.Errorf("%s is taken: another program listens there.\n"+
				"     Stop it, or choose another address: make run %s=%s",
				value, variable, net.JoinHostPort(host, nextPort(port)))
		case errors.Is(err, syscall.EACCES):
			return "", fmt.Errorf("%s may not be used by this user: choose a port above 1023 with %s", value, variable)
		case errors.Is(err, syscall.EADDRNOTAVAIL) && host == "localhost":
			// A machine without IPv6 still resolves localhost to ::1.
		default:
			return "", fmt.Errorf("cannot listen on %s (from %s): %w", value, variable, err)
		}
	}
	return net.JoinHostPort(host, port), nil
}

// bindable returns the addresses of host that have to be free. A program binds
// only one address of localhost and a browser may try the other first, so
// that something on either is in the way.
func bindable(host string) []string {
	if host != "localhost" {
		return []string{host}
	}
	addrs, err := net.DefaultResolver.LookupHost(context.Background(), host)
	if err != nil || len(addrs) == 0 {
		return []string{host}
	}
	return addrs
}

// reachable turns an address to listen on into one to call: a listener on
// every interface is called on localhost.
func reachable(listen string) string {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return listen
	}
	if ip := net.ParseIP(host); host == "" || (ip != nil && ip.IsUnspecified()) {
		host = "localhost"
	}
	return net.JoinHostPort(host, port)
}

// nextPort is the port to suggest where port is taken.
func nextPort(port string) string {
	n, err := strconv.Atoi(port)
	if err != nil || n >= 65535 {
		return "0"
	}
	return strconv.Itoa(n + 1)
}
