// SPDX-License-Identifier: Apache-2.0

package proxies

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/coder/websocket"
)

const (
	// subprotocol is that of Sluice's WebSockets.
	subprotocol = "sluice.v1"
	// refusedFrom is what is added to a gRPC code to make a close code.
	refusedFrom = 4000
)

func readWebSocket(ctx context.Context, client *http.Client, at, last string, each func(event) bool) error {
	u, err := url.Parse(at)
	if err != nil {
		return err
	}
	if last != "" {
		query := u.Query()
		query.Set("last_event_id", last)
		u.RawQuery = query.Encode()
	}
	// As from a page that came through the same proxy: the bridge has to be
	// told its name.
	origin := http.Header{"Origin": {u.Scheme + "://" + u.Host}}
	conn, res, err := websocket.Dial(ctx, u.String(), &websocket.DialOptions{HTTPClient: client, HTTPHeader: origin, Subprotocols: []string{subprotocol}})
	if err != nil {
		if res != nil {
			return &refusal{res.StatusCode, err.Error()}
		}
		return err
	}
	defer conn.CloseNow()
	if got := conn.Subprotocol(); got != subprotocol {
		return fmt.Errorf("the subprotocol is %q", got)
	}
	conn.SetReadLimit(1 << 20)
	began := time.Now()
	for events := 0; ; {
		_, message, err := conn.Read(ctx)
		if err != nil {
			return fmt.Errorf("after %d events and %v: %w", events, time.Since(began).Round(time.Millisecond), err)
		}
		var o object
		if err := json.Unmarshal(message, &o); err != nil {
			return err
		}
		e := o.event()
		switch {
		case e.kind == "open", e.kind == "heartbeat":
			continue
		case e.kind == "end" && e.id == "":
			// A browser is not shown the status of a handshake that fails, and
			// so the failure comes as an end.
			_, _, err := conn.Read(ctx)
			if code := websocket.CloseStatus(err); code < refusedFrom {
				return fmt.Errorf("a refusal is closed with %d: %w", code, err)
			}
			return &refusal{0, string(e.data)}
		}
		events++
		if !each(e) {
			return nil
		}
		if e.kind == "end" {
			return closed(ctx, conn)
		}
	}
}

// closed checks how a connection is closed after the end.
func closed(ctx context.Context, conn *websocket.Conn) error {
	_, _, err := conn.Read(ctx)
	if code := websocket.CloseStatus(err); code != websocket.StatusNormalClosure && code < refusedFrom {
		return fmt.Errorf("after the end it is closed with %d: %w", code, err)
	}
	return nil
}
