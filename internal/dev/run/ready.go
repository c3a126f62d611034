// SPDX-License-Identifier: Apache-2.0

//go:build unix

package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

const (
	// readyInterval is the pause between two questions.
	readyInterval = 100 * time.Millisecond

	// readyPatience is how long readiness may take before each further piece
	// of news about it is told.
	readyPatience = 10 * time.Second

	// readyTimeout bounds one question.
	readyTimeout = 2 * time.Second

	// readyAnswer bounds how much of an answer is read, in bytes.
	readyAnswer = 512
)

// waitReady asks url until it answers 200 OK or ctx ends, whose error it then
// returns. When that takes long, it calls tell with the last answer, once for
// every readyPatience that passes.
func waitReady(ctx context.Context, url string, tell func(news string)) error {
	// A transport of its own: no connection outlives the call, and no proxy
	// that the environment names stands between two programs of one machine.
	// Nor is there anybody to be deceived about who answers: certificates are
	// for the names by which others call.
	transport := &http.Transport{
		DisableKeepAlives: true,
		TLSClientConfig:   &tls.Config{InsecureSkipVerify: true},
	}
	client := &http.Client{Transport: transport, Timeout: readyTimeout}
	return poll(ctx, func() string { return ask(ctx, client, url) }, tell)
}

// poll calls ask until it has no news, as described at waitReady.
func poll(ctx context.Context, ask func() (news string), tell func(news string)) error {
	patience := time.Now().Add(readyPatience)
	for {
		news := ask()
		if news == "" {
			return nil
		}
		if now := time.Now(); ctx.Err() == nil && !now.Before(patience) {
			tell(news)
			patience = now.Add(readyPatience)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(readyInterval):
		}
	}
}

// ask asks once and returns what stands in the way, empty when nothing does.
func ask(ctx context.Context, client *http.Client, url string) (news string) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err.Error()
	}
	res, err := client.Do(req)
	if err != nil {
		return err.Error()
	}
	defer res.Body.Close()
	if res.StatusCode == http.StatusOK {
		return ""
	}
	body, _ := io.ReadAll(io.LimitReader(res.Body, readyAnswer)) // What was read of it is news enough.
	return fmt.Sprintf("%s answers %s: %s", url, res.Status, strings.TrimSpace(string(body)))
}
