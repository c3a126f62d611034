// SPDX-License-Identifier: Apache-2.0

//go:build unix

package main

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"sluice/internal/bubble"
)

func TestWaitReady(t *testing.T) {
	t.Parallel()
	server := httptest.NewTLSServer(readyAtThird())
	defer server.Close()
	err := waitReady(t.Context(), server.URL+"/readyz", func(news string) { t.Errorf("told after no time: %s", news) })
	if err != nil {
		t.Error(err)
	}
}

func TestWaitReadyEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusServiceUnavailable)
		cancel()
	}))
	defer server.Close()
	if err := waitReady(ctx, server.URL, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("error = %v, want %v", err, context.Canceled)
	}
}

func TestPollTellsWhatTakesLong(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		began := time.Now()
		var told []time.Duration
		err := poll(t.Context(), func() string {
			if time.Since(began) > 2*readyPatience+readyPatience/2 {
				return ""
			}
			return "not yet"
		}, func(news string) {
			if news != "not yet" {
				t.Errorf("told %q", news)
			}
			told = append(told, time.Since(began))
		})
		if want := []time.Duration{readyPatience, 2 * readyPatience}; err != nil || !slices.Equal(told, want) {
			t.Errorf("told after %v, want %v; error %v", told, want, err)
		}
	})
}

func TestAskRepeatsTheAnswer(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(readyAtThird())
	defer server.Close()
	news := ask(t.Context(), server.Client(), server.URL+"/readyz")
	for _, want := range []string{server.URL + "/readyz", "503", "the backend is away"} {
		if !strings.Contains(news, want) {
			t.Errorf("news %q lacks %q", news, want)
		}
	}
}
