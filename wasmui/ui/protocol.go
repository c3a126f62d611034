// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"strings"
	"sync"
	"time"

	"github.com/maxence-charriere/go-app/v10/pkg/app"
)

// The protocols as browsers name them (ALPN, RFC 7301).
const (
	protocolHTTP1 = "http/1.1"
	protocolHTTP2 = "h2"
	protocolHTTP3 = "h3"
)

// pageProtocol gives the protocol that the page's server is spoken to in, "" where
// the browser does not say. What came out of a cache says nothing, so
// everything from the server is looked at.
func pageProtocol() string {
	window := app.Window()
	performance := window.Get("performance")
	if performance.Truthy() && performance.Get("getEntriesByType").Truthy() {
		origin := window.Get("location").Get("origin").String()
		for _, kind := range []string{"navigation", "resource"} {
			entries := performance.Call("getEntriesByType", kind)
			for i := entries.Length() - 1; i >= 0; i-- {
				protocol, name := entries.Index(i).Get("nextHopProtocol"), entries.Index(i).Get("name")
				if protocol.Truthy() && strings.HasPrefix(name.String(), origin+"/") {
					return protocol.String()
				}
			}
		}
	}
	// No browser speaks HTTP/2 without TLS.
	if location := window.Get("location"); location.Truthy() && location.Get("protocol").String() == "http:" {
		return protocolHTTP1
	}
	return ""
}

// protocolPatience is how long the page's server may take to show what it speaks.
const protocolPatience = 2 * time.Second

// protocolQuestion has the page's server asked once what it speaks.
type protocolQuestion struct {
	once sync.Once
	told chan struct{} // closed once the browser says
}

var theProtocol = protocolQuestion{told: make(chan struct{})}

// await waits until the browser says what the page's server speaks, for which it
// has to have had an answer from there: all of the page may have come out of the
// service worker's cache. What is asked for goes past that. It must not be called
// where the page would wait.
func (q *protocolQuestion) await() {
	q.once.Do(q.ask)
	timer := time.NewTimer(protocolPatience)
	defer timer.Stop()
	select {
	case <-q.told:
	case <-timer.C:
	}
}

func (q *protocolQuestion) ask() {
	window := app.Window()
	newObserver := window.Get("PerformanceObserver")
	if !newObserver.Truthy() {
		close(q.told)
		return
	}
	var observer app.Value
	var seen app.Func
	seen = app.FuncOf(func(app.Value, []app.Value) any {
		if pageProtocol() != "" {
			observer.Call("disconnect")
			seen.Release()
			close(q.told)
		}
		return nil
	})
	observer = newObserver.New(seen)
	observer.Call("observe", map[string]any{"type": "resource"})
	settle(window.Call("fetch", "/healthz", map[string]any{"cache": "no-store"}), func(ok bool, response app.Value) {
		if ok {
			// The answer counts once it is whole.
			settle(response.Call("text"), func(bool, app.Value) {})
		}
	})
}

// knownProtocol is pageProtocol, and waits a moment for it to be known.
func knownProtocol() string {
	if protocol := pageProtocol(); protocol != "" {
		return protocol
	}
	theProtocol.await()
	return pageProtocol()
}

// fewConnections reports whether a browser opens only few connections to a server
// that speaks this protocol. One that is not known may be such a one.
func fewConnections(protocol string) bool {
	return protocol != protocolHTTP2 && !strings.HasPrefix(protocol, protocolHTTP3)
}

// protocolName writes a protocol for people, "" where it is not known.
func protocolName(protocol string) string {
	switch protocol {
	case protocolHTTP1:
		return "HTTP/1.1"
	case protocolHTTP2:
		return "HTTP/2"
	case protocolHTTP3:
		return "HTTP/3"
	}
	return ""
}

// wantsLessMotion reports whether the person has asked for less of it.
func wantsLessMotion() bool {
	query := app.Window().Call("matchMedia", "(prefers-reduced-motion: reduce)")
	return query.Truthy() && query.Get("matches").Truthy()
}
