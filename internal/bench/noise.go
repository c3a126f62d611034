// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"hash/crc32"
	"os"
	"runtime"
	"strings"
	"time"
)

// machine is what was measured on.
type machine struct {
	System string `json:"system"`
	CPU    string `json:"cpu"`
	Cores  int    `json:"cores"`
	Go     string `json:"go"`
}

func describeMachine() machine {
	m := machine{System: runtime.GOOS + "/" + runtime.GOARCH, CPU: "unknown processor", Cores: runtime.NumCPU(), Go: runtime.Version()}
	// Where there is no such file the processor stays unknown.
	info, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(info)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			m.CPU = strings.TrimSpace(value)
			break
		}
	}
	return m
}

// String says it in a line.
func (m machine) String() string {
	return fmt.Sprintf("%d × %s, %s, %s", m.Cores, m.CPU, m.System, m.Go)
}

// noise says what else the machine did: how long the same little work took, in
// milliseconds, time and again while nothing was measured, and the load
// averages before and after. On a machine that is left alone, the slowest is
// hardly slower than the fastest.
type noise struct {
	Fastest float64 `json:"fastest_ms"`
	Median  float64 `json:"median_ms"`
	P95     float64 `json:"p95_ms"`
	Before  string  `json:"load_before"`
	After   string  `json:"load_after"`
}

// String says it in a line.
func (n noise) String() string {
	return fmt.Sprintf("noise: the same work took %s ms at best, %s ms in the median, %s ms at the 95th percentile; load average before %s, after %s",
		short(n.Fastest), short(n.Median), short(n.P95), n.Before, n.After)
}

// listener hears noise between measurements.
type listener struct {
	took []float64
	load string
}

const (
	noiseBytes   = 16 << 20 // some milliseconds of work
	noiseSamples = 25
)

func newListener() *listener { return &listener{load: loadAverage()} }

// listen does the little work some times.
func (l *listener) listen() {
	block := make([]byte, 64<<10)
	for range noiseSamples {
		begun := time.Now()
		for range noiseBytes / len(block) {
			block[0] += byte(crc32.ChecksumIEEE(block))
		}
		l.took = append(l.took, time.Since(begun).Seconds()*1e3)
	}
}

// noise returns what was heard.
func (l *listener) noise() noise {
	return noise{
		Fastest: quantile(l.took, 0), Median: median(l.took), P95: quantile(l.took, 0.95),
		Before: l.load, After: loadAverage(),
	}
}

// loadAverage returns the load of the last minute, "unknown" where the system
// does not say.
func loadAverage() string {
	text, err := os.ReadFile("/proc/loadavg")
	first, _, ok := strings.Cut(string(text), " ")
	if err != nil || !ok {
		return "unknown"
	}
	return first
}
