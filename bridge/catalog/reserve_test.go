// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	streamv1 "sluice/proto/gen/sluice/stream/v1"
)

// What is served in front of a bridge cannot be a method's path: a route file
// that asks for it is told where it does, and other methods go without.
func TestReserved(t *testing.T) {
	t.Parallel()
	reserved := []string{"/", "/explore", "/icons/icon.png"}
	routes := parseRoutes(t, `
routes:
  - {method: p.S/A, path: /explore}
  - {method: p.S/B, paths: [/explored, '/icons/{token}', '/explore/{token}']}
`)
	if err := routes.CheckReserved(); err != nil {
		t.Errorf("nothing is reserved, and yet: %v", err)
	}
	const want = `routes.yaml:3:21: routes[0].path "/explore" is reserved: /explore is served before any method
routes.yaml:4:40: routes[1].paths[1] "/icons/{token}" is reserved: /icons/icon.png is served before any method`
	if err := routes.CheckReserved(reserved...); err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
	if err := (*Routes)(nil).CheckReserved(reserved...); err != nil {
		t.Errorf("without a route file: %v", err)
	}

	c := fromSet(t, fileOf(newService("S",
		newMethod("A", ".p.In", ".p.Out", &streamv1.StreamOptions{Path: "/explore"}),
		newMethod("B", ".p.In", ".p.Out", &streamv1.StreamOptions{Path: "/explored"}))))
	if c.Route("/explore") == nil {
		t.Fatal("without what is reserved the method has no path")
	}
	c = c.WithReserved(reserved...)
	if c.Route("/explore") != nil || c.Route("/explored") == nil {
		t.Errorf("the paths lead to %v and %v", c.Route("/explore"), c.Route("/explored"))
	}
	if b, _ := c.Match(http.MethodGet, "/p.S/A"); b == nil {
		t.Error("the method is not served by its name")
	}
	problems := []string{`p.S/A: its path "/explore" is reserved: /explore is served before any method; it is not served there`}
	if diff := cmp.Diff(problems, texts(c.Problems())); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
	if got := strings.Count(string(c.Describe()), "/explore\""); got != 0 {
		t.Errorf("the path is listed %d times", got)
	}
}

// A rule cannot take the path that another method has by its name.
func TestRoutesToAnotherMethodsName(t *testing.T) {
	t.Parallel()
	c, err := fromSet(t, oddFile()).WithRoutes(parseRoutes(t, "routes:\n  - {method: odd.Odd/Watch, event: change, paths: [/fine, /odd.Odd/Once, /odd.Odd/Watch]}\n"))
	const want = `routes.yaml:2:59: routes[0].paths[1] "/odd.Odd/Once" is where odd.Odd/Once is served by its name`
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	if b, _ := c.Match(http.MethodGet, "/odd.Odd/Once"); b == nil || b.Method.FullName != "odd.Odd/Once" {
		t.Errorf("the other method's path leads to %+v", b)
	}
	if m := c.Route("/fine"); m == nil || m.Policy.Event != "change" {
		t.Errorf("the rest of the rule does not hold: %+v", m)
	}
}
