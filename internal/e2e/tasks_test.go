// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"encoding/json"
	"time"

	"github.com/chromedp/cdproto/tracing"
	"github.com/chromedp/chromedp"
)

// tasks is how long the longest tasks of a page's main thread took, while
// which the page could do nothing else.
type tasks struct {
	// wall is by the clock, which counts what other processes took meanwhile,
	// and cpu is what the thread itself worked.
	wall, cpu time.Duration
	count     int
}

// traceEvent is an event of a trace.
//
// Source: "Trace Event Format", Google.
type traceEvent struct {
	Name    string  `json:"name"`
	Phase   string  `json:"ph"`
	Process int     `json:"pid"`
	Thread  int     `json:"tid"`
	Micros  float64 `json:"dur"`
	CPU     float64 `json:"tdur"`
	Args    struct {
		Name string `json:"name"`
	} `json:"args"`
}

// trace measures the tasks that the page's main thread runs during f.
func (p *page) trace(f func()) tasks {
	p.t.Helper()
	var events []traceEvent
	complete := make(chan struct{})
	err := chromedp.Listen(p.ctx, func(ev any) {
		switch ev := ev.(type) {
		case *tracing.EventDataCollected:
			for _, value := range ev.Value {
				var e traceEvent
				if json.Unmarshal(value, &e) == nil {
					events = append(events, e)
				}
			}
		case *tracing.EventTracingComplete:
			close(complete)
		}
	})
	if err != nil {
		p.t.Fatal(err)
	}
	_, err = chromedp.Call(p.ctx, tracing.Start, tracing.StartParams{
		TransferMode: tracing.StartTransferModeReportEvents,
		TraceConfig:  &tracing.TraceConfig{IncludedCategories: []string{"toplevel"}},
	})
	if err != nil {
		p.t.Fatal(err)
	}
	f()
	if _, err := chromedp.Call(p.ctx, tracing.End, struct{}{}); err != nil {
		p.t.Fatal(err)
	}
	select {
	case <-complete:
	case <-time.After(patience):
		p.t.Fatal("the trace was not completed")
	}
	return mainTasks(events)
}

// mainTasks finds the tasks of the renderer that did most, which is the page's.
func mainTasks(events []traceEvent) tasks {
	type thread struct{ process, thread int }
	main := make(map[thread]bool)
	for _, e := range events {
		if e.Name == "thread_name" && e.Args.Name == "CrRendererMain" {
			main[thread{e.Process, e.Thread}] = true
		}
	}
	all := make(map[thread]tasks)
	var busiest thread
	for _, e := range events {
		at := thread{e.Process, e.Thread}
		if e.Phase != "X" || e.Name != "ThreadControllerImpl::RunTask" || !main[at] {
			continue
		}
		t := all[at]
		t.wall = max(t.wall, time.Duration(e.Micros)*time.Microsecond)
		t.cpu = max(t.cpu, time.Duration(e.CPU)*time.Microsecond)
		t.count++
		all[at] = t
		if t.count >= all[busiest].count {
			busiest = at
		}
	}
	return all[busiest]
}
