// SPDX-License-Identifier: Apache-2.0

//go:build !js

package main

import (
	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"sluice/wasmui/ui"
)

// The programs that are compiled for the browser. One for all pages would weigh
// more than a phone should have to fetch for the one that it opens, so that what
// most people never open is a program of its own.
const (
	streamProgram = "app" // the Stream page
	labProgram    = "lab" // Compare and Explore
)

// programs are all of them; the build tag of each but the first one is its name.
var programs = []string{streamProgram, labProgram}

// document is a page of the site: a file of its own, in which one program runs.
type document struct {
	path        string // its address
	name        string // its file
	title       string
	description string
	program     string
	root        func() app.Composer
}

var documents = []document{
	{
		path: ui.StreamPath, name: "index.html", program: streamProgram,
		title: "Sluice: numbers, live",
		description: "Watch the numbers of a gRPC stream arrive in the browser, one by one, the moment they are made. " +
			"Cut the connection, and watch them go on.",
		root: func() app.Composer { return ui.NewPage() },
	},
	{
		path: ui.ComparePath, name: "compare.html", program: labProgram,
		title: "Sluice: one stream, read in four ways",
		description: "One run of numbers, read with fetch, EventSource, WebSocket and long polling side by side, and measured as it runs: " +
			"time to the first number, delay, requests, bytes, and what a cut costs.",
		root: func() app.Composer { return ui.NewCompare() },
	},
	{
		path: ui.ExplorePath, name: "explore.html", program: labProgram,
		title:       "Sluice: call any method",
		description: "Every method of the gRPC service behind this bridge: fill in a request, call it, and watch what it answers.",
		root:        func() app.Composer { return ui.NewExplore() },
	},
}

// tags are the build tags that a program is compiled with. nethttpomithttp2 is
// net/http's own: go-app imports the package and the app uses none of it.
func tags(program string) string {
	if program == streamProgram {
		return "-tags=nethttpomithttp2"
	}
	return "-tags=nethttpomithttp2," + program
}
