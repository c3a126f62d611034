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
	// version is the argument at which the program shows that it runs,
	// --version where empty.
	version string
	// packages are what Debian and its kin call it.
	packages []string
	// unpacked is, for a server that its package would also start, at boot and
	// at once, where the program is in its package. Such a package is unpacked
	// for these tests alone, and nothing is installed.
	unpacked string
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
	"curl": {
		variable: "CURL",
		names:    []string{"curl"},
		packages: []string{"curl"},
		purpose:  "the tests with clients that others wrote",
		advice:   "Install curl (Debian: apt-get install curl; Fedora: dnf install curl; macOS has it), or set CURL to one",
	},
	"nginx": {
		variable: "NGINX",
		names:    []string{"nginx", "/usr/sbin/nginx"},
		version:  "-v",
		packages: []string{"nginx"},
		unpacked: "usr/sbin/nginx",
		purpose:  "the tests through nginx",
		advice:   "Install nginx (Debian: apt-get install nginx; Fedora: dnf install nginx; macOS: brew install nginx), or set NGINX to one",
	},
	"caddy": {
		variable: "CADDY",
		names:    []string{"caddy"},
		version:  "version",
		packages: []string{"caddy"},
		unpacked: "usr/bin/caddy",
		purpose:  "the tests through Caddy",
		advice:   "Install Caddy (Debian: apt-get install caddy; Fedora: dnf install caddy; macOS: brew install caddy), or set CADDY to one",
	},
	"haproxy": {
		variable: "HAPROXY",
		names:    []string{"haproxy", "/usr/sbin/haproxy"},
		version:  "-v",
		packages: []string{"haproxy"},
		unpacked: "usr/sbin/haproxy",
		purpose:  "the tests through HAProxy",
		advice:   "Install HAProxy (Debian: apt-get install haproxy; Fedora: dnf install haproxy; macOS: brew install haproxy), or set HAPROXY to one",
	},
	"apache2": {
		variable: "APACHE",
		names:    []string{"apache2", "/usr/sbin/apache2", "httpd", "/usr/sbin/httpd"},
		version:  "-v",
		packages: []string{"apache2-bin"},
		unpacked: "usr/sbin/apache2",
		purpose:  "the tests through Apache",
		advice:   "Install Apache (Debian: apt-get install apache2; Fedora: dnf install httpd mod_ssl; macOS: brew install httpd), or set APACHE to one",
	},
}

// compilers are the C compilers that Go takes when CC is not set.
func compilers() []string {
	if runtime.GOOS == "darwin" {
		return []string{"clang"}
	}
	return []string{"gcc"}
}
