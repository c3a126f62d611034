// SPDX-License-Identifier: Apache-2.0

// Package ui is the page of the app: one component a file, over the client of
// package stream and the history of package store.
//
// # Who paints, and when
//
// Numbers may come a hundred times as fast as a screen shows them, so an event
// never reaches the page by itself. The client's goroutine puts it into the
// history and leaves a mark; an animation frame later the [numberLog] writes what
// has come since into its own part of the document, past go-app's tree. All
// else, the words and the figures, is drawn by go-app's tree: when the state of
// the connection changes, and a few times a second while a stream runs.
//
// # What can be tested without a browser
//
// Everything that decides is plain Go: what the knobs mean ([Knobs]), what the
// state of a client reads like (words.go), which numbers are on the page
// ([window]), when it is drawn ([painter]). The files that touch the browser
// hold no decisions. go-app's stand-ins for the browser's objects do nothing
// natively, so that the same components also render the page that is there
// before the app has loaded.
package ui
