// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"sluice/bridge/check"
)

const checkDescription = `Tell whether an event stream arrives as it should, from whatever server.

It reads the URL as a browser's EventSource would, cuts connections, comes back with Last-Event-ID,
and compares what it gets with a connection that nobody disturbed. It looks at the headers, the
bytes, the ids, the heartbeats and the end, and finds whatever holds events back on the way: check
through the proxies that the browsers have to go through.

    sluice check 'http://localhost:8080/sse?count=20'

The exit code is 0 if nothing failed, 1 if something did, 2 if there was no server to check. A check
opens about a dozen streams, up to nine of them at a time, all by GET.`

// The exit codes of the check command.
const (
	exitFailed       exitCode = 1
	exitNotConnected exitCode = 2
)

// checkFlags are the flags of the check command. Their environment names have
// CHECK in them, since some are called as others of the serve command are.
type checkFlags struct {
	URL string `arg:"" name:"url" help:"The stream, with http:// or https://."`

	Header           []string      `short:"H" sep:"none" placeholder:"NAME: VALUE" env:"SLUICE_CHECK_HEADER" help:"Send this header with every request. May be repeated."`
	Time             time.Duration `default:"30s" env:"SLUICE_CHECK_TIME" help:"For how long to watch the stream, unless it ends before."`
	Silence          time.Duration `default:"20s" env:"SLUICE_CHECK_SILENCE" help:"How long the stream may send nothing at all."`
	Origin           string        `placeholder:"ORIGIN" env:"SLUICE_CHECK_ORIGIN" help:"Check too that pages of this origin may read the stream, such as https://example.com."`
	LastEventIDParam string        `name:"last-event-id-param" placeholder:"NAME" env:"SLUICE_CHECK_LAST_EVENT_ID_PARAM" help:"Check too that this query parameter does what the header Last-Event-ID does. Sluice has last_event_id."`
	Insecure         bool          `env:"SLUICE_CHECK_INSECURE" help:"Take any TLS certificate."`
	JSON             bool          `name:"json" env:"SLUICE_CHECK_JSON" help:"Write the report as JSON."`
}

// Run checks a stream and writes the report.
func (f *checkFlags) Run(env *environment) error {
	header, err := headers(f.Header)
	if err != nil {
		return misused(env, err)
	}
	report, err := check.Run(env.ctx, check.Config{
		URL: f.URL, Header: header, Origin: f.Origin, LastEventIDParam: f.LastEventIDParam,
		Time: f.Time, Silence: f.Silence, Insecure: f.Insecure,
	})
	switch {
	case env.ctx.Err() != nil:
		return fmt.Errorf("the check was stopped: %w", err)
	case err != nil:
		return misused(env, err)
	}
	if f.JSON {
		e := json.NewEncoder(env.stdout)
		e.SetIndent("", "  ")
		e.SetEscapeHTML(false)
		err = e.Encode(report)
	} else {
		err = report.WriteText(env.stdout)
	}
	switch {
	case err != nil:
		return fmt.Errorf("the report cannot be written: %w", err)
	case !report.Connected:
		return exitNotConnected
	case report.Count(check.Fail) > 0:
		return exitFailed
	default:
		return nil
	}
}

// misused says what is wrong with the command line, for which nothing could be
// checked.
func misused(env *environment, err error) error {
	fmt.Fprintln(env.stderr, "sluice:", err)
	return exitNotConnected
}

// headers reads headers such as "Name: value".
func headers(lines []string) (http.Header, error) {
	h := http.Header{}
	for _, line := range lines {
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			return nil, fmt.Errorf("--header %q must be a name, a colon and a value, such as \"Authorization: Bearer abc\"", line)
		}
		h.Add(strings.TrimSpace(name), strings.TrimSpace(value))
	}
	return h, nil
}
