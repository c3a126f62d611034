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

	"sluice/bridge/catalog"
	"sluice/bridge/journal"
)

// ErrTooManyRuns says that there are as many runs as there may be, and none
// that could be forgotten.
var ErrTooManyRuns = errors.New("run: as many streams are open as the bridge carries")

// ErrShutdown says that a manager opens no more runs.
var ErrShutdown = errors.New("run: the bridge is shutting down")

// Manager opens runs, finds them by id, and forgets the finished ones when
// they are old or their memory is needed. It must be made by [NewManager] and
// may be used by any number of goroutines at once.
type Manager struct {
	conn   grpc.ClientConnInterface
	config Config
	budget *journal.Budget
	stop   context.CancelFunc
	wg     sync.WaitGroup

	mu       sync.Mutex
	closed   bool
	runs     map[string]*Run
	shared   map[string]*Run
	finished []retained // oldest first
	expire   *time.Timer
}

// retained is a finished run that can still be read.
type retained struct {
	run   *Run
	until time.Time
}

// NewManager returns a manager whose runs call methods on conn. It must be
// closed.
func NewManager(conn grpc.ClientConnInterface, c Config) *Manager {
	c = c.withDefaults()
	ctx, stop := context.WithCancel(context.Background())
	m := &Manager{
		conn: conn, config: c, stop: stop,
		budget: journal.NewBudget(c.TotalBytes),
		runs:   make(map[string]*Run), shared: make(map[string]*Run),
	}
	m.wg.Go(func() { m.relieve(ctx) })
	return m
}

// Open begins a run, or finds an equal one where its method is shared, and
// returns its viewer. It does not wait for the backend: an RPC that fails is a
// run that ends. It fails with [ErrTooManyRuns] and [ErrShutdown], and where
// the position is not one of the method's.
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
	key := ""
	if s.Method.Policy.Share && s.Position == "" {
		key = shareKey(s)
		if r := m.shared[key]; r != nil {
			if v := r.join(); v != nil {
				return v, nil
			}
		}
	}
	if m.closed {
		return nil, ErrShutdown
	}
	if len(m.runs) >= m.config.MaxRuns && !m.forgetOldest() {
		return nil, ErrTooManyRuns
	}
	r := m.newRun(s, key)
	v := r.attach(s.After)
	u := &upstream{run: r, conn: m.conn, request: request, metadata: s.Metadata, seq: s.After, position: []byte(s.Position)}
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
	r := &Run{
		manager: m, id: id, method: s.Method, owner: s.Owner, shareKey: key,
		journal:  journal.NewMemory(journal.MemoryConfig{Limit: m.config.JournalBytes, Budget: m.budget, After: s.After}),
		observer: m.config.Observer.RunOpened(s.Method.FullName), opened: time.Now(),
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

// join adds a viewer to a shared run where its method says, or returns nil if
// the run cannot be joined there.
func (r *Run) join() *Viewer {
	select {
	case <-r.done:
		return nil
	default:
	}
	if r.method.Policy.JoinAt == catalog.JoinAtLive {
		return r.AttachLive()
	}
	for {
		v, err := r.Attach(r.Extent().First - 1)
		if err == nil {
			return v
		}
		if trimmed := (*journal.TrimmedError)(nil); !errors.As(err, &trimmed) {
			return nil
		}
	}
}

// shareKey tells requests apart that may not ride on one run.
func shareKey(s Spec) string {
	h := sha256.New()
	for _, part := range []string{s.Method.FullName, s.Owner, string(s.Request.Wire)} {
		sum := sha256.Sum256([]byte(part))
		h.Write(sum[:])
	}
	return string(h.Sum(nil))
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

// Forget drops a run that has ended, at once: one that nobody can have heard
// of, since its failure was told in another way.
func (m *Manager) Forget(r *Run) {
	<-r.done
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
	if len(m.finished) == 0 {
		return
	}
	m.expire = time.AfterFunc(time.Until(m.finished[0].until), func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		now := time.Now()
		for len(m.finished) > 0 && !m.finished[0].until.After(now) {
			m.forgetOldest()
		}
		if !m.closed {
			m.schedule()
		}
	})
}

// forgetOldest drops the run that ended first, if any has. Whoever still reads
// it is told that it is gone. It is called with mu held.
func (m *Manager) forgetOldest() bool {
	if len(m.finished) == 0 {
		return false
	}
	r := m.finished[0].run
	m.finished[0] = retained{}
	m.finished = m.finished[1:]
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
		for m.budget.Used() > m.budget.Limit()/4*3 && m.forgetOldest() {
			forgotten++
		}
		m.mu.Unlock()
		m.config.Logger.Warn("the journals need more memory than they may take", "bytes", m.budget.Limit(), "finished runs forgotten", forgotten)
	}
}

// Shutdown opens no more runs from now on; those there are go on.
func (m *Manager) Shutdown() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed = true
}

// Close ends all runs with UNAVAILABLE, waits for that, and forgets them.
func (m *Manager) Close() {
	m.mu.Lock()
	m.closed = true
	if m.expire != nil {
		m.expire.Stop()
	}
	for _, r := range m.runs {
		r.cancel(errShutdown)
	}
	m.mu.Unlock()
	m.stop()
	m.wg.Wait()
	m.mu.Lock()
	defer m.mu.Unlock()
	for m.forgetOldest() {
	}
}
