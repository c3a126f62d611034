// SPDX-License-Identifier: Apache-2.0

package check

import (
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"time"
)

// compression asks for the stream as browsers do, who can read it compressed,
// and sees whether it then still arrives in time.
type compression struct {
	skip     string
	encoding string
	begun    bool          // whether a byte could be read
	first    time.Duration // from the request to that
	last     bool          // whether the stream ended right after it
	waited   time.Duration
}

func (p *compression) try(ctx context.Context, s *visit) {
	main := s.main.rec
	if err := main.wait(ctx, func(r *recording) bool { return !r.firstAt.IsZero() }); err != nil {
		p.skip = "The time was up before there was anything to compress."
		return
	}
	c, err := s.client.open(ctx, ask{header: map[string]string{"Accept-Encoding": "gzip"}})
	if err != nil {
		p.skip = fmt.Sprintf("A further connection could not be opened: %v.", err)
		return
	}
	defer c.cut()
	if !c.isEventStream() {
		p.skip = fmt.Sprintf("A further connection was answered with %s.", statusText(c.StatusCode))
		return
	}
	if p.encoding = c.encoding(); p.encoding != "gzip" {
		return
	}
	// As long as the same took without compression, and then some.
	main.mu.Lock()
	patience := main.firstAt.Sub(main.askedAt) + answerWait
	main.mu.Unlock()
	short, stop := context.WithTimeout(ctx, patience)
	defer stop()
	_ = c.read(short, func(*recording) bool { return true }) // the recording has it
	p.waited = time.Since(c.rec.askedAt)
	if p.begun = !c.rec.firstAt.IsZero(); !p.begun {
		return
	}
	p.first = c.rec.firstAt.Sub(c.rec.askedAt)
	soon, stop := context.WithTimeout(ctx, together)
	defer stop()
	_ = c.read(soon, nil)
	p.last = c.rec.ended == endClean
}

func (p *compression) judge(main *recording) Result {
	const name = "compression"
	plain := main.firstAt.Sub(main.askedAt)
	switch {
	case p.skip != "":
		return Result{name, Skipped, p.skip}
	case p.encoding == "":
		return Result{name, Pass, "The stream is not compressed, also for browsers, which offer to read it so."}
	case p.encoding != "gzip":
		return Result{name, Warn, fmt.Sprintf("Asked for gzip, the stream comes as %s, which was not offered.", quote(p.encoding))}
	case !p.begun:
		return Result{name, Fail, fmt.Sprintf("Asked for gzip, the stream comes compressed, and nothing of it could be read for %s; uncompressed it began after %s. What compresses it holds events back: flush it after each, or leave text/event-stream alone.", span(p.waited), span(plain))}
	case p.first > plain+promptly, p.last && p.first > plain+minPause:
		return Result{name, Fail, fmt.Sprintf("Asked for gzip, the stream comes compressed, and began only after %s; uncompressed it began after %s. What compresses it holds events back: flush it after each, or leave text/event-stream alone.", span(p.first), span(plain))}
	default:
		return Result{name, Pass, fmt.Sprintf("Asked for gzip, the stream comes compressed and still begins in time, after %s.", span(p.first))}
	}
}

// unzipped reads a compressed stream. The first read waits for its head.
type unzipped struct {
	compressed io.Reader
	zip        *gzip.Reader
}

func (u *unzipped) Read(p []byte) (int, error) {
	if u.zip == nil {
		var err error
		if u.zip, err = gzip.NewReader(u.compressed); err != nil {
			return 0, err
		}
	}
	return u.zip.Read(p)
}
