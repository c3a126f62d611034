// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"flag"
	"path/filepath"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"sluice/internal/rig"
)

var screenshots = flag.String("screenshots", "", "write pictures of the app in its states into this folder")

// TestScreenshots takes pictures for people to look at, as `make screenshots` does;
// one of them, in the folder screenshots, is the README's.
func TestScreenshots(t *testing.T) {
	if *screenshots == "" {
		t.Skip("no folder was given with -screenshots")
	}
	r := rig.Start(t, rig.Config{})
	b := newBrowser(t)
	for _, screen := range []struct {
		name          string
		width, height int64
		opts          []chromedp.EmulateViewportOption
	}{
		{"wide", 1280, 800, nil},
		{"phone", 390, 844, []chromedp.EmulateViewportOption{chromedp.EmulateMobile, chromedp.EmulateTouch}},
	} {
		for _, scheme := range []string{"light", "dark"} {
			p := b.newPage()
			shot := func(state string) {
				p.screenshot(filepath.Join(*screenshots, state+"-"+screen.name+"-"+scheme+".png"))
			}
			p.do(chromedp.EmulateViewport(screen.width, screen.height, screen.opts...), chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
				_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
				return err
			}))
			p.open(r.URL + "/")
			shot("empty")
			p.open(r.URL + "/?endless=true&min_pause=0.02s&max_pause=0.08s&sequence=SEQUENCE_RANDOM_WALK&seed=4")
			p.click("Start")
			p.waitNumber(90)
			shot("stream")
			r.KillBridge()
			p.waitState("Connection lost")
			p.wait("there is a countdown", `/\d s/.test(document.querySelector('[role=status]').innerText)`)
			shot("cut")
			r.StartBridge()
			r.AwaitReady()
			p.click("Stop")
			p.waitState("Stopped")
			shot("stopped")
			p.open(r.URL + "/?count=5&min_pause=3s&max_pause=1s")
			p.click("Start")
			p.waitState("Failed")
			shot("failed")
			p.open(r.URL + "/?count=100000&min_pause=0s&max_pause=0s&sequence=SEQUENCE_NORMAL")
			p.click("Start")
			p.waitState("Finished")
			shot("many")
			for _, complaint := range []string{"400", "404", "503", "net::ERR_"} {
				p.forgive(complaint)
			}
		}
	}
}
