// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	protocol "github.com/chromedp/cdproto/browser"
	"github.com/chromedp/chromedp"

	"sluice/bridge/sse"
	"sluice/internal/rig"
)

// The numbers can be copied and saved, each as the stream had it.
func TestTakeaway(t *testing.T) {
	t.Parallel()
	const query = "?count=7&min_pause=0.02s&max_pause=0.02s&sequence=SEQUENCE_NORMAL&seed=9"
	r, _, p := start(t, rig.Config{}, query)
	dir := t.TempDir()
	p.do(chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.CallBrowser(ctx, protocol.SetDownloadBehavior, protocol.SetDownloadBehaviorParams{Behavior: protocol.SetDownloadBehaviorBehaviorAllow, DownloadPath: dir})
		for _, name := range []string{"clipboard-read", "clipboard-write"} {
			if err == nil {
				_, err = chromedp.CallBrowser(ctx, protocol.SetPermission, protocol.SetPermissionParams{Permission: &protocol.PermissionDescriptor{Name: name}, Setting: protocol.PermissionSettingGranted, Origin: r.URL})
			}
		}
		return err
	}))
	var want []float64
	v := &rig.Viewer{URL: r.URL + "/sse" + query, Event: func(e sse.Event) {
		var m struct{ Value float64 }
		if err := json.Unmarshal(e.Data, &m); err != nil {
			t.Error(err)
		}
		want = append(want, m.Value)
	}}
	if _, err := v.Read(t.Context()); err != nil || len(want) != 7 {
		t.Fatalf("the stream has the numbers %v: %v", want, err)
	}
	check := func(what string, got []float64) {
		t.Helper()
		if toJSON(got) != toJSON(want) {
			t.Errorf("%s has the numbers %v, want %v", what, got, want)
		}
	}
	saved := func(name string) string {
		t.Helper()
		var content []byte
		eventually(t, name+" is saved", func() bool {
			var err error
			content, err = os.ReadFile(filepath.Join(dir, name))
			return err == nil && len(content) > 0
		})
		return string(content)
	}

	p.click("Start")
	p.waitState("Finished")

	p.click("Copy: Copy the numbers")
	p.wait("the page says that it has copied them", `document.body.innerText.includes('Copied 7 numbers.')`)
	var copied []float64
	for line := range strings.Lines(evaluate[string](p, `navigator.clipboard.readText()`)) {
		copied = append(copied, parseFloat(t, strings.TrimSpace(line)))
	}
	check("the clipboard", copied)

	p.click("CSV: Download the numbers as CSV")
	rows, err := csv.NewReader(strings.NewReader(saved("numbers.csv"))).ReadAll()
	if err != nil || len(rows) != 8 || strings.Join(rows[0][:2], " ") != "position value" {
		t.Fatalf("the CSV is %v: %v", rows, err)
	}
	var inCSV []float64
	for i, row := range rows[1:] {
		if row[0] != strconv.Itoa(i+1) {
			t.Errorf("row %d of the CSV is of number %s", i+1, row[0])
		}
		inCSV = append(inCSV, parseFloat(t, row[1]))
	}
	check("the CSV", inCSV)

	p.click("JSON: Download the numbers as JSON")
	var object struct {
		Total, Dropped int
		Numbers        []struct {
			Position int
			Value    float64
		}
	}
	if err := json.Unmarshal([]byte(saved("numbers.json")), &object); err != nil {
		t.Fatal(err)
	}
	var inJSON []float64
	for _, n := range object.Numbers {
		inJSON = append(inJSON, n.Value)
	}
	check("the JSON", inJSON)
	if object.Total != 7 || object.Dropped != 0 {
		t.Errorf("the JSON says that %d of %d were dropped", object.Dropped, object.Total)
	}
}

func parseFloat(t *testing.T, text string) float64 {
	t.Helper()
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		t.Error(err)
	}
	return v
}
