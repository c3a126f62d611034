// SPDX-License-Identifier: Apache-2.0

package proxies

import (
	"strings"
	"testing"

	"sluice/internal/rig"
)

// The nginx that is to compress does, so that what other tests find through it
// is true of compressed streams.
func TestGzip(t *testing.T) {
	t.Parallel()
	r := rig.Start(t, rig.Config{})
	f := nginx(t, strings.TrimPrefix(r.URL, "http://"), 0, site{file: "nginx-gzip.conf", speaks: []protocol{http1}})
	for _, tr := range []struct {
		transport
		accept string
	}{{eventStream, "text/event-stream"}, {lines, "application/x-ndjson"}, {longPoll(pollWait), "application/json"}} {
		header := []string{"Accept", tr.accept}
		if tr.accept == "application/json" {
			header = append(header, "Prefer", "wait=1")
		}
		res, err := ask(t.Context(), f.client(t, http1, tr.transport), f.urls[http1]+"/sse?count=1&min_pause=0s&max_pause=0s", "", header...)
		if err != nil {
			t.Fatalf("%s: %v", tr.name, err)
		}
		if res.Body.Close(); !res.Uncompressed {
			t.Errorf("%s was not compressed: %v", tr.name, res.Header)
		}
	}
}
