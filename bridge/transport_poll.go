// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"sluice/bridge/run"
)

// poll answers a request with the events that there are, as soon as there are
// any, or with none when it has waited long enough:
//
//	{"run":"<run>","cursor":"<id>","events":[{"id":…,"data":…}],"end":false}
//
// The cursor is the id of the last event, or stands for how far the viewer has
// come: the next request gives it as the id of the last event that was got.
// Until then nothing counts as got, so that an answer that is cut costs
// nothing.
type poll struct {
	*body
	bridge  *Bridge
	request *http.Request
	wait    time.Duration
	applied bool // whether the request said how long

	o       opened
	objects objects
	events  []byte // of the answer, without the brackets
	cursor  string
	ended   bool
	over    bool // whether the answer is due, whatever is in it
	told    bool // whether it has been given
	failed  bool // whether it was a failure, with a status of its own
}

var _ carrier = (*poll)(nil)

// servePoll answers a long poll.
func (b *Bridge) servePoll(w http.ResponseWriter, r *http.Request, o opened) {
	p := &poll{body: b.newBody(w, r), bridge: b, request: r, objects: objectsOf(o.viewer.Run())}
	p.wait, p.applied = prefersWait(r)
	if !p.applied {
		p.wait = defaultPollWait
	}
	v := o.viewer
	// A reset is an answer, but a failure of the run that it is to is a better one.
	if o.fresh && o.reset != nil && !b.awaitFirst(r, v) {
		v.Discard() // its id was never told
		return
	}
	why := b.carry(p, o, terms{transport: transportPoll, silence: p.wait, once: true})
	switch {
	case p.failed:
		v.Close()
		b.runs.Forget(v.Run())
	case why == ClosedByViewer && o.fresh && !p.told:
		v.Discard() // its id was never told
	case p.ended:
		// It can be read for a while without anyone watching.
		v.Close()
		b.leases.release(v.Run())
	default:
		b.leases.hold(v, b.options.pollGrace)
	}
}

// begin implements carrier.
func (p *poll) begin(o opened, _ time.Duration) {
	p.o = o
	if o.reset != nil {
		p.event(appendObject(nil, nil, quotedReset, o.reset.data()))
	} else if last := lastEventID(p.request); last != "" {
		// Where it goes on by its position it may be as another run, which
		// counts otherwise.
		if id, err := run.ParseEventID(last); err == nil {
			id.Run, id.Seq = o.viewer.Run().ID(), o.viewer.Cursor()
			p.cursor = id.String()
		}
	}
	if p.cursor == "" {
		p.cursor = run.EventID{Run: o.viewer.Run().ID(), Seq: o.viewer.Cursor()}.String()
	}
}

// event adds an event to the answer.
func (p *poll) event(object []byte) {
	if len(p.events) > 0 {
		p.events = append(p.events, ',')
	}
	p.events = append(p.events, object...)
}

// next implements carrier.
func (p *poll) next(v *run.Viewer) (ended bool, err error) {
	p.ended, err = p.objects.each(v, func(id, object []byte) {
		p.event(object)
		p.cursor = string(id)
	})
	return p.ended, err
}

// heartbeat implements carrier: a poll does not wait any longer.
func (p *poll) heartbeat() { p.over = true }

// goodbye implements carrier. The next poll is told all that there is to say.
func (p *poll) goodbye(CloseReason, time.Duration) { p.over = true }

// pending implements carrier.
func (p *poll) pending() bool { return len(p.events) > 0 || p.ended || p.over }

// send implements carrier.
func (p *poll) send() (int, error) {
	p.told = true
	if p.o.fresh && p.ended {
		if f := earlyError(p.o.viewer); f != nil {
			p.failed = true
			p.bridge.fail(p.w, p.request, f)
			return 0, nil
		}
	}
	h := p.w.Header()
	if p.applied {
		h.Set("Preference-Applied", fmt.Sprintf("wait=%d", p.wait/time.Second))
	}
	h.Set(RunHeader, p.o.viewer.Run().ID())
	h.Add("Vary", "Prefer")
	cursor, err := json.Marshal(p.cursor)
	if err != nil {
		panic("a string is JSON: " + err.Error())
	}
	answer := make([]byte, 0, len(p.events)+256)
	answer = fmt.Appendf(answer, `{"run":%q,"cursor":%s,"events":[`, p.o.viewer.Run().ID(), cursor)
	answer = append(answer, p.events...)
	answer = append(answer, `],"end":`...)
	answer = strconv.AppendBool(answer, p.ended)
	return p.answer(append(answer, '}', '\n'))
}
