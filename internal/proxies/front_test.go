// SPDX-License-Identifier: Apache-2.0

package proxies

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"sluice/bridge"
	"sluice/internal/rig"
	"sluice/wasmui/dist"
)

// A protocol is how a browser speaks to the server that it sees.
type protocol string

const (
	http1  protocol = "HTTP/1.1"
	http2c protocol = "unencrypted HTTP/2"
	http2s protocol = "HTTP/2 with TLS"
)

var protocols = []protocol{http1, http2c, http2s}

// A front is a server that a browser sees: the bridge itself, or one in front
// of it.
type front struct {
	name string
	// urls are where it is, without a slash at the end, by what is spoken there.
	urls map[protocol]string
	// identity is what it shows over TLS.
	identity *identity
}

// client returns a client that reads in a way over p, and speaks nothing else.
// It asks for compressed answers, as browsers do.
func (f *front) client(t testing.TB, p protocol, tr transport) *http.Client {
	transport := &http.Transport{Protocols: new(http.Protocols)}
	switch {
	case p == http1 || tr.name == webSocket.name:
		// Also where it has HTTP/2 for all else, a browser opens a connection
		// of HTTP/1.1 for each WebSocket.
		transport.Protocols.SetHTTP1(true)
	case p == http2s:
		transport.Protocols.SetHTTP2(true)
	case p == http2c:
		transport.Protocols.SetUnencryptedHTTP2(true)
	}
	if f.identity != nil {
		transport.TLSClientConfig = &tls.Config{RootCAs: f.identity.pool}
	}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// identity is a certificate that only one host may show, and its key.
type identity struct {
	certificate, key string // PEM
	pool             *x509.CertPool
}

func newIdentity(t testing.TB, host string) *identity {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), IPAddresses: []net.IP{net.ParseIP(host)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		BasicConstraintsValid: true, IsCA: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	id := &identity{
		certificate: string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})),
		key:         string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})),
		pool:        x509.NewCertPool(),
	}
	id.pool.AppendCertsFromPEM([]byte(id.certificate))
	return id
}

// direct serves the bridge of r with nothing in front, as the program does.
func direct(t testing.TB, r *rig.Rig) *front {
	t.Helper()
	host := rig.Loopback()
	id := newIdentity(t, host)
	pair, err := tls.X509KeyPair([]byte(id.certificate), []byte(id.key))
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{Handler: dist.Handler(r.Bridge()), ConnContext: bridge.ConnContext, TLSConfig: &tls.Config{Certificates: []tls.Certificate{pair}}}
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := srv.ServeTLS(bridge.ViewerListener(l, bridge.DefaultSendBuffer, bridge.DefaultWriteTimeout), "", ""); !errors.Is(err, http.ErrServerClosed) {
			t.Errorf("the bridge: %v", err)
		}
	})
	t.Cleanup(func() {
		srv.Close()
		wg.Wait()
	})
	return &front{
		name: "direct", identity: id,
		urls: map[protocol]string{http1: r.URL, http2c: r.URL, http2s: "https://" + l.Addr().String()},
	}
}
