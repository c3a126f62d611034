// SPDX-License-Identifier: Apache-2.0

package bridge_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	interop "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/reflection"
	"google.golang.org/grpc/test/bufconn"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"sluice/bridge"
	"sluice/bridge/catalog"
	"sluice/internal/bubble"
	numbersv1 "sluice/proto/gen/sluice/numbers/v1"
)

// lines is a log that can be read while it is written.
type lines struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

func (l *lines) option() bridge.Option {
	return bridge.WithLogger(slog.New(slog.NewTextHandler(l, nil)))
}

func newNumbers(generate func(*numbersv1.GenerateRequest, numberStream) error) *grpc.Server {
	srv := newBare(generate)
	reflection.Register(srv)
	return srv
}

// further is a backend beside the first, which can come late.
type further struct {
	conn *grpc.ClientConn
	l    *bufconn.Listener
	up   chan struct{} // closed when it can be reached
}

// newFurther must be called in a bubble of testing/synctest. The backend can be
// reached once start is called.
func newFurther(t *testing.T, srv *grpc.Server) *further {
	t.Helper()
	f := &further{l: bufconn.Listen(64 << 10), up: make(chan struct{})}
	var wg sync.WaitGroup
	wg.Go(func() { srv.Serve(f.l) })
	conn, err := grpc.NewClient("passthrough:///further", grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithIdleTimeout(0),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
			select {
			case <-f.up:
				return f.l.DialContext(ctx)
			default:
				return nil, errUnavailable
			}
		}))
	if err != nil {
		t.Fatal(err)
	}
	f.conn = conn
	t.Cleanup(func() {
		conn.Close()
		srv.Stop()
		wg.Wait()
	})
	return f
}

func (f *further) start() { close(f.up) }

func numberNamed(t *testing.T, r *response) string {
	t.Helper()
	e := r.next()
	return string(e.Data)
}

// A backend that is away at the start does not keep the methods of another
// from being served, and is found when it comes.
func TestOneOfTwoBackendsIsAway(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		var log lines
		late := newFurther(t, newInterop())
		w := worldOf(t, newNumbers(counting), log.option(), bridge.WithName("numbers"), bridge.WithBackend("late", late.conn))
		synctest.Wait()
		checkNumbers(t, w.get("/sse?count=2").all(), 1, 2)
		if r := w.get("/readyz"); r.StatusCode != http.StatusOK || r.text() != "ready\nnot served: backend late: the backend cannot be reached\n" {
			t.Errorf("without one of its backends the bridge is %s", r.Status)
		}
		// What is not known may be that backend's.
		const accept = "text/event-stream, application/json;q=0.9"
		for _, path := range []string{interopService + "UnaryCall", "/nothing"} {
			r := w.get(path, "Accept", accept)
			if f := r.failure(); r.StatusCode != http.StatusServiceUnavailable || !strings.Contains(f.Message, "/readyz") {
				t.Errorf("GET %s is %s: %+v", path, r.Status, f)
			}
		}
		if _, l := w.listing(); strings.Join(l.Backends, " ") != "numbers late" || len(l.Services) != 1 || l.Services[0].Backend != "numbers" {
			t.Errorf("listed are %+v", l)
		}

		late.start()
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if r := w.get("/readyz"); r.text() != "ready\n" {
			t.Errorf("with all of its backends the bridge is %s", r.Status)
		}
		if events := w.get(interopService + "UnaryCall?response_size=1").all(); len(events) != 2 {
			t.Errorf("the late backend's method gives %+v", events)
		}
		checkNumbers(t, w.get("/sse?count=2").all(), 1, 2)
		if r := w.get("/nothing"); r.StatusCode != http.StatusNotFound {
			t.Errorf("GET /nothing is %s", r.Status)
		}
		_, l := w.listing()
		backends := make(map[string]string)
		for _, s := range l.Services {
			backends[s.Name] = s.Backend
		}
		if backends["grpc.testing.TestService"] != "late" || backends["sluice.numbers.v1.NumberService"] != "numbers" {
			t.Errorf("listed are %v", backends)
		}
		for _, want := range []string{
			`msg=serving service=sluice.numbers.v1.NumberService methods="Generate (/sse)" backend=numbers`,
			`msg=serving service=grpc.testing.TestService methods="CacheableUnaryCall, EmptyCall, StreamingOutputCall, UnaryCall, UnimplementedCall"`,
			`backend=late error="the backend cannot be reached`,
		} {
			if !strings.Contains(log.String(), want) {
				t.Errorf("the log does not say …%s…:\n%s", want, &log)
			}
		}
	})
}

// Without any of its backends a bridge is not ready, and says of each why.
func TestAllBackendsAreAway(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		late := newFurther(t, newInterop())
		w := worldOf(t, newBare(counting), bridge.WithName("bare"), bridge.WithBackend("late", late.conn))
		synctest.Wait()
		r := w.get("/readyz")
		text := r.text()
		if r.StatusCode != http.StatusServiceUnavailable || !strings.Contains(text, "backend bare: ") || !strings.Contains(text, "reflection") || !strings.Contains(text, "backend late: the backend cannot be reached") {
			t.Errorf("the bridge is %s: %s", r.Status, text)
		}
	})
}

