// SPDX-License-Identifier: Apache-2.0

package real_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/moby/swarmkit/v2/api"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"sluice/bridge/sse"
	"sluice/internal/rig"
)

// The swarm's watch says with each change how far its log has come, and takes
// that as where to go on, in a service whose .proto knows nothing of a bridge.
const swarmRoutes = `
routes:
  - method: docker.swarmkit.v1.Watch/Watch
    path: /changes
    resume:
      response_field: version.index
      request_field: resume_from.index
`

// watchConfigs asks for each config that is created. The kinds that are watched
// are a list of messages, each of which a query gives in JSON.
var watchConfigs = "/changes?entries=" + url.QueryEscape(`{"kind": "config", "action": "WATCH_ACTION_CREATE"}`)

// createdIn returns the names of the configs that were created, as an event of
// the watch tells them. There is none in the one that begins every watch.
func createdIn(e sse.Event) (names []string, err error) {
	var m struct {
		Events []struct {
			Action string
			Object struct {
				Config struct {
					Spec struct {
						Annotations struct{ Name string }
						Data        []byte
					}
				}
			}
		}
	}
	if err := json.Unmarshal(e.Data, &m); err != nil {
		return nil, err
	}
	for _, change := range m.Events {
		spec := change.Object.Config.Spec
		if change.Action != "WATCH_ACTION_CREATE" || !bytes.Equal(spec.Data, dataOf(spec.Annotations.Name)) {
			return nil, fmt.Errorf("it is not as the swarm was told: %s", e.Data)
		}
		names = append(names, spec.Annotations.Name)
	}
	return names, nil
}

// dataOf returns what a config of that name holds.
func dataOf(name string) []byte { return []byte("data of " + name + " \x00\xff") }

// swarm is the manager of a Docker Swarm with a bridge before it, each of them
// a process that can be killed and brought back, and what a viewer reads of
// every config that is created.
type swarm struct {
	state, descriptors, routes string

	manager, bridge         *process
	managerAddr, bridgeAddr string
	// between is on the way from the bridge to the manager.
	between *rig.Proxy

	control api.ControlClient
	created []string
	// seen has what the viewer reads of: the names of configs, and "" where the
	// manager says that a watch begins.
	seen chan string
}

