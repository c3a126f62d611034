// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"sluice/internal/rig"
)

// TestCompareScreenshots takes pictures of the Compare page in its states.
func TestCompareScreenshots(t *testing.T) {
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
				p.screenshot(filepath.Join(*screenshots, "compare-"+state+"-"+screen.name+"-"+scheme+".png"))
			}
			p.do(chromedp.EmulateViewport(screen.width, screen.height, screen.opts...), chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
				_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
				return err
			}))
			openCompare(p, r.URL+"/compare?rate=10")
			shot("before")
			p.click("Start")
			p.wait("numbers come", `sluice.latest('poll') >= 60`)
			shot("running")
			p.click("Cut the connections")
			p.waitState("Connection lost")
			shot("cut")
			p.wait("numbers come again", `sluice.latest('poll') >= 110`)
			shot("resumed")
			p.waitState("Finished")
			shot("finished")
			evaluate[bool](p, `window.scrollTo(0, document.querySelector('.measured').offsetTop - 20); true`)
			shot("measured")
			evaluate[bool](p, `window.scrollTo(0, document.body.scrollHeight); true`)
			shot("points")
		}
	}
}
