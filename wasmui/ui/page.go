// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"strconv"
	"time"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"sluice/wasmui/stream"
)

// Page is the Stream page, the root of the tree: it holds the state of the page
// and draws its parts from it.
type Page struct {
	app.Compo

	session *session
	reading *reading // nil where a test reads by its own means
	log     *logView
	painter *painter

	ctx       app.Context // of the mounted page
	listeners []*listener

	knobs       Knobs
	begun       Knobs           // of the stream that is shown, whatever was turned since
	edited      map[string]bool // fields changed since they were found at fault
	ready       bool            // mounted: the page answers
	origin      string
	offline     bool
	panelOpen   bool
	chart       chartKind
	update      bool // a newer version is ready
	installable bool // the browser would install the app
	said        string
	sayings     int // counts what was said, so that only the last one is taken back
	title       string
	url         string // what the address bar was last given
	urlTimer    *time.Timer
}

var (
	_ app.Mounter      = (*Page)(nil)
	_ app.Dismounter   = (*Page)(nil)
	_ app.AppUpdater   = (*Page)(nil)
	_ app.AppInstaller = (*Page)(nil)
)

// NewPage makes the page. It does nothing until it is mounted, so it can be
// rendered outside of a browser.
func NewPage() *Page {
	var p *Page
	r := newReading(func() { p.painter.rest() })
	p = newPage(r)
	p.reading = r
	p.session.observe = r.observe
	return p
}

func newPage(transport stream.Transport) *Page {
	p := &Page{origin: defaultOrigin, edited: make(map[string]bool)}
	p.painter = &painter{
		frame:  func(func()) {}, // until the page is mounted
		after:  afterFunc,
		hidden: isHidden,
		drawNumbers: func() (leap bool) {
			more, leap := p.log.flush()
			if more {
				p.painter.numbers()
			}
			return leap
		},
		drawRest: p.drawRest,
	}
	p.session = newSession(transport, p.painter.numbers, p.painter.rest)
	p.log = newLogView(numberSource{p.session}, p.painter.rest)
	return p
}

// Render implements app.Composer.
func (p *Page) Render() app.UI {
	v := p.session.look(p.knobs, p.offline, p.chart, time.Now())
	if !p.ready {
		v.Status.Text, v.Status.Tone = "Loading", toneBusy
	}
	return with(node("div", "page",
		with(text("a", "skip", "Skip to the numbers"), "href", "#"+numbersID).OnClick(p.onSkip),
		node("div", "notices",
			when(p.update, func() app.UI { return &updateNotice{Running: v.Running, Page: p} }),
		),
		&masthead{At: StreamPath, Status: v.Status, Installable: p.installable, Page: p},
		node("main", "main",
			node("div", "stage",
				&numberLog{
					Empty: v.Empty, Live: v.Live, Fast: v.Fast, Tone: v.Status.Tone,
					Behind: p.log.hidden.Load(), Free: p.log.free, View: p.log,
				},
				when(v.Empty, func() app.UI {
					return &welcome{Knobs: p.knobs, Origin: p.origin, Ready: p.ready, Page: p}
				}),
			),
			&problem{Values: v.Problem, Page: p},
			&notice{Values: p.notice(v), Page: p},
			with(node("section", "strip",
				with(text("h2", "unseen", "Figures"), "id", "strip-title"),
				&figures{Values: v.Figures},
				&chart{Values: v.Chart, Page: p},
				&takeaway{Run: v.Run, Running: v.Running, Kept: v.Kept, Page: p},
			), "aria-labelledby", "strip-title"),
			&controls{
				Sentence: p.knobs.Sentence(), Ready: p.ready, Running: v.Running, CanCut: v.CanCut,
				PanelOpen: p.panelOpen, Page: p,
			},
		),
		&requestPanel{Knobs: p.knobs, Problem: p.atKnobs(v.Problem), Open: p.panelOpen, Page: p},
		// Not of the role status, which is the connection's alone.
		with(text("div", "said", p.said), "aria-live", "polite"),
		with(text("div", "unseen", v.Announce), "aria-live", "polite"),
	), "data-empty", yes(v.Empty))
}

// notice is what there is to say of the way to the bridge while a stream is there.
func (p *Page) notice(v view) noticeValues {
	if v.Empty && !v.Running {
		return noticeValues{}
	}
	return p.reading.notice()
}

// atKnobs leaves out what was said of fields that have been changed since.
func (p *Page) atKnobs(v problemValues) problemValues {
	left := problemValues{}
	for _, f := range v.Fields {
		if !p.edited[f.Field] {
			left.Fields = append(left.Fields, f)
		}
	}
	return left
}

// drawRest has the tree drawn, and reports whether that is to be repeated.
func (p *Page) drawRest() (running bool) {
	if !p.ready {
		return false
	}
	p.ctx.Dispatch(func(app.Context) { p.follow() })
	p.session.mu.Lock()
	defer p.session.mu.Unlock()
	return p.session.running()
}

// follow keeps what lies outside of the tree in step: the address, in which a
// run stands while it runs, and the title.
func (p *Page) follow() {
	p.session.mu.Lock()
	running, run, count := p.session.running(), p.session.snap.Run, p.session.history.Total()
	joining := p.session.client != nil && p.session.snap.Phase == stream.Idle
	p.session.mu.Unlock()
	if joining {
		return // the client has not said anything yet
	}
	p.setURL(p.address(running, run))
	title := pageTitle(running, count)
	if title != p.title {
		p.title = title
		setTitle(title)
	}
}

// address is that of the page. While a run goes on it is the run's, with what the
// run was begun with: what is turned meanwhile is for the next one, and a bridge
// asked for this one by another request would begin it anew.
func (p *Page) address(running bool, run string) string {
	if running {
		return pageURL(p.begun, run)
	}
	return pageURL(p.knobs, "")
}

// pageTitle tells in the row of tabs how far the stream is.
func pageTitle(running bool, count uint64) string {
	if running && count > 0 {
		return "(" + strconv.FormatUint(count, 10) + ") Sluice: numbers, live"
	}
	return "Sluice: numbers, live"
}