// A service that two backends offer is served by neither, whichever was there
// first; all else is.
func TestClash(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		both := newInterop()
		numbersv1.RegisterNumberServiceServer(both, &stub{generate: counting})
		var log lines
		second := newFurther(t, both)
		w := worldOf(t, newNumbers(counting), log.option(), bridge.WithName("one"), bridge.WithBackend("two", second.conn))
		synctest.Wait()
		r := w.get("/sse?endless=true&min_pause=1s")
		r.next()
		second.start()
		time.Sleep(10 * time.Second)
		const clash = `service sluice.numbers.v1.NumberService is offered by backend "one" and by backend "two"`
		if got := w.get("/sse?count=1"); got.StatusCode != http.StatusNotFound {
			t.Errorf("the method of both is %s", got.Status)
		}
		if events := w.get(interopService + "UnaryCall").all(); len(events) != 2 {
			t.Errorf("the other's own method gives %+v", events)
		}
		if got := w.get("/readyz"); got.StatusCode != http.StatusOK || !strings.Contains(got.text(), "not served: "+clash) {
			t.Errorf("/readyz is %s", got.Status)
		}
		if n := strings.Count(log.String(), strings.ReplaceAll(clash, `"`, `\"`)); n != 1 || !strings.Contains(log.String(), "level=ERROR") {
			t.Errorf("the log says it %d times:\n%s", n, &log)
		}
		if !strings.Contains(log.String(), `msg="no longer serving" service=sluice.numbers.v1.NumberService`) {
			t.Errorf("the log does not say that the service is gone:\n%s", &log)
		}
		// The stream that there was goes on.
		if data := numberNamed(t, r); !strings.HasPrefix(data, `{"position":2,`) {
			t.Errorf("the open stream goes on with %s", data)
		}
	})
}

// Of services that are not to be served it does not matter who offers them.
func TestClashOfWhatIsHidden(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		second := newFurther(t, newNumbers(counting))
		second.start()
		w := worldOf(t, func() *grpc.Server {
			srv := newInterop()
			numbersv1.RegisterNumberServiceServer(srv, &stub{generate: counting})
			return srv
		}(), bridge.WithName("one"), bridge.WithBackend("two", second.conn),
			bridge.WithExposure(catalog.Exposure{Hide: []string{"sluice.**"}}))
		synctest.Wait()
		if r := w.get("/readyz"); r.text() != "ready\n" {
			t.Errorf("/readyz is %s", r.Status)
		}
	})
}

func TestExposure(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		w := interopWorld(t, bridge.WithExposure(catalog.Exposure{Expose: []string{"grpc.testing.*"}, Hide: []string{"**/Empty*"}}))
		_, l := w.listing()
		if kinds := l.kinds(); kinds["grpc.testing.TestService/UnaryCall"] == "" || kinds["grpc.testing.TestService/EmptyCall"] != "" {
			t.Errorf("listed are %v", kinds)
		}
		if r := w.get(interopService + "EmptyCall"); r.StatusCode != http.StatusNotFound {
			t.Errorf("a hidden method is %s", r.Status)
		}
		if events := w.get(interopService + "UnaryCall").all(); len(events) != 2 {
			t.Errorf("an exposed method gives %+v", events)
		}
	})
	bubble.Test(t, func(t *testing.T) {
		w := worldOf(t, newInterop(), bridge.WithExposure(catalog.Exposure{Hide: []string{"**"}}))
		synctest.Wait()
		if r := w.get("/readyz"); r.StatusCode != http.StatusServiceUnavailable || !strings.Contains(r.text(), "none of the methods") {
			t.Errorf("with everything hidden the bridge is %s", r.Status)
		}
	})
}

func TestRoutes(t *testing.T) {
	t.Parallel()
	routes, err := catalog.ParseRoutes("routes.yaml", []byte(`
routes:
  - method: grpc.testing.TestService/StreamingOutputCall
    path: /payloads
    event: payload
    timeout: 5s
  - method: grpc.testing.TestService/UnaryCall
    resume: {response_field: nothing, request_field: response_size}
`))
	if err != nil {
		t.Fatal(err)
	}
	bubble.Test(t, func(t *testing.T) {
		var log lines
		w := interopWorld(t, bridge.WithRoutes(routes), log.option())
		r := w.get("/payloads?response_parameters=" + url.QueryEscape(`{"size":1}`))
		if r.StatusCode != http.StatusOK || r.Header.Get(bridge.TimeoutHeader) != "5s" {
			t.Fatalf("the path of the route file is %s: %s", r.Status, r.text())
		}
		if e := r.next(); e.Type != "payload" {
			t.Errorf("the event is %s", e.Type)
		}
		// One rule that does not fit does not take the others with it.
		if !strings.Contains(log.String(), "level=ERROR") || !strings.Contains(log.String(), "routes.yaml:8:") {
			t.Errorf("the log says\n%s", &log)
		}
	})
	// Where the methods are known from the start, so is what is wrong.
	known, err := catalog.New(protoregistry.GlobalFiles)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := bridge.New(&lateConn{}, bridge.WithCatalog(known), bridge.WithRoutes(routes)); err == nil || !strings.Contains(err.Error(), "routes.yaml:8:") {
		t.Errorf("New gave %v", err)
	}
}

