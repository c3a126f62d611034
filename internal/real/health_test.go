// SPDX-License-Identifier: Apache-2.0

package real_test

import (
	"context"
	"net/http"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"sluice/bridge/sse"
)

// startHealth starts grpc-go's health service, which tells on the channel how
// each Watch ended, and a bridge to it.
func startHealth(t *testing.T) (*health.Server, *grpc.Server, *front, <-chan error) {
	t.Helper()
	ended := make(chan error, 1)
	srv := grpc.NewServer(grpc.WaitForHandlers(true), grpc.StreamInterceptor(
		func(s any, stream grpc.ServerStream, info *grpc.StreamServerInfo, next grpc.StreamHandler) error {
			err := next(s, stream)
			if info.FullMethod == healthpb.Health_Watch_FullMethodName {
				ended <- err
			}
			return err
		}))
	h := health.NewServer()
	healthpb.RegisterHealthServer(srv, h)
	return h, srv, bridgeTo(t, serve(t, srv)), ended
}

// A watch that is silent for as long as nothing changes tells each change, and
// ends with the reason when the server goes.
func TestHealthWatch(t *testing.T) {
	t.Parallel()
	h, srv, f, ended := startHealth(t)
	res := request{method: http.MethodGet, url: f.url + "/grpc.health.v1.Health/Watch?service=shop"}.do(t)
	defer res.Body.Close()
	events := sse.NewReader(res.Body)
	for _, step := range []struct {
		status string
		next   func() // what makes the server say what comes next
	}{
		{"SERVICE_UNKNOWN", func() { h.SetServingStatus("shop", healthpb.HealthCheckResponse_SERVING) }},
		{"SERVING", func() { h.SetServingStatus("shop", healthpb.HealthCheckResponse_NOT_SERVING) }},
		{"NOT_SERVING", h.Resume},
		{"SERVING", srv.Stop},
	} {
		e, err := events.Next()
		if err != nil {
			t.Fatalf("there is no event where %s was to come: %v", step.status, err)
		}
		if want := `{"status":"` + step.status + `"}`; string(e.Data) != want {
			t.Fatalf("the event is %s, want %s", e.Data, want)
		}
		step.next()
	}
	e, err := events.Next()
	if err != nil || e.Type != "end" || endCode(t, string(e.Data)) != "UNAVAILABLE" {
		t.Errorf("the server's stop ends the stream by %s %s, %v", e.Type, e.Data, err)
	}
	<-ended
}

// To cancel the run is to cancel the call: the server's handler ends.
func TestHealthWatchCancelled(t *testing.T) {
	t.Parallel()
	_, _, f, ended := startHealth(t)
	res := request{method: http.MethodGet, url: f.url + "/grpc.health.v1.Health/Watch"}.do(t)
	defer res.Body.Close()
	events := sse.NewReader(res.Body)
	if e, err := events.Next(); err != nil || string(e.Data) != `{"status":"SERVING"}` {
		t.Fatalf("the first event is %s, %v", e.Data, err)
	}
	answer := request{method: http.MethodDelete, url: f.url + "/runs/" + res.Header.Get("Sluice-Run")}.do(t)
	answer.Body.Close()
	if answer.StatusCode != http.StatusNoContent {
		t.Errorf("DELETE is answered by %s", answer.Status)
	}
	e, err := events.Next()
	if err != nil || e.Type != "end" || endCode(t, string(e.Data)) != "CANCELLED" {
		t.Errorf("the stream ends by %s %s, %v", e.Type, e.Data, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	select {
	case err := <-ended:
		if status.Code(err) != codes.Canceled {
			t.Errorf("the server's handler ends with %v", err)
		}
	case <-ctx.Done():
		t.Error("the server still serves a watch that was cancelled")
	}
}
