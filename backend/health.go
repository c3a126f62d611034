// SPDX-License-Identifier: Apache-2.0

package backend

import (
	"sync/atomic"

	"google.golang.org/grpc/health"
	healthgrpc "google.golang.org/grpc/health/grpc_health_v1"
)

// healthServer is gRPC's own, which says SERVING of the server as a whole and
// of one service until Shutdown. What it adds is that every watcher is told of
// the shutdown: gRPC's picks either that news or the end of the stream to look
// at first.
type healthServer struct {
	*health.Server
	down atomic.Bool
}

func newHealthServer(service string) *healthServer {
	h := &healthServer{Server: health.NewServer()}
	h.SetServingStatus(service, healthgrpc.HealthCheckResponse_SERVING)
	return h
}

// Shutdown says NOT_SERVING from now on.
func (h *healthServer) Shutdown() {
	h.down.Store(true)
	h.Server.Shutdown()
}

// Watch is the standard method.
func (h *healthServer) Watch(req *healthgrpc.HealthCheckRequest, stream healthgrpc.Health_WatchServer) error {
	watch := &watchStream{Health_WatchServer: stream}
	err := h.Server.Watch(req, watch)
	if h.down.Load() && watch.last == healthgrpc.HealthCheckResponse_SERVING {
		if err := stream.Send(&healthgrpc.HealthCheckResponse{Status: healthgrpc.HealthCheckResponse_NOT_SERVING}); err != nil {
			return err
		}
	}
	return err
}

// watchStream remembers what its watcher was last told.
type watchStream struct {
	healthgrpc.Health_WatchServer
	last healthgrpc.HealthCheckResponse_ServingStatus
}

func (s *watchStream) Send(r *healthgrpc.HealthCheckResponse) error {
	s.last = r.GetStatus()
	return s.Health_WatchServer.Send(r)
}