// A path that what is in front of the bridge serves is refused at the start,
// whether the method is known by then or not.
func TestReservedPaths(t *testing.T) {
	t.Parallel()
	routes, err := catalog.ParseRoutes("routes.yaml", []byte("routes:\n  - {method: grpc.testing.TestService/UnaryCall, path: /explore}\n"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = bridge.New(&lateConn{}, bridge.WithRoutes(routes), bridge.WithReserved("/", "/explore"))
	if fault, ok := errors.AsType[*catalog.RouteError](err); !ok || fault.Line != 2 || fault.Key != "routes[0].path" {
		t.Errorf("New gave %v", err)
	}
	bubble.Test(t, func(t *testing.T) {
		var log lines
		w := worldOf(t, newNumbers(counting), log.option(), bridge.WithRoutes(routes), bridge.WithReserved("/", "/sse"))
		synctest.Wait()
		if r := w.get("/sse?count=1"); r.StatusCode != http.StatusNotFound {
			t.Errorf("GET /sse is %s, though it is reserved", r.Status)
		}
		if !strings.Contains(log.String(), "level=WARN") || !strings.Contains(log.String(), "is reserved: /sse is served before any method") {
			t.Errorf("the log says\n%s", &log)
		}
	})
}

func TestBackendsThatMakeNoSense(t *testing.T) {
	t.Parallel()
	numbers, err := catalog.New(filesOf(t, numbersv1.File_sluice_numbers_v1_numbers_proto))
	if err != nil {
		t.Fatal(err)
	}
	conn := &lateConn{}
	for says, opts := range map[string][]bridge.Option{
		"needs a name":                                  {bridge.WithBackend("two", conn)},
		"each needs a name":                             {bridge.WithName("one"), bridge.WithBackend("", conn)},
		`two backends are called "one"`:                 {bridge.WithName("one"), bridge.WithBackend("one", conn)},
		`backend "two" has no connection`:               {bridge.WithName("one"), bridge.WithBackend("two", nil)},
		`"one two" must be of at most 64 letters`:       {bridge.WithName("one two")},
		`backend "two", and there is none of that name`: {bridge.WithBackendCatalog("two", numbers)},
		`backend "one" was given no catalog, or two`:    {bridge.WithName("one"), bridge.WithCatalog(numbers), bridge.WithBackendCatalog("one", numbers)},
		`offered by backend "one" and by backend "two"`: {bridge.WithName("one"), bridge.WithCatalog(numbers), bridge.WithBackend("two", conn), bridge.WithBackendCatalog("two", numbers)},
		`expose "/x"`:                                   {bridge.WithExposure(catalog.Exposure{Expose: []string{"/x"}})},
		"the refresh must be at least":                  {bridge.WithRefresh(-1)},
		"the timeout must be at least":                  {bridge.WithTimeout(-1)},
		"the maximum timeout must be at least":          {bridge.WithMaxTimeout(-1)},
	} {
		b, err := bridge.New(conn, opts...)
		if err == nil {
			b.Close()
		}
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("New gave %v, want …%s…", err, says)
		}
	}
}

// filesOf returns a registry of a file and what it imports.
func filesOf(t *testing.T, file protoreflect.FileDescriptor) *protoregistry.Files {
	t.Helper()
	files := new(protoregistry.Files)
	var add func(protoreflect.FileDescriptor)
	add = func(file protoreflect.FileDescriptor) {
		if _, err := files.FindFileByPath(file.Path()); err == nil {
			return
		}
		for i := range file.Imports().Len() {
			add(file.Imports().Get(i).FileDescriptor)
		}
		if err := files.RegisterFile(file); err != nil {
			t.Fatal(err)
		}
	}
	add(file)
	return files
}

// A catalog that was given to a further backend is not asked for.
func TestBackendCatalog(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		known, err := catalog.New(filesOf(t, interop.File_grpc_testing_test_proto))
		if err != nil {
			t.Fatal(err)
		}
		bare := grpc.NewServer()
		interop.RegisterTestServiceServer(bare, interopServer{})
		second := newFurther(t, bare)
		second.start()
		w := worldOf(t, newNumbers(counting), bridge.WithName("one"), bridge.WithBackend("two", second.conn), bridge.WithBackendCatalog("two", known))
		synctest.Wait()
		if events := w.get(interopService + "UnaryCall").all(); len(events) != 2 {
			t.Errorf("the method gives %+v", events)
		}
		checkNumbers(t, w.get("/sse?count=2").all(), 1, 2)
	})
}
