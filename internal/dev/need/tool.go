// SPDX-License-Identifier: Apache-2.0

package main

import "runtime"

// A tool is a program that tests need.
type tool struct {
	// variable names the environment variable by which a person says which
	// one to take. It is then the only one considered.
	variable string
	// names are what to look for, names on the PATH or absolute paths, best first.
	names []string
	// packages are what Debian and its kin call it.
	packages []string
	// purpose is what cannot run without it.
	purpose string
	// advice is a sentence that says how to get it where it cannot be installed from here.
	advice string
}

// tools are the tools that can be asked for.
var tools = map[string]tool{
	"chromium": {
		variable: "CHROME_PATH",
		names: []string{
			"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "headless-shell",
			"/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
			"/Applications/Chromium.app/Contents/MacOS/Chromium",
		},
		packages: []string{"chromium"},
		purpose:  "the tests in a real browser",
		advice: "Install Chromium or Chrome (Debian: apt-get install chromium; Fedora: dnf install chromium; " +
			"macOS: brew install --cask google-chrome), or set CHROME_PATH to one",
	},
	"node": {
		names:    []string{"node", "nodejs"},
		packages: []string{"nodejs"},
		purpose:  "the tests of the WebAssembly code",
		advice:   "Install Node.js 18 or newer (Debian: apt-get install nodejs; Fedora: dnf install nodejs; macOS: brew install node)",
	},
	"npm": {
		names:    []string{"npm"},
		packages: []string{"npm"},
		purpose:  "the accessibility check of the browser tests",
		advice:   "Install npm (Debian: apt-get install npm; Fedora: dnf install nodejs-npm; macOS: brew install node)",
	},
	"cc": {
		variable: "CC",
		names:    compilers(),
		packages: []string{"gcc", "libc6-dev"},
		purpose:  "the race detector",
		advice:   "Install a C compiler (Debian: apt-get install gcc libc6-dev; Fedora: dnf install gcc; macOS: xcode-select --install), or set CC to one",
	},
}

// compilers are the C compilers that Go takes when CC is not set.
func compilers() []string {
	if runtime.GOOS == "darwin" {
		return []string{"clang"}
	}
	return []string{"gcc"}
}
