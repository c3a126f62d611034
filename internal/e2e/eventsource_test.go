// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"sluice/bridge"
	"sluice/internal/rig"
)

// EventSource itself: every number once, and it stops by itself at the end.
func TestNativeEventSource(t *testing.T) {
	t.Parallel()
	_, _, p := start(t, rig.Config{}, "")
	got := evaluate[struct {
		Positions []int
		Ends      int
		State     int
		Opens     int
	}](p, `new Promise(done => {
		const out = {Positions: [], Ends: 0, Opens: 0};
		const es = new EventSource('/sse?count=5&min_pause=0.05s&max_pause=0.05s');
		es.onopen = () => out.Opens++;
		es.onmessage = e => out.Positions.push(JSON.parse(e.data).position);
		es.addEventListener('end', () => out.Ends++);
		es.onerror = () => { if (es.readyState === EventSource.CLOSED) { out.State = es.readyState; done(out); } };
	})`)
	if toJSON(got) != `{"Positions":[1,2,3,4,5],"Ends":1,"State":2,"Opens":1}` {
		t.Errorf("EventSource got %s", toJSON(got))
	}
}

// EventSource over a finite stream whose connections are cut in the middle, also
// within an event: every number once, and it stops by itself at the end.
func TestNativeEventSourceIsCut(t *testing.T) {
	t.Parallel()
	r := rig.Start(t, rig.Config{Bridge: []bridge.Option{bridge.WithRetry(10 * time.Millisecond)}})
	proxy := rig.NewProxy(t, strings.TrimPrefix(r.URL, "http://"))
	p := newBrowser(t).newPage()
	p.open("http://" + proxy.Addr() + "/")
	evaluate[bool](p, `
		window.got = {positions: [], ends: 0, opens: 0, closed: false};
		const es = new EventSource('/sse?count=60&min_pause=0.05s&max_pause=0.05s');
		es.onopen = () => got.opens++;
		es.onmessage = e => got.positions.push(JSON.parse(e.data).position);
		es.addEventListener('end', () => got.ends++);
		es.onerror = () => got.closed = es.readyState === EventSource.CLOSED;
		true`)
	cuts := 0
	for _, at := range []int{5, 15, 25} {
		p.wait("numbers come", fmt.Sprintf(`got.positions.length >= %d`, at))
		// What comes back has some 500 bytes of a head and 250 a number, and is cut
		// once more within one.
		proxy.Break(rig.Fault{Cut: true, CutAfter: 800 + at, Reset: true})
		proxy.CutAll()
		cuts++
	}
	p.wait("it stops by itself", `got.closed`)
	got := evaluate[struct {
		Positions   []int
		Ends, Opens int
	}](p, `({Positions: got.positions, Ends: got.ends, Opens: got.opens})`)
	want := make([]int, 60)
	for i := range want {
		want[i] = i + 1
	}
	if !slices.Equal(got.Positions, want) || got.Ends != 1 {
		t.Errorf("EventSource got the numbers %v and %d ends", got.Positions, got.Ends)
	}
	if got.Opens <= cuts {
		t.Errorf("%d connections were opened, although %d were cut", got.Opens, cuts)
	}
	p.forgive("net::ERR_")
}