func startSwarm(t *testing.T) *swarm {
	t.Helper()
	// The path of the socket in it has to be short.
	state, err := os.MkdirTemp("", "swarm-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(state) })
	dir := t.TempDir()
	s := &swarm{
		state: state, descriptors: filepath.Join(dir, "swarm.binpb"), routes: filepath.Join(dir, "routes.yaml"),
		managerAddr: rig.Loopback() + ":0", bridgeAddr: rig.Loopback() + ":0",
		seen: make(chan string, 64),
	}
	if err := os.WriteFile(s.routes, []byte(swarmRoutes), 0o600); err != nil {
		t.Fatal(err)
	}
	s.startManager(t)
	s.between = rig.NewProxy(t, s.managerAddr)
	s.startBridge(t)
	conn, err := grpc.NewClient(s.managerAddr, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	s.control = api.NewControlClient(conn)
	return s
}

// managerListens finds the address in what swarmd says once it listens.
var managerListens = regexp.MustCompile(`listening on (\S+)`)

// startManager starts a manager where the last one was, with its log.
func (s *swarm) startManager(t *testing.T) {
	t.Helper()
	s.manager = start(t, build(t, "sluice/internal/real/swarmd"), "-listen="+s.managerAddr, "-state="+s.state, "-descriptors="+s.descriptors)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	err := s.manager.await(ctx, func() bool {
		m := managerListens.FindStringSubmatch(s.manager.log())
		if m != nil {
			s.managerAddr = m[1]
		}
		return m != nil
	})
	if err != nil {
		t.Fatalf("the manager does not listen: %v\n%s", err, s.manager.log())
	}
}

// startBridge starts a bridge where the last one was, which knows nothing of
// what that one carried.
func (s *swarm) startBridge(t *testing.T) {
	t.Helper()
	p, at := startSluice(t, s.bridgeAddr, "--backend="+s.between.Addr(), "--descriptor-set="+s.descriptors, "--routes="+s.routes)
	s.bridge, s.bridgeAddr = p, strings.TrimPrefix(at, "http://")
}

// create creates a config in the swarm.
func (s *swarm) create(t *testing.T) {
	t.Helper()
	name := fmt.Sprintf("config-%d", len(s.created)+1)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	_, err := s.control.CreateConfig(ctx, &api.CreateConfigRequest{Spec: &api.ConfigSpec{Annotations: api.Annotations{Name: name}, Data: dataOf(name)}})
	if err != nil {
		t.Fatalf("creating %s: %v", name, err)
	}
	s.created = append(s.created, name)
}

// next waits for what the viewer reads next.
func (s *swarm) next(t *testing.T) string {
	t.Helper()
	select {
	case name, ok := <-s.seen:
		if !ok {
			t.Fatalf("the stream is over\n%s", s.bridge.log())
		}
		return name
	case <-time.After(patience):
		t.Fatalf("nothing more comes; these were created: %v\n%s", s.created, s.bridge.log())
	}
	return ""
}

// await waits until the viewer has read of n configs, and returns their names.
func (s *swarm) await(t *testing.T, n int) (names []string) {
	t.Helper()
	for len(names) < n {
		if name := s.next(t); name != "" {
			names = append(names, name)
		}
	}
	return names
}

// awaitWatch waits until a watch has begun, before which nothing is seen.
func (s *swarm) awaitWatch(t *testing.T) {
	t.Helper()
	if name := s.next(t); name != "" {
		t.Errorf("%s came before a watch had begun", name)
	}
}

// The manager's control, by which it is told what to do: requests and answers
// of nested messages, and errors with a code.
func TestSwarmControl(t *testing.T) {
	t.Parallel()
	s := startSwarm(t)
	create := request{
		method: http.MethodPost, url: "http://" + s.bridgeAddr + "/docker.swarmkit.v1.Control/CreateConfig",
		body: `{"spec": {"annotations": {"name": "motd", "labels": {"for": "all"}}, "data": "aGVsbG8="}}`,
	}
	events, end := create.read(t)
	if len(events) != 1 || end != okEnd {
		t.Fatalf("creating a config has %d messages and the end %s", len(events), end)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	list, err := s.control.ListConfigs(ctx, &api.ListConfigsRequest{})
	if err != nil || len(list.Configs) != 1 {
		t.Fatalf("there are these configs: %v, %v", list, err)
	}
	if spec := list.Configs[0].Spec; spec.Annotations.Name != "motd" || spec.Annotations.Labels["for"] != "all" || string(spec.Data) != "hello" {
		t.Errorf("the config is not as it was to be: %v", spec)
	}
	status, body := create.refused(t)
	if status != http.StatusConflict || endCode(t, body) != "ALREADY_EXISTS" || !strings.Contains(body, "motd") {
		t.Errorf("creating it again is answered by %d %s", status, body)
	}
}

// A stream of a swarm's changes goes on, without one lost and without one
// twice, whatever breaks: the connection to the swarm, the bridge, and the
// swarm itself.
func TestSwarmWatchGoesOn(t *testing.T) {
	t.Parallel()
	s := startSwarm(t)
	ctx, cancel := context.WithCancel(t.Context())
	viewer := &rig.Viewer{URL: "http://" + s.bridgeAddr + watchConfigs, Client: client, Event: func(e sse.Event) {
		names, err := createdIn(e)
		if err != nil || e.Type != sse.DefaultType {
			t.Errorf("an event of type %s and id %s: %v\n%s", e.Type, e.ID, err, e.Data)
		}
		if len(names) == 0 {
			names = []string{""}
		}
		for _, name := range names {
			s.seen <- name
		}
	}}
	var wg sync.WaitGroup
	wg.Go(func() {
		defer close(s.seen)
		if end, err := viewer.Read(ctx); ctx.Err() == nil {
			t.Errorf("the stream ends with %s, %v", end, err)
		}
	})
	defer wg.Wait()
	defer cancel()
	s.awaitWatch(t)
	s.create(t)
	got := s.await(t, 1)
	for _, step := range []struct {
		name  string
		fault func()
	}{
		{"nothing breaks", func() {}},
		{"the connection to the manager is cut", s.between.CutAll},
		{"and again", s.between.CutAll},
		{"it is cut twice, and nothing comes in between", func() {
			s.between.CutAll()
			s.awaitWatch(t)
			s.between.CutAll()
		}},
		{"the bridge is killed", func() {
			s.bridge.kill()
			// Nobody is there to see this one.
			s.create(t)
			s.startBridge(t)
		}},
		{"another is killed, that was not told of any change", func() {
			s.bridge.kill()
			s.startBridge(t)
			s.awaitWatch(t)
			s.bridge.kill()
			s.create(t)
			s.startBridge(t)
		}},
		{"the manager is killed", func() {
			s.manager.kill()
			s.startManager(t)
		}},
	} {
		before := len(s.created)
		step.fault()
		s.create(t)
		s.create(t)
		got = append(got, s.await(t, len(s.created)-before)...)
		if diff := cmp.Diff(s.created, got); diff != "" {
			t.Fatalf("%s: configs that were created and seen (-want +got):\n%s\n%s", step.name, diff, s.bridge.log())
		}
	}
}
