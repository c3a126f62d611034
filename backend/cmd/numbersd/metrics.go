// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	rpccode "google.golang.org/genproto/googleapis/rpc/code"
	"google.golang.org/grpc/codes"

	"sluice/backend"
)

// metricsTimeout bounds each part of a scrape, and how long one that runs at
// the end may take.
const metricsTimeout = 5 * time.Second

// metrics counts for Prometheus what the service does, and serves it over HTTP
// where an address is given.
type metrics struct {
	open   prometheus.Gauge
	opened prometheus.Counter
	ended  [codes.Unauthenticated + 1]prometheus.Counter // by code
	sent   prometheus.Counter

	listener net.Listener // nil where none is served
	server   *http.Server
}

var _ backend.Metrics = (*metrics)(nil)

// newMetrics registers the metrics.
func newMetrics(registry prometheus.Registerer) *metrics {
	m := &metrics{
		open: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "numbersd_streams_open", Help: "Streams that are open now.",
		}),
		opened: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "numbersd_streams_opened_total", Help: "Streams that were asked for, the refused ones too.",
		}),
		sent: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "numbersd_numbers_sent_total", Help: "Numbers that were sent.",
		}),
	}
	ended := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "numbersd_streams_ended_total", Help: "Streams that ended, by the gRPC status code that they ended with.",
	}, []string{"code"})
	for code := range m.ended {
		// All at 0 from the start, so that a first failure is an increase.
		m.ended[code] = ended.WithLabelValues(rpccode.Code(code).String())
	}
	registry.MustRegister(m.open, m.opened, m.sent, ended)
	return m
}

// openMetrics returns metrics that are served on the address, or nowhere if it
// is empty.
func openMetrics(ctx context.Context, address string, log *slog.Logger) (*metrics, error) {
	registry := prometheus.NewRegistry()
	m := newMetrics(registry)
	if address == "" {
		return m, nil
	}
	registry.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	listener, err := listen(ctx, "--metrics-listen", address)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	m.listener = listener
	m.server = newMetricsServer(mux, log)
	go func() {
		if err := m.server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			// The numbers are what people came for: they go on.
			log.Error("metrics are no longer served", slog.Any("error", err))
		}
	}()
	log.Info("serving metrics", slog.String("address", listener.Addr().String()))
	return m, nil
}

// newMetricsServer returns a server for h with bounds on everything.
func newMetricsServer(h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:     h,
		ReadTimeout: metricsTimeout,
		// It is counted from the same moment, and a body that does not come is
		// waited for before the answer is written.
		WriteTimeout:   2 * metricsTimeout,
		IdleTimeout:    time.Minute,
		MaxHeaderBytes: 16 << 10,
		ErrorLog:       slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
}

// address is where the metrics are served, nil for nowhere.
func (m *metrics) address() net.Addr {
	if m.listener == nil {
		return nil
	}
	return m.listener.Addr()
}

// close stops serving.
func (m *metrics) close() {
	if m.server == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), metricsTimeout)
	defer cancel()
	if m.server.Shutdown(ctx) != nil {
		_ = m.server.Close()
	}
}

func (m *metrics) StreamOpened() {
	m.open.Inc()
	m.opened.Inc()
}

func (m *metrics) StreamEnded(code codes.Code) {
	m.open.Dec()
	if int(code) >= len(m.ended) { // not one of gRPC's
		code = codes.Unknown
	}
	m.ended[code].Inc()
}

func (m *metrics) NumberSent() { m.sent.Inc() }
