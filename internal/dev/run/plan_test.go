// SPDX-License-Identifier: Apache-2.0

//go:build unix

package main

import (
	"net"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

type environment map[string]string

func (e environment) get(name string) string { return e[name] }

func TestPlanArguments(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name            string
		plan            plan
		backend, bridge []string
		open            string
	}{
		{
			name:    "defaults",
			plan:    plan{backendListen: "localhost:50051", bridgeListen: "localhost:8080", upstream: "localhost:50051", scheme: "http"},
			backend: []string{"--listen", "localhost:50051"},
			bridge:  []string{"--listen", "localhost:8080", "--backend", "localhost:50051"},
			open:    "http://localhost:8080",
		},
		{
			name:    "a backend of one's own, and TLS",
			plan:    plan{backendListen: "localhost:50051", bridgeListen: ":8080", scheme: "https"},
			backend: []string{"--listen", "localhost:50051"},
			bridge:  []string{"--listen", ":8080"},
			open:    "https://localhost:8080",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.backend, tt.plan.backendArgs()); diff != "" {
				t.Errorf("backend (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.bridge, tt.plan.bridgeArgs()); diff != "" {
				t.Errorf("bridge (-want +got):\n%s", diff)
			}
			if got := tt.plan.openURL(); got != tt.open {
				t.Errorf("open %q, want %q", got, tt.open)
			}
		})
	}
}

func TestPlanTellsTheBridgeWhereTheBackendIs(t *testing.T) {
	t.Parallel()
	env := environment{"NUMBERSD_LISTEN": "0.0.0.0:0", "SLUICE_LISTEN": "127.0.0.1:0"}
	p, err := newPlan(env.get)
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(p.backendListen)
	if want := "localhost:" + port; port == "0" || p.upstream != want {
		t.Errorf("upstream = %q, want %q", p.upstream, want)
	}
	if want := "http://" + p.bridgeListen + "/readyz"; p.readyURL() != want {
		t.Errorf("ready URL = %q, want %q", p.readyURL(), want)
	}
	env["SLUICE_BACKEND"] = "other:1"
	if p, err = newPlan(env.get); err != nil || p.upstream != "" {
		t.Errorf("upstream = %q, %v: the environment's is not to be overridden", p.upstream, err)
	}
	env["SLUICE_TLS_CERT"] = "some.pem"
	if p, err = newPlan(env.get); err != nil || !strings.HasPrefix(p.openURL(), "https://") {
		t.Errorf("open %q, %v: with a certificate the bridge speaks TLS", p.openURL(), err)
	}
}

func TestPlanRefuses(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { taken.Close() })
	_, takenPort, _ := net.SplitHostPort(taken.Addr().String())
	for _, tt := range []struct{ name, backend, bridge, want string }{
		{"no port", "8080", "127.0.0.1:0", `NUMBERSD_LISTEN is "8080": expected host:port, such as localhost:50051`},
		{"taken", "127.0.0.1:0", taken.Addr().String(), "make run SLUICE_LISTEN=127.0.0.1:"},
		{"taken, by name", "127.0.0.1:0", "localhost:" + takenPort, "is taken"},
		{"nonsense", "127.0.0.1:http-or-so", "127.0.0.1:0", "NUMBERSD_LISTEN"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := newPlan(environment{"NUMBERSD_LISTEN": tt.backend, "SLUICE_LISTEN": tt.bridge}.get)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q in it", err, tt.want)
			}
		})
	}
}

func TestPaceLeavesAChoiceAlone(t *testing.T) {
	t.Parallel()
	if got, want := pace(environment{}.get, "X", "1s"), []string{"X=1s"}; !slices.Equal(got, want) {
		t.Errorf("pace = %q, want %q", got, want)
	}
	if got := pace(environment{"X": "1m"}.get, "X", "1s"); got != nil {
		t.Errorf("pace = %q, want nothing", got)
	}
}

func TestReachable(t *testing.T) {
	t.Parallel()
	for listen, want := range map[string]string{
		":80":          "localhost:80",
		"0.0.0.0:80":   "localhost:80",
		"[::]:80":      "localhost:80",
		"[::1]:80":     "[::1]:80",
		"localhost:80": "localhost:80",
		"10.0.0.1:80":  "10.0.0.1:80",
	} {
		if got := reachable(listen); got != want {
			t.Errorf("reachable(%q) = %q, want %q", listen, got, want)
		}
	}
}

func TestNextPort(t *testing.T) {
	t.Parallel()
	for port, want := range map[string]string{"8080": "8081", "65535": "0", "http": "0"} {
		if got := nextPort(port); got != want {
			t.Errorf("nextPort(%q) = %q, want %q", port, got, want)
		}
	}
}
