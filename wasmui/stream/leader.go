// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"strconv"
	"strings"
	"sync"
)

// What tabs say to each other on the channel of a run. Only the leader speaks in
// textMessage and atMessage.
const (
	helloMessage = "hello" // is there a leader, and where is it?
	atMessage    = "at "   // here, after the event of this number
	textMessage  = "+"     // events, as a stream has them
)

// leader reads a run and passes on what it reads to the tabs that have asked.
type leader struct {
	Response
	tabs    *Tabs
	close   func()
	release func()
	done    sync.Once

	mu     sync.Mutex
	post   func(text string)
	blocks blocks
	heard  bool // by another tab
	lost   bool // what comes cannot be passed on
}

// newLeader passes on what resp gives after the event with this id. It is heard
// from the start where it has the place of another, which other tabs may have been
// hearing.
func newLeader(t *Tabs, resp Response, run string, release func(), id string, heard bool) *leader {
	l := &leader{Response: resp, tabs: t, release: release, heard: heard}
	// The number of an event of another run says nothing of a place in this one.
	if of, _, ok := parseEventID(id); ok && of == run {
		l.blocks.id = id
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.post, l.close = t.channel(runLock+run, l.hear)
	return l
}

// hear answers a tab that asks. What is read from then on is passed on.
func (l *leader) hear(text string) {
	if text != helloMessage {
		return
	}
	l.mu.Lock()
	// Where events have no numbers, none can say where it is.
	lost := l.lost || l.blocks.id != "" && l.blocks.number() == 0
	if !lost {
		l.heard = true
		l.post(atMessage + strconv.FormatUint(l.blocks.number(), 10))
	}
	l.mu.Unlock()
	if !lost {
		l.tabs.set(Leading)
	}
}

func (l *leader) Read(p []byte) (int, error) {
	n, err := l.Response.Read(p)
	if n > 0 {
		l.mu.Lock()
		if !l.lost {
			complete, ok := l.blocks.add(p[:n])
			l.lost = !ok
			if l.heard && len(complete) > 0 {
				l.post(textMessage + string(complete))
			}
		}
		l.mu.Unlock()
	}
	return n, err
}

func (l *leader) Close() error {
	err := l.Response.Close()
	l.done.Do(func() {
		l.close()
		l.release()
	})
	return err
}

// atNumber reads what a leader says of where it is.
func atNumber(text string) (n uint64, ok bool) {
	digits, ok := strings.CutPrefix(text, atMessage)
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseUint(digits, 10, 64)
	return n, err == nil
}
