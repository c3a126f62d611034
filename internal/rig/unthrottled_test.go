// SPDX-License-Identifier: Apache-2.0

package rig_test

import (
	"encoding/json"
	"math/rand/v2"
	"net"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"

	"sluice/bridge"
	"sluice/bridge/catalog"
	"sluice/bridge/run"
	"sluice/bridge/sse"
	"sluice/internal/rig"
	numbersv1 "sluice/proto/gen/sluice/numbers/v1"
)

// plainNumbers is the number stream as a service that says nothing of how it
// meets the browser: it cannot go on by itself, and is at no path of its own.
func plainNumbers(t *testing.T) *catalog.Catalog {
	t.Helper()
	set := &descriptorpb.FileDescriptorSet{}
	var add func(protoreflect.FileDescriptor)
	add = func(f protoreflect.FileDescriptor) {
		for i := range f.Imports().Len() {
			add(f.Imports().Get(i).FileDescriptor)
		}
		for _, there := range set.File {
			if there.GetName() == f.Path() {
				return
			}
		}
		d := protodesc.ToFileDescriptorProto(f)
		for _, s := range d.Service {
			for _, m := range s.Method {
				m.Options = nil
			}
		}
		set.File = append(set.File, d)
	}
	add(numbersv1.File_sluice_numbers_v1_numbers_proto)
	b, err := proto.Marshal(set)
	if err != nil {
		t.Fatal(err)
	}
	c, err := catalog.FromDescriptorSet(b)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

const plainPath = "/sluice.numbers.v1.NumberService/Generate"

// servePlain starts a bridge with the catalog of plainNumbers before a rig's
// backend, whose connections have the send buffer that the program gives them.
func servePlain(t *testing.T, r *rig.Rig, c run.Config) (*bridge.Bridge, *rig.Front) {
	t.Helper()
	conn, err := grpc.NewClient(r.Backend(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	b, err := bridge.New(conn, bridge.WithCatalog(plainNumbers(t)), bridge.WithRuns(c))
	if err != nil {
		t.Fatal(err)
	}
	front := rig.Serve(t, b)
	t.Cleanup(func() {
		front.Close()
		b.Close()
		conn.Close()
	})
	return b, front
}

// A stream at full speed, of a method that cannot go on by itself, is cut at
// random: what was lost in the kernels' buffers is in the journal.
func TestRandomCutsOfAFastStream(t *testing.T) {
	t.Parallel()
	count := 30_000
	if *soak {
		count = 3_000_000
	}
	r := rig.Start(t, rig.Config{})
	_, front := servePlain(t, r, run.Config{})
	p := rig.NewProxy(t, strings.TrimPrefix(front.URL, "http://"))
	rng := rand.New(rand.NewPCG(1, 2))
	for range count / 500 {
		p.Break(rig.Fault{Cut: true, CutAfter: 1 + rng.IntN(400_000), Reset: rng.IntN(2) == 0, Split: []int{0, 100, 5000}[rng.IntN(3)]})
	}
	var next uint64 = 1
	v := &rig.Viewer{URL: "http://" + p.Addr() + plainPath + "?min_pause=0s&max_pause=0s&count=" + strconv.Itoa(count), Client: freshClient(t), Event: func(e sse.Event) {
		var m struct{ Position uint64 }
		if err := json.Unmarshal(e.Data, &m); err != nil || e.Type != "message" {
			t.Errorf("got %s %s", e.Type, e.Data)
			return
		}
		if m.Position != next {
			t.Errorf("number %d comes where %d is due", m.Position, next)
		}
		next = m.Position + 1
	}}
	if _, err := v.Read(t.Context()); err != nil {
		t.Fatal(err)
	}
	if next != uint64(count)+1 || v.Connections < 10 {
		t.Errorf("got the numbers up to %d over %d connections", next-1, v.Connections)
	}
	logCuts(t, int64(v.Connections-1), int64(next-1))
	t.Logf("from cut to next event, %v before each attempt: %v", rig.ReconnectPause, &gaps{all: v.Gaps})
}

// A viewer that has stopped to read costs what its journal may hold, and no
// more, however long it waits.
func TestStalledViewerOfAnEndlessStream(t *testing.T) {
	waits := 3 * time.Second
	if *soak {
		waits = 60 * time.Second
	}
	r := rig.Start(t, rig.Config{})
	b, front := servePlain(t, r, run.Config{})
	c, err := net.Dial("tcp", strings.TrimPrefix(front.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	before := heap()
	if _, err := c.Write([]byte("GET " + plainPath + "?endless=true&min_pause=0s&max_pause=0s HTTP/1.1\r\nHost: x\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	var most uint64
	for end := time.Now().Add(waits); time.Now().Before(end); {
		time.Sleep(waits / 30)
		most = max(most, heap()-min(before, heap()))
		if held := b.Stats().JournalBytes; held > 2<<20 {
			t.Fatalf("the journal takes %d bytes", held)
		}
	}
	t.Logf("over %v the heap grew by at most %d KiB, backend and bridge together; the journal takes %d KiB", waits, most>>10, b.Stats().JournalBytes>>10)
	if most > 16<<20 {
		t.Errorf("the heap grew by %d MiB", most>>20)
	}
	if b.Stats().Live != 1 {
		t.Error("the run has ended")
	}
}

// heap returns the bytes of live objects.
func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
