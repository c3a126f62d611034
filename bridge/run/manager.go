// SPDX-License-Identifier: Apache-2.0

package run

import (
	"context"
	"crypto/sha256"
	"errors"
	"slices"
	"sync"
	"time"

	"google.golang.org/grpc"

	"sluice/bridge/journal"
)

// ErrTooManyRuns says that there are as many runs as there may be, and none
// that could be forgotten.
var ErrTooManyRuns = errors.New("run: as many streams are open as the bridge carries")

// ErrShutdown says that a manager opens no more runs.
var ErrShutdown = errors.New("run: the bridge is shutting down")

// warnEvery is how often it is said, at the most, that memory is short.
const warnEvery = time.Minute

// Manager opens runs, finds them by id, and forgets the finished ones when
// they are old or their memory is needed. It must be made by [NewManager] and
// may be used by any number of goroutines at once.
type Manager struct {
	conn   grpc.ClientConnInterface
	config Config
	budget *journal.Budget
	stop   context.CancelFunc
	wg     sync.WaitGroup // of the runs
	// relieving is of the goroutine that watches the budget.
	relieving sync.WaitGroup

	mu       sync.Mutex
	closed   bool
	runs     map[string]*Run
	shared   map[string]*Run
	finished []retained // oldest first
	expire   *time.Timer
	// warned is when it was last said that memory is short.
	warned time.Time
}

// retained is a finished run that can still be read.
type retained struct {
	run   *Run
	until time.Time
}

// NewManager returns a manager whose runs call methods on conn, unless their
// [Spec] names another connection. It must be closed.
func NewManager(conn grpc.ClientConnInterface, c Config) *Manager {
	c = c.withDefaults()
	ctx, stop := context.WithCancel(context.Background())
	m := &Manager{
		conn: conn, config: c, stop: stop,
		budget: journal.NewBudget(c.TotalBytes),
		runs:   make(map[string]*Run), shared: make(map[string]*Run),
	}
	m.relieving.Go(func() { m.relieve(ctx) })
	return m
}

