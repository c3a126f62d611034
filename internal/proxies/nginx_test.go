// SPDX-License-Identifier: Apache-2.0

package proxies

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"sluice/internal/rig"
)

// site is a configuration for nginx, which has no more than a server in it.
type site struct {
	file string
	// speaks is what is spoken there.
	speaks []protocol
	// lines are added to what is around the server, and changes made to it.
	lines   string
	changes []change
}

// listens are the lines by which a site says where it listens, by what is
// spoken there, and what has to follow the address.
var listens = map[protocol]struct{ line, more, scheme string }{
	http1:  {"listen 80;", ";", "http://"},
	http2c: {"listen 80;", " http2;", "http://"},
	http2s: {"listen 443 ssl http2;", " ssl http2;", "https://"},
}

// nginx starts an nginx for each thing that is spoken at a site, since its
// older versions cannot speak several without TLS.
func nginx(t testing.TB, to string, timeout time.Duration, sites ...site) *front {
	t.Helper()
	path := program(t, "NGINX", "nginx", "/usr/sbin/nginx")
	host := rig.Loopback()
	f := &front{urls: make(map[protocol]string), identity: newIdentity(t, host)}
	for _, s := range sites {
		for _, p := range s.speaks {
			address, how := freePort(t, host), listens[p]
			changes := append([]change{{upstream, to}, {how.line, "listen " + address + how.more}}, s.changes...)
			if p == http2s {
				changes = append(changes, change{"/etc/ssl/", ""})
			}
			dir := files(t, map[string]string{
				"site.conf": deployed(t, s.file, changes...), "nginx.conf": nginxAround(timeout, s.lines),
				"sluice.crt": f.identity.certificate, "sluice.key": f.identity.key,
			})
			run(t, dir, []string{address}, path, "-p", dir, "-c", filepath.Join(dir, "nginx.conf"), "-e", "stderr")
			f.urls[p] = how.scheme + address
		}
	}
	return f
}

// nginxAround is what has to be around a site for one process, which nobody
// else on this machine notices. A timeout of 0 leaves nginx its own.
func nginxAround(timeout time.Duration, lines string) string {
	if timeout > 0 {
		lines += fmt.Sprintf("proxy_read_timeout %dms; proxy_send_timeout %[1]dms; send_timeout %[1]dms;\n", timeout.Milliseconds())
	}
	return `
daemon off;
master_process off;
pid nginx.pid;
error_log stderr warn;
events { worker_connections 1024; }
http {
	access_log off;
	client_body_temp_path body;
	proxy_temp_path proxy;
	fastcgi_temp_path fastcgi;
	uwsgi_temp_path uwsgi;
	scgi_temp_path scgi;
	` + lines + `
	include site.conf;
}
`
}
