// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"context"
	"time"
)

// stop leaves the stream and asks the server to cancel the run. c is the
// connection in use, if there is one.
func (m *machine) stop(ctx context.Context, c *connection) {
	waits := m.snap.Phase == Connecting && m.snap.Run == "" && !m.snap.Queued
	if c != nil && !waits {
		c.abandon()
	}
	if (c == nil || m.snap.Queued) && m.snap.Run == "" {
		m.finish(Stopped, "Stopped. No run had begun.", nil)
		return
	}
	m.snap.Cancel = Cancelling
	m.finish(Stopped, "Stopped. The server is asked to cancel the run.", nil)
	if waits {
		m.snap.Run = learnRun(ctx, c)
		c.abandon()
	}
	m.snap.Cancel, m.snap.Reason = m.cancel(ctx)
	m.publish()
}

// learnRun waits for a response that is under way to name its run: a request
// that is merely given up may leave a run behind that nobody can name.
func learnRun(ctx context.Context, c *connection) string {
	timer := time.NewTimer(StopPatience)
	defer timer.Stop()
	select {
	case h := <-c.head:
		if validRun(h.run) {
			return h.run
		}
	case <-timer.C:
	case <-ctx.Done():
	}
	return ""
}

// cancel asks the server to cancel the run. The page may be going away, so
// neither the end of the client's context nor that of the page ends the request.
func (m *machine) cancel(ctx context.Context) (Cancel, string) {
	const policy = " What becomes of the run is the server's policy."
	if m.snap.Run == "" {
		return CancelFailed, "Stopped. The server had not named the run." + policy
	}
	ctx, done := context.WithTimeout(context.WithoutCancel(ctx), CancelTimeout)
	defer done()
	req := Request{Method: "DELETE", URL: m.runURL(m.snap.Run), Header: m.header("application/json"), Keepalive: true}
	for try := 1; ; try++ {
		status := 0
		resp, err := m.cfg.Transport.Open(ctx, req)
		if err == nil {
			status = resp.Status()
			_ = resp.Close()
		}
		switch {
		case status >= 200 && status < 300:
			return Cancelled, "Stopped, and the run is cancelled."
		case status == 404 || status == 410:
			return CancelFailed, "Stopped. The server no longer knows the run."
		case err == nil && !retryableStatus(status):
			return CancelFailed, "Stopped. The server did not cancel the run: " + statusWords(status) + "." + policy
		case try == CancelTries || !sleep(ctx, m.backoff(try-1)):
			if err != nil {
				return CancelFailed, "Stopped. The server could not be reached to cancel the run." + policy
			}
			return CancelFailed, "Stopped. The server could not cancel the run: " + statusWords(status) + "." + policy
		}
	}
}

// sleep lets time go by and says whether the context is still alive.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