// Open begins a run, or finds an equal one where its method is shared, and
// returns its viewer. Who goes on from a position may find one, too: if that
// has had an event with the position and still holds what followed. It does not
// wait for the backend: an RPC that fails is a run that ends. It fails with
// [ErrTooManyRuns] and [ErrShutdown], and where the position is not one of the
// method's.
func (m *Manager) Open(s Spec) (*Viewer, error) {
	request := s.Request
	if s.Position != "" {
		var err error
		if request, err = s.Method.ResumeRequest(request, s.Position); err != nil {
			return nil, err
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	keys := shareKeys(s)
	for _, key := range keys {
		// One that calls the method by another schema, from before the backend
		// changed it, is another stream.
		if r := m.shared[key]; r != nil && r.method == s.Method {
			if v := r.join(s.Position); v != nil {
				return v, nil
			}
		}
	}
	if m.closed {
		return nil, ErrShutdown
	}
	if len(m.runs) >= m.config.MaxRuns && !m.forgetOldest(false) {
		return nil, ErrTooManyRuns
	}
	if s.After > maxAfter {
		// The position says where the stream goes on, under whatever numbers.
		s.ID, s.After = "", 0
	}
	key := ""
	if n := len(keys); n > 0 {
		key = keys[n-1]
	}
	r := m.newRun(s, key)
	v := r.attach(s.After)
	conn := s.Conn
	if conn == nil {
		conn = m.conn
	}
	u := &upstream{run: r, conn: conn, request: request, metadata: s.Metadata, seq: s.After, position: []byte(s.Position)}
	m.wg.Go(u.carry)
	return v, nil
}

// newRun is called with mu held.
func (m *Manager) newRun(s Spec, key string) *Run {
	id := s.ID
	if id == "" || m.runs[id] != nil {
		id = NewID()
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	if s.Timeout > 0 {
		timed, stop := context.WithTimeoutCause(ctx, s.Timeout, errDeadline)
		ctx, cancel = timed, also(cancel, stop)
	}
	r := &Run{
		manager: m, id: id, method: s.Method, owner: s.Owner, shareKey: key, timeout: s.Timeout,
		journal:  journal.NewMemory(journal.MemoryConfig{Limit: m.config.JournalBytes, Budget: m.budget, After: s.After}),
		observer: m.config.Observer.RunOpened(s.Method.FullName), opened: time.Now(),
		after: s.After, position: s.Position, request: sha256.Sum256(s.Request.Wire),
		ctx: ctx, cancel: cancel,
		space: make(chan struct{}, 1), done: make(chan struct{}),
		viewers: make(map[*Viewer]struct{}),
	}
	m.runs[id] = r
	if key != "" {
		m.shared[key] = r
	}
	return r
}

// also returns what does cancel, and then stop.
func also(cancel context.CancelCauseFunc, stop context.CancelFunc) context.CancelCauseFunc {
	return func(cause error) {
		cancel(cause)
		stop()
	}
}

// Find returns the run with the given id, if it is the owner's, or nil.
func (m *Manager) Find(id, owner string) *Run {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := m.runs[id]
	if r == nil || r.owner != owner {
		return nil
	}
	return r
}

// Stats is how much a manager carries.
type Stats struct {
	// Live and Finished are numbers of runs, the latter of those that can
	// still be read.
	Live, Finished int
	// JournalBytes is the memory that all journals take.
	JournalBytes int64
}

// Stats returns how much the manager carries now.
func (m *Manager) Stats() Stats {
	m.mu.Lock()
	defer m.mu.Unlock()
	return Stats{Live: len(m.runs) - len(m.finished), Finished: len(m.finished), JournalBytes: m.budget.Used()}
}

// Forget drops a run that has ended without a message, at once, if it never had
// a second viewer: its failure was told in another way, and nobody can have
// heard of it.
func (m *Manager) Forget(r *Run) {
	<-r.done
	r.mu.Lock()
	known := r.joined || len(r.viewers) > 0
	r.mu.Unlock()
	if known || !r.Stillborn() {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if i := slices.IndexFunc(m.finished, func(f retained) bool { return f.run == r }); i >= 0 {
		m.finished = slices.Delete(m.finished, i, i+1)
		m.forget(r)
	}
}

// retain keeps a run that has ended for as long as it may be read.
func (m *Manager) retain(r *Run) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.shared[r.shareKey] == r {
		delete(m.shared, r.shareKey)
	}
	m.finished = append(m.finished, retained{run: r, until: time.Now().Add(m.config.Retention)})
	if len(m.finished) == 1 && !m.closed {
		m.schedule()
	}
}

// schedule arranges for the oldest finished run to be forgotten in time. It is
// called with mu held.
func (m *Manager) schedule() {
	if m.expire != nil {
		m.expire.Stop()
	}
	if len(m.finished) == 0 {
		return
	}
	m.expire = time.AfterFunc(time.Until(m.finished[0].until), func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		now := time.Now()
		for len(m.finished) > 0 && !m.finished[0].until.After(now) {
			r := m.finished[0].run
			if r.watched() {
				// Its time begins anew, until it has been read.
				m.finished = append(m.finished[1:], retained{run: r, until: now.Add(m.config.Retention)})
				continue
			}
			m.finished = m.finished[1:]
			m.forget(r)
		}
		if !m.closed {
			m.schedule()
		}
	})
}

// forgetOldest drops the run that ended first of those that nobody reads; if
// there is none and it has to be, of those that are read: whoever does is then
// told that it is gone. It is called with mu held.
func (m *Manager) forgetOldest(must bool) bool {
	i := slices.IndexFunc(m.finished, func(f retained) bool { return !f.run.watched() })
	if i < 0 {
		if !must || len(m.finished) == 0 {
			return false
		}
		i = 0
	}
	r := m.finished[i].run
	m.finished = slices.Delete(m.finished, i, i+1)
	m.forget(r)
	return true
}

// forget is called with mu held.
func (m *Manager) forget(r *Run) {
	delete(m.runs, r.id)
	r.journal.Close()
}

// relieve forgets finished runs when the journals need more memory than they
// may take together, down to three quarters of it.
func (m *Manager) relieve(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-m.budget.Pressure():
		}
		m.mu.Lock()
		forgotten := 0
		for m.budget.Used() > m.budget.Limit()/4*3 && m.forgetOldest(true) {
			forgotten++
		}
		say := time.Since(m.warned) > warnEvery
		if say {
			m.warned = time.Now()
		}
		m.mu.Unlock()
		if say {
			m.config.Logger.Warn("the journals need more memory than they may take together", "bytes", m.budget.Limit(), "finished runs forgotten now", forgotten)
		}
	}
}

// Shutdown opens no more runs from now on; those there are go on.
func (m *Manager) Shutdown() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed = true
}

// Close does what End does, and forgets all runs, also those that are read.
func (m *Manager) Close() {
	m.stop()
	m.relieving.Wait()
	m.End()
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.expire != nil {
		m.expire.Stop()
	}
	for m.forgetOldest(true) {
	}
}

// End ends all runs with UNAVAILABLE and opens no more, and waits until their
// last events can be read.
func (m *Manager) End() {
	m.mu.Lock()
	m.closed = true
	for _, r := range m.runs {
		r.cancel(errShutdown)
	}
	m.mu.Unlock()
	m.wg.Wait()
}
