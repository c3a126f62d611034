// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/backend"
)

func TestDefaults(t *testing.T) {
	t.Parallel()
	got, err := parse(nil, io.Discard, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	want := config{
		Listen:            "localhost:50051",
		MaxStreams:        backend.DefaultMaxStreams,
		MaxConnections:    backend.DefaultMaxConns,
		MaxStreamsPerConn: backend.DefaultMaxConnStreams,
		DrainTime:         10 * time.Second,
		LogLevel:          "info",
		LogFormat:         "text",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("without flags (-want +got):\n%s", diff)
	}
}

// Every flag but --version has a name in the environment, and the command line
// goes first.
func TestEnvironment(t *testing.T) {
	for name, value := range map[string]string{
		"NUMBERSD_LISTEN":                     "localhost:1",
		"NUMBERSD_TLS_CERT":                   "cert",
		"NUMBERSD_TLS_KEY":                    "key",
		"NUMBERSD_MAX_STREAMS":                "2",
		"NUMBERSD_MAX_CONNECTIONS":            "3",
		"NUMBERSD_MAX_STREAMS_PER_CONNECTION": "4",
		"NUMBERSD_DRAIN_TIME":                 "5s",
		"NUMBERSD_METRICS_LISTEN":             "localhost:6",
		"NUMBERSD_LOG_LEVEL":                  "debug",
		"NUMBERSD_LOG_FORMAT":                 "json",
		"NUMBERSD_VERSION":                    "1.2.3", // as images set it; not ours
	} {
		t.Setenv(name, value)
	}
	got, err := parse([]string{"--listen", "localhost:7"}, io.Discard, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	want := config{
		Listen:            "localhost:7",
		TLSCert:           "cert",
		TLSKey:            "key",
		MaxStreams:        2,
		MaxConnections:    3,
		MaxStreamsPerConn: 4,
		DrainTime:         5 * time.Second,
		MetricsListen:     "localhost:6",
		LogLevel:          "debug",
		LogFormat:         "json",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("from the environment (-want +got):\n%s", diff)
	}
}

func TestUsageErrors(t *testing.T) {
	t.Parallel()
	tests := []struct {
		args []string
		want string
	}{
		{[]string{"--nonsense"}, "unknown flag --nonsense"},
		{[]string{"argument"}, "unexpected argument argument"},
		{[]string{"--listen="}, "--listen is empty: give it as HOST:PORT"},
		{[]string{"--max-streams=0"}, "--max-streams is 0: give at least 1"},
		{[]string{"--max-streams=many"}, "--max-streams"},
		{[]string{"--max-connections=-1"}, "--max-connections is -1: give at least 1"},
		{[]string{"--max-streams-per-connection=-1"}, "--max-streams-per-connection is -1: give at least 1"},
		{[]string{"--max-streams-per-connection=0"}, "--max-streams-per-connection is 0: give at least 1"},
		{[]string{"--drain-time=-1s"}, "--drain-time is -1s: give 0s or more"},
		{[]string{"--drain-time=5"}, "--drain-time"},
		{[]string{"--tls-cert=a"}, "--tls-cert is given without --tls-key"},
		{[]string{"--tls-key=a"}, "--tls-key is given without --tls-cert"},
		{[]string{"--log-level=loud"}, `--log-level must be one of "debug","info","warn","error"`},
		{[]string{"--log-format=xml"}, `--log-format must be one of "text","json"`},
	}
	for _, tt := range tests {
		t.Run(strings.Join(tt.args, " "), func(t *testing.T) {
			t.Parallel()
			_, err := parse(tt.args, io.Discard, io.Discard)
			var usage *usageError
			if !errors.As(err, &usage) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want a usage error with %q", err, tt.want)
			}
			var told bytes.Buffer
			if code := report(err, &told); code != exitUsage || !strings.HasSuffix(told.String(), "See numbersd --help.\n") {
				t.Errorf("exit code %d, and %q is told", code, told.String())
			}
		})
	}
}

// What the enum lets through is known, and is the level of that name.
func TestLogLevels(t *testing.T) {
	t.Parallel()
	for name, level := range logLevels {
		c, err := parse([]string{"--log-level", name}, io.Discard, io.Discard)
		if err != nil || !strings.EqualFold(level.String(), name) {
			t.Errorf("%s is %v: %v", name, level, err)
		}
		if log := c.logger(io.Discard); !log.Enabled(t.Context(), level) || log.Enabled(t.Context(), level-1) {
			t.Errorf("%s does not log from %v on", name, level)
		}
	}
	if len(logLevels) != 4 {
		t.Errorf("%d levels, and the flag offers 4", len(logLevels))
	}
}

func TestHelpAndVersion(t *testing.T) {
	t.Parallel()
	for flag, wants := range map[string][]string{
		"--help": {
			"grpcurl -plaintext -d '{\"count\": 5}' localhost:50051 sluice.numbers.v1.NumberService/Generate",
			"--listen=HOST:PORT", "$NUMBERSD_LISTEN", "$NUMBERSD_TLS_CERT", "$NUMBERSD_DRAIN_TIME", "Default: 2000",
		},
		"--version": {"numbersd ", "go1."},
	} {
		var out, errs bytes.Buffer
		if err := run(t.Context(), []string{flag}, &out, &errs); err != nil || errs.Len() > 0 {
			t.Errorf("%s: %v, %s", flag, err, errs.String())
		}
		// Wherever the lines of the help are broken.
		text := strings.Join(strings.Fields(out.String()), " ")
		for _, want := range wants {
			if !strings.Contains(text, want) {
				t.Errorf("%s lacks %q:\n%s", flag, want, out.String())
			}
		}
	}
	if code := report(nil, io.Discard); code != 0 {
		t.Errorf("exit code %d", code)
	}
}
