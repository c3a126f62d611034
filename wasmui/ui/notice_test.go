// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"strings"
	"testing"
	"time"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"sluice/wasmui/stream"
)

func TestNoticesSayWhatAndWhy(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		values noticeValues
		want   []string
	}{
		{fallenBack("WebSocket", stream.HeldBack), []string{"Reading over WebSocket now", "by itself", "bursts", "proxy_buffering off;", "X-Accel-Buffering: no"}},
		{fallenBack("long polling", stream.NoHead), []string{"Reading over long polling now", "beginning", "proxy_buffering off;"}},
		{fallenBack("long polling", stream.NoConnection), []string{"does not let a WebSocket through"}},
		{shared(stream.Leading, ""), []string{"for other tabs", "six connections"}},
		{shared(stream.Following, ""), []string{"Listening to another tab", "six connections"}},
		{shared(stream.Beyond, "WebSocket"), []string{"Reading over WebSocket", "HTTP/1.1"}},
	} {
		html := app.HTMLString(&notice{Values: tt.values})
		for _, want := range tt.want {
			if !strings.Contains(html, want) {
				t.Errorf("%q is not said in %s", want, html)
			}
		}
	}
	if shared(stream.OwnConnection, "").shown() || (*reading)(nil).notice().shown() {
		t.Error("something is said of nothing")
	}
}

// What a session tells of arrivals is what the detection of bursts needs.
func TestSessionTellsOfArrivals(t *testing.T) {
	t.Parallel()
	s := newSession(nil, func() {}, func() {})
	type arrival struct {
		from, upTo time.Time
		n          int
	}
	var got []arrival
	s.observe = func(_, from, upTo time.Time, n int) { got = append(got, arrival{from, upTo, n}) }
	r := &reader{session: s}
	event := func(made string) stream.Event {
		return stream.Event{Data: []byte(`{"position":1,"value":1` + made + `}`), Received: time.Now()}
	}
	r.Events([]stream.Event{event(`,"createTime":"2026-01-02T03:04:05Z"`), event(`,"createTime":"2026-01-02T03:04:06Z"`), event(`,"createTime":"2026-01-02T03:04:07Z"`)})
	r.Events([]stream.Event{event("")}) // which does not say
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	if len(got) != 1 || !got[0].from.Equal(at) || !got[0].upTo.Equal(at.Add(2*time.Second)) || got[0].n != 3 {
		t.Errorf("told %v", got)
	}
}
