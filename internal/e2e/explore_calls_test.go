// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/testing/protocmp"

	"sluice/bridge/sse"
	numbersv1 "sluice/proto/gen/sluice/numbers/v1"
)

// call gives the same call elsewhere, as the page has it to be copied.
func (p *page) call(kind string) string {
	p.t.Helper()
	p.click(kind)
	label := "The call as " + kind
	p.wait("the call as "+kind+" is shown", fmt.Sprintf(`!!document.querySelector('[aria-label=%q]')`, label))
	return evaluate[string](p, fmt.Sprintf(`document.querySelector('[aria-label=%q]').textContent`, label))
}

// shell runs what was copied in a shell, at the root of the repository. The
// programs in it are this machine's, and grpcurl is built from the pinned tools.
func shell(t *testing.T, code string) []byte {
	t.Helper()
	curl := os.Getenv("CURL")
	if curl == "" {
		var err error
		if curl, err = exec.LookPath("curl"); err != nil {
			t.Fatal("no curl was found: `make e2e` installs it where it can; or set CURL")
		}
	}
	const programs = `curl() { "$CURL" --silent --fail-with-body --noproxy '*' "$@"; }
grpcurl() { go tool -modfile=internal/tools/go.mod grpcurl "$@"; }
`
	ctx, cancel := context.WithTimeout(t.Context(), 2*patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, "sh", "-c", programs+code)
	cmd.Dir = "../.."
	cmd.Env = append(os.Environ(), "CURL="+curl, "GOWORK=off")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s\n%v\n%s%s", code, err, out, stderr.Bytes())
	}
	return out
}

// The calls that the page gives to be copied are made, each as a person would, and
// give what the page's own run gave.
func TestExploreCallsElsewhere(t *testing.T) {
	t.Parallel()
	r, e := startWithEcho(t)
	b := newBrowser(t)
	for _, test := range []struct {
		method, request string
		answer          protoreflect.MessageDescriptor
		answers         int
		address         string // of the backend
	}{
		{
			"sluice.numbers.v1.NumberService/Generate", `{"count":5,"seed":"7","minPause":"0s","maxPause":"0s","sequence":"SEQUENCE_NORMAL","lowerBound":-1.5}`,
			(*numbersv1.GenerateResponse)(nil).ProtoReflect().Descriptor(), 5, r.Backend(),
		},
		{
			echoMethod, `{"name":"it's \"quoted\" & <b> $HOME \\ ü","lines":[{"item":"a"},{"pieces":2}],"stock":{"tea pot":1},"card":{"item":"1"},"within":"1.5s","signature":"+/8="}`,
			e.order, 2, e.address,
		},
	} {
		p := b.newPage()
		p.explore(r.URL + "/explore?method=" + url.QueryEscape(test.method) + "&request=" + url.QueryEscape(test.request))
		p.wait("the call is prepared", `document.querySelector('#explore-form .field') !== null`)
		p.click("Run")
		p.waitState("Finished")
		parse := func(answers []string) []proto.Message {
			var all []proto.Message
			for _, a := range answers {
				m := parseMessage(t, test.answer, a)
				// When a number was made differs from call to call.
				if f := test.answer.Fields().ByName("create_time"); f != nil {
					m.ProtoReflect().Clear(f)
				}
				all = append(all, m)
			}
			return all
		}
		want := parse(p.answers(test.answers))
		if len(want) != test.answers {
			t.Fatalf("%s gave %d events", test.method, len(want))
		}
		check := func(kind string, answers []string) {
			t.Helper()
			if diff := cmp.Diff(want, parse(answers), protocmp.Transform()); diff != "" {
				t.Errorf("%s with %s differs (-here +there):\n%s", test.method, kind, diff)
			}
		}
		evaluate[bool](p, `document.querySelectorAll('.explore-request details').forEach(d => d.open = true); true`)

		check("curl", fromSSE(t, shell(t, p.call("curl"))))

		code := strings.Replace(p.call("grpcurl"), "localhost:50051", test.address, 1)
		if got := strings.Contains(code, " -protoset FILE "); got != (test.method == echoMethod) {
			t.Errorf("%s: a descriptor set is asked for: %v", test.method, got)
		}
		check("grpcurl", fromJSON(t, shell(t, strings.Replace(code, "-protoset FILE", "-protoset "+e.protoset, 1))))

		check("fetch", evaluate[[]string](p, `(async () => {
			const logged = [], console = {log: x => logged.push(x)};
			`+p.call("fetch")+`
			return logged.filter(x => x.id && x.event !== 'end').map(x => JSON.stringify(x.data));
		})()`))

		check("EventSource", evaluate[[]string](p, `new Promise(done => {
			const logged = [], console = {log: (...x) => x.length > 1 ? logged.push(JSON.stringify(x[1])) : done(logged)};
			`+p.call("EventSource")+`
		})`))
	}
}

// fromSSE gives the data of the messages in an event stream that has an end.
func fromSSE(t *testing.T, stream []byte) (answers []string) {
	t.Helper()
	for events := sse.NewReader(bytes.NewReader(stream)); ; {
		switch ev, err := events.Next(); {
		case err != nil:
			t.Fatalf("the stream has no end: %v\n%s", err, stream)
		case ev.Type == "end":
			return answers
		default:
			answers = append(answers, string(ev.Data))
		}
	}
}

// fromJSON gives the values in a text of nothing but JSON.
func fromJSON(t *testing.T, text []byte) (answers []string) {
	t.Helper()
	for values := json.NewDecoder(bytes.NewReader(text)); ; {
		var v json.RawMessage
		switch err := values.Decode(&v); {
		case errors.Is(err, io.EOF):
			return answers
		case err != nil:
			t.Fatalf("%v\n%s", err, text)
		}
		answers = append(answers, string(v))
	}
}
