// SPDX-License-Identifier: Apache-2.0

package proxies

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"sluice/internal/rig"
)

// caddy starts Caddy. A timeout of 0 leaves it its own, which is none.
func caddy(t testing.TB, to string, timeout time.Duration, more ...change) *front {
	t.Helper()
	path := program(t, "CADDY", "caddy")
	host := rig.Loopback()
	id, plain, secure := newIdentity(t, host), freePort(t, host), freePort(t, host)
	proxy := "reverse_proxy " + to
	if timeout > 0 {
		proxy += fmt.Sprintf(" {\n\t\ttransport http {\n\t\t\tread_timeout %s\n\t\t}\n\t}", timeout)
	}
	const name = "sluice.example {"
	const around = "{\n\tadmin off\n\tauto_https off\n\tservers {\n\t\tprotocols h1 h2 h2c\n\t}\n}\n"
	// A site has TLS or not: there are two of it.
	changes := append([]change{{"reverse_proxy " + upstream, proxy}}, more...)
	config := around + deployed(t, "Caddyfile", append(changes, change{name, "http://" + plain + " {\n\tbind " + host})...) +
		deployed(t, "Caddyfile", append(changes, change{name, "https://" + secure + " {\n\tbind " + host + "\n\ttls sluice.crt sluice.key"})...)
	dir := files(t, map[string]string{"Caddyfile": config, "sluice.crt": id.certificate, "sluice.key": id.key})
	run(t, dir, []string{plain, secure}, path, "run", "--config", "Caddyfile", "--adapter", "caddyfile")
	return &front{identity: id, urls: map[protocol]string{http1: "http://" + plain, http2c: "http://" + plain, http2s: "https://" + secure}}
}

// caddyBuffers is the proxy of a Caddy that waits for all of an answer, for which
// it has other words since 2.7.
func caddyBuffers(t testing.TB, to string) string {
	t.Helper()
	version, err := exec.CommandContext(t.Context(), program(t, "CADDY", "caddy"), "version").Output()
	if err != nil {
		t.Fatal(err)
	}
	words := "response_buffers unlimited"
	if regexp.MustCompile(`^v?2\.[0-6]\.`).Match(version) {
		words = "buffer_responses"
	}
	return "reverse_proxy " + to + " {\n\t\t" + words + "\n\t}"
}

// haproxy starts HAProxy. A timeout of 0 leaves those of the configuration.
func haproxy(t testing.TB, to string, timeout time.Duration, more ...change) *front {
	t.Helper()
	path := program(t, "HAPROXY", "haproxy", "/usr/sbin/haproxy")
	host := rig.Loopback()
	id, plain, secure := newIdentity(t, host), freePort(t, host), freePort(t, host)
	changes := append([]change{
		{upstream, to},
		{"bind :80\n", "bind " + plain + "\n"},
		{"bind :443 ", "bind " + secure + " "},
		{"/etc/ssl/", ""},
	}, more...)
	if timeout > 0 {
		for _, side := range []string{"client", "server", "tunnel"} {
			changes = append(changes, change{"timeout " + side + " 60s", fmt.Sprintf("timeout %s %dms", side, timeout.Milliseconds())})
		}
	}
	dir := files(t, map[string]string{"haproxy.cfg": deployed(t, "haproxy.cfg", changes...), "sluice.pem": id.certificate + id.key})
	run(t, dir, []string{plain, secure}, path, "-db", "-f", "haproxy.cfg")
	return &front{identity: id, urls: map[protocol]string{http1: "http://" + plain, http2c: "http://" + plain, http2s: "https://" + secure}}
}

// apache starts Apache. A timeout of 0 leaves it its own.
func apache(t testing.TB, to string, timeout time.Duration) *front {
	t.Helper()
	path := program(t, "APACHE", "apache2", "/usr/sbin/apache2", "httpd", "/usr/sbin/httpd")
	host := rig.Loopback()
	id, plain, secure := newIdentity(t, host), freePort(t, host), freePort(t, host)
	site := deployed(t, "apache.conf", change{upstream, to}, change{"*:80>", plain + ">"}, change{"*:443>", secure + ">"}, change{"/etc/ssl/", ""})
	around := fmt.Sprintf("Listen %s\nListen %s\n", plain, secure)
	if timeout > 0 {
		around += fmt.Sprintf("Timeout %d\n", int(timeout.Round(time.Second)/time.Second))
	}
	if os.Geteuid() == 0 {
		// Apache does not serve as root.
		around += "User #65534\nGroup #65534\n"
	}
	modules := apacheModules(t, path)
	for _, name := range []string{"mpm_event", "unixd", "authz_core", "proxy", "proxy_http", "ssl", "http2"} {
		// Some are built in, here or there.
		around += fmt.Sprintf("<IfModule !%s_module>\n\tLoadModule %[1]s_module %s/mod_%[1]s.so\n</IfModule>\n", name, modules)
	}
	// One process with as many threads as it may have in all.
	around += "ServerLimit 1\nThreadLimit 150\nThreadsPerChild 150\nMaxRequestWorkers 150\n"
	dir := files(t, map[string]string{"site.conf": site, "sluice.crt": id.certificate, "sluice.key": id.key})
	around = fmt.Sprintf("ServerRoot %s\nDefaultRuntimeDir %[1]s\nPidFile pid\nErrorLog /dev/stderr\nServerName sluice.example\n", dir) + around + "Include site.conf\n"
	if err := os.WriteFile(filepath.Join(dir, "apache.conf"), []byte(around), 0o600); err != nil {
		t.Fatal(err)
	}
	// With -X it stays one process, in the foreground.
	run(t, dir, []string{plain, secure}, path, "-X", "-f", filepath.Join(dir, "apache.conf"))
	return &front{identity: id, urls: map[protocol]string{http1: "http://" + plain, http2c: "http://" + plain, http2s: "https://" + secure}}
}

// apacheModules returns the folder of the modules that belong to a program.
func apacheModules(t testing.TB, path string) string {
	t.Helper()
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		t.Fatal(err)
	}
	var tried []string
	for _, place := range []string{
		"root/usr/lib/apache2/modules", // as `make test-proxies` unpacks it
		"../lib/apache2/modules", "../lib64/httpd/modules", "../lib/httpd/modules", "../libexec/apache2",
	} {
		dir := filepath.Join(filepath.Dir(real), place)
		if _, err := os.Stat(filepath.Join(dir, "mod_proxy_http.so")); err == nil {
			return dir
		}
		tried = append(tried, dir)
	}
	t.Fatalf("the modules of %s are not in %s", path, strings.Join(tried, ", nor in "))
	return ""
}
