// SPDX-License-Identifier: Apache-2.0

package main

import (
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"

	"sluice/bridge"
	"sluice/bridge/catalog"
	"sluice/bridge/run"
)

// metrics counts what a bridge does, for Prometheus.
type metrics struct {
	registry *prometheus.Registry

	runsOpened   *prometheus.CounterVec
	runsEnded    *prometheus.CounterVec
	runsReopened *prometheus.CounterVec
	events       *prometheus.CounterVec
	eventBytes   *prometheus.CounterVec
	firstMessage *prometheus.HistogramVec

	streamsOpen   *prometheus.GaugeVec
	streamsOpened *prometheus.CounterVec
	streamsClosed *prometheus.CounterVec
	streamBytes   *prometheus.CounterVec

	known *prometheus.GaugeVec
}

var _ bridge.Observer = (*metrics)(nil)

func newMetrics(backends []upstream) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		runsOpened: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "sluice_runs_opened_total", Help: "Calls made to the backend, by method.",
		}, []string{"method"}),
		runsEnded: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "sluice_runs_ended_total", Help: "Calls that ended, by method and gRPC code.",
		}, []string{"method", "code"}),
		runsReopened: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "sluice_runs_reopened_total", Help: "Times that a broken call was made again from where it stood, by method.",
		}, []string{"method"}),
		events: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "sluice_events_total", Help: "Messages that became events, by method.",
		}, []string{"method"}),
		eventBytes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "sluice_event_bytes_total", Help: "Bytes of those events, counted once however many read them, by method.",
		}, []string{"method"}),
		firstMessage: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "sluice_first_message_seconds", Help: "Time from a call to its first message, by method.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
		}, []string{"method"}),
		streamsOpen: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "sluice_streams_open", Help: "Viewers' connections that are open, by transport.",
		}, []string{"transport"}),
		streamsOpened: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "sluice_streams_opened_total", Help: "Viewers' connections that were opened, by transport.",
		}, []string{"transport"}),
		streamsClosed: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "sluice_streams_closed_total", Help: "Viewers' connections that were closed, by transport and reason.",
		}, []string{"transport", "reason"}),
		streamBytes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "sluice_stream_bytes_total", Help: "Bytes written to viewers, by transport.",
		}, []string{"transport"}),
		known: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "sluice_upstream_known", Help: "1 when the backend has said which methods it has, else 0.",
		}, []string{"backend"}),
	}
	m.registry.MustRegister(
		m.runsOpened, m.runsEnded, m.runsReopened, m.events, m.eventBytes, m.firstMessage,
		m.streamsOpen, m.streamsOpened, m.streamsClosed, m.streamBytes, m.known,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	for _, u := range backends {
		m.known.WithLabelValues(u.name).Set(0)
		gauge := func(name, help string, value func() float64) {
			m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
				Name: name, Help: help, ConstLabels: prometheus.Labels{"backend": u.name},
			}, value))
		}
		gauge("sluice_upstream_ready", "1 while the first connection to the backend is up, else 0.", func() float64 {
			if u.conns.GetState() == connectivity.Ready {
				return 1
			}
			return 0
		})
		gauge("sluice_upstream_connections", "Connections to the backend.", func() float64 { return float64(u.conns.Stats().Conns) })
		gauge("sluice_upstream_streams", "Calls to the backend that its connections carry.", func() float64 { return float64(u.conns.Stats().Streams) })
	}
	return m
}

// watch adds what the bridge says when it is asked.
func (m *metrics) watch(b *bridge.Bridge) {
	gauge := func(name, help string, value func(run.Stats) float64) {
		m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help},
			func() float64 { return value(b.Stats()) }))
	}
	gauge("sluice_runs_live", "Calls that are going on.", func(s run.Stats) float64 { return float64(s.Live) })
	gauge("sluice_runs_kept", "Calls that have ended and can still be read.", func(s run.Stats) float64 { return float64(s.Finished) })
	gauge("sluice_journal_bytes", "Memory that all journals take.", func(s run.Stats) float64 { return float64(s.JournalBytes) })
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{Registry: m.registry})
}

// RunOpened implements run.Observer. The counters are looked up here, once.
func (m *metrics) RunOpened(method string) run.RunObserver {
	m.runsOpened.WithLabelValues(method).Inc()
	return &runMetrics{
		all: m, method: method,
		events: m.events.WithLabelValues(method), bytes: m.eventBytes.WithLabelValues(method),
	}
}

// StreamOpened implements bridge.Observer.
func (m *metrics) StreamOpened(transport string) {
	m.streamsOpened.WithLabelValues(transport).Inc()
	m.streamsOpen.WithLabelValues(transport).Inc()
}

// StreamWrote implements bridge.Observer.
func (m *metrics) StreamWrote(transport string, bytes int) {
	m.streamBytes.WithLabelValues(transport).Add(float64(bytes))
}

// StreamClosed implements bridge.Observer.
func (m *metrics) StreamClosed(transport string, why bridge.CloseReason) {
	m.streamsOpen.WithLabelValues(transport).Dec()
	m.streamsClosed.WithLabelValues(transport, string(why)).Inc()
}

// UpstreamKnown implements bridge.Observer.
func (m *metrics) UpstreamKnown(backend string, known bool) {
	value := 0.0
	if known {
		value = 1
	}
	m.known.WithLabelValues(backend).Set(value)
}

// runMetrics counts one run.
type runMetrics struct {
	all           *metrics
	method        string
	events, bytes prometheus.Counter
}

// FirstMessage implements run.RunObserver.
func (r *runMetrics) FirstMessage(after time.Duration) {
	r.all.firstMessage.WithLabelValues(r.method).Observe(after.Seconds())
}

// Message implements run.RunObserver.
func (r *runMetrics) Message(bytes int) {
	r.events.Inc()
	r.bytes.Add(float64(bytes))
}

// Reopened implements run.RunObserver.
func (r *runMetrics) Reopened() { r.all.runsReopened.WithLabelValues(r.method).Inc() }

// Ended implements run.RunObserver.
func (r *runMetrics) Ended(code codes.Code) {
	// A backend may make up any number of codes, which are all of one name.
	r.all.runsEnded.WithLabelValues(r.method, catalog.CodeName(code)).Inc()
}
