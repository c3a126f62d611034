// SPDX-License-Identifier: Apache-2.0

package real_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/interop"
	testpb "google.golang.org/grpc/interop/grpc_testing"
)

// One bridge before three servers, two of which say by reflection what they
// have, and one of which is described by a file.
func TestSeveralServers(t *testing.T) {
	t.Parallel()
	guide, descriptors := startRouteGuide(t)
	tests := grpc.NewServer()
	testpb.RegisterTestServiceServer(tests, interop.NewTestServer())
	checks := grpc.NewServer()
	healthpb.RegisterHealthServer(checks, health.NewServer())
	_, url := startSluice(t, "127.0.0.1:0",
		"--backend=guide="+guide, "--descriptor-set=guide="+descriptors,
		"--backend=interop="+serve(t, tests).Target(), "--backend=health="+serve(t, checks).Target())

	var listed struct {
		Methods []struct{ Name, Backend string }
	}
	backends := make(map[string]string)
	awaitTrue(t, "all backends have said what they have", func() bool {
		_, body := request{method: http.MethodGet, url: url + "/catalog"}.refused(t)
		if err := json.Unmarshal([]byte(body), &listed); err != nil {
			t.Fatalf("the catalog: %v", err)
		}
		for _, m := range listed.Methods {
			backends[m.Backend] = m.Name
		}
		return len(backends) == 3
	})
	wanted := map[string]string{
		"routeguide.RouteGuide/ListFeatures":           "guide",
		"grpc.testing.TestService/StreamingOutputCall": "interop",
		"grpc.health.v1.Health/Watch":                  "health",
	}
	got := make(map[string]string)
	for _, m := range listed.Methods {
		if wanted[m.Name] != "" {
			got[m.Name] = m.Backend
		}
	}
	if diff := cmp.Diff(wanted, got); diff != "" {
		t.Errorf("where the methods come from (-want +got):\n%s", diff)
	}
	for path, messages := range map[string]int{
		rectangle: rectangleFound,
		"/grpc.testing.TestService/UnaryCall?response_size=9": 1,
		"/grpc.health.v1.Health/Check":                        1,
	} {
		events, end := request{method: http.MethodGet, url: url + path}.read(t)
		if len(events) != messages || end != okEnd {
			t.Errorf("%s has %d messages, not %d, and the end %s", path, len(events), messages, end)
		}
	}
}
