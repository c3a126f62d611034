// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"sluice/internal/bubble"
	"sluice/wasmui/events"
	"sluice/wasmui/stream"
)

func TestExploreTabs(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		x, s := exploring(t, nil)
		x.choose(x.catalog.Method(watchMethod, "shop"))
		for range mostRuns {
			x.run()
			synctest.Wait()
		}
		x.run()
		synctest.Wait()
		if len(x.runs) != mostRuns || x.said != "All tabs have runs that go on: close one first." {
			t.Fatalf("there are %d tabs, and it says %q", len(x.runs), x.said)
		}
		s.send("id: %s-1-end\nevent: end\ndata: {\"code\":\"OK\"}\n\n", testRun)
		synctest.Wait()
		x.run() // in the place of the one that is over
		synctest.Wait()
		if len(x.runs) != mostRuns || x.current.number != mostRuns+1 {
			t.Errorf("there are %d tabs, the last is %d", len(x.runs), x.current.number)
		}
		x.show(x.runs[2])
		tab := regexp.MustCompile(`<button[^>]* id="explore-tab-3"[^>]*>`).FindString(app.HTMLString(x))
		if tab == "" || strings.Contains(tab, `aria-selected="false"`) {
			t.Errorf("the tab is not marked: %s", tab)
		}
		for len(x.runs) > 0 {
			x.close(x.runs[0])
		}
		synctest.Wait()
		if x.current != nil {
			t.Error("a closed run is still shown")
		}
	})
}

func TestExplorePausesAndFinds(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		x, s := exploring(t, nil)
		x.choose(x.catalog.Method(watchMethod, "shop"))
		x.run()
		synctest.Wait()
		send := func(from, to int) {
			for i := from; i <= to; i++ {
				s.send("id: %s-%d\ndata: {\"n\":%d}\n\n", testRun, i, i)
			}
			synctest.Wait()
		}
		send(1, 20)
		r := x.current
		x.pause(true)
		send(21, 25)
		if v := x.lookAtRun(); !v.Paused || !strings.HasSuffix(v.Summary, ", of which 5 wait") {
			t.Errorf("paused, it says %q", v.Summary)
		}
		if lo, hi := x.list.source.bounds(); lo != 0 || hi != 20 {
			t.Errorf("paused, it shows %d to %d", lo, hi)
		}
		x.pause(false)
		if lo, hi := x.list.source.bounds(); lo != 0 || hi != 25 {
			t.Errorf("it shows %d to %d", lo, hi)
		}
		r.setFilter(`/"n":.?5/`)
		var found []uint64
		for _, step := range []int{1, 1, -1, -1, -1, 1} {
			place, ok := r.find(step)
			if !ok {
				t.Fatal("nothing is found")
			}
			found = append(found, place)
		}
		if fmt.Sprint(found) != "[24 4 24 14 4 14]" {
			t.Errorf("found are %v", found)
		}
		x.setOnly(true)
		if lo, hi := x.list.source.bounds(); lo != 0 || hi != 3 {
			t.Errorf("only what is found are %d to %d", lo, hi)
		}
		if rows := string(x.list.source.markup(nil, 0, 3, false)); !strings.Contains(rows, "<mark>&quot;n&quot;:15</mark>") || !strings.Contains(rows, `data-index="14"`) {
			t.Errorf("the rows are %s", rows)
		}
		r.setFilter("/(/")
		if v := x.lookAtRun(); !strings.HasPrefix(v.Fault, "this is no regular expression") {
			t.Errorf("a bad expression: %q", v.Fault)
		}
		if got := strings.Count(string(r.export()), "\n"); got != 25 {
			t.Errorf("%d lines are saved", got)
		}
		x.leave()
		synctest.Wait()
	})
}

// A run that is paused for long takes no more in than it can keep, loses nothing
// of it, and can be cancelled at once.
func TestExplorePausesWithinBounds(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		x, s := exploring(t, func(req stream.Request) (int, string) {
			if req.Method == "DELETE" {
				return 204, ""
			}
			return 0, ""
		})
		x.choose(x.catalog.Method(watchMethod, "shop"))
		x.run()
		synctest.Wait()
		x.pause(true)
		const chunks, perChunk = 100, 300
		for i := range chunks {
			var text strings.Builder
			for n := range perChunk {
				fmt.Fprintf(&text, "id: %s-%d\ndata: {}\n\n", testRun, i*perChunk+n+1)
			}
			s.send("%s", text.String())
		}
		time.Sleep(10 * time.Minute) // longer than any silence is borne
		synctest.Wait()
		r := x.current
		taken := int(r.client.Snapshot().Events)
		if taken < events.MaxEvents || taken > events.MaxEvents+2*perChunk {
			t.Fatalf("paused, it took %d events in", taken)
		}
		v := x.lookAtRun()
		if v.Status.Text != "Paused" || !strings.Contains(v.Status.Detail, "The stream waits") || !strings.Contains(v.Summary, " wait") {
			t.Errorf("it says %+v, %q", v.Status, v.Summary)
		}
		x.pause(false)
		synctest.Wait()
		if snap := r.client.Snapshot(); snap.Events != chunks*perChunk || snap.Missed != 0 || snap.Requests != 1 {
			t.Errorf("in all %d events came over %d requests, %d are missing", snap.Events, snap.Requests, snap.Missed)
		}
		if _, hi := x.list.source.bounds(); hi != chunks*perChunk {
			t.Errorf("%d were shown", hi)
		}

		x.pause(true)
		for i := range chunks {
			s.send("id: %s-%d\ndata: \"%s\"\n\n", testRun, chunks*perChunk+1+i, strings.Repeat("x", events.MaxBytes/50))
		}
		synctest.Wait()
		if !strings.Contains(x.lookAtRun().Status.Detail, "The stream waits") {
			t.Error("too many bytes do not hold the stream")
		}
		r.client.Stop()
		synctest.Wait()
		if snap := r.client.Snapshot(); snap.Phase != stream.Stopped || snap.Cancel != stream.Cancelled {
			t.Errorf("cancelled while paused, the run is %v", snap.Phase)
		}
		x.leave()
		synctest.Wait()
	})
}
