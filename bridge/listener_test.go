// SPDX-License-Identifier: Apache-2.0

package bridge_test

import (
	"errors"
	"net"
	"runtime"
	"syscall"
	"testing"
	"time"

	"sluice/bridge"
)

func TestViewerListener(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("the options of a socket are read as Linux has them")
	}
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := bridge.ViewerListener(inner, 20_000, 7*time.Second)
	defer l.Close()
	client, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	c, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	raw, err := c.(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var buffer, timeout int
	var errs [2]error
	if err := raw.Control(func(fd uintptr) {
		buffer, errs[0] = syscall.GetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_SNDBUF)
		timeout, errs[1] = syscall.GetsockoptInt(int(fd), syscall.IPPROTO_TCP, 0x12)
	}); err != nil || errors.Join(errs[:]...) != nil {
		t.Fatal(err, errs)
	}
	if buffer != 40_000 || timeout != 7000 {
		t.Errorf("the send buffer is %d bytes and the timeout %d ms, want 40000 and 7000", buffer, timeout)
	}
}

// A connection that is gone before it was prepared does not end the server.
func TestViewerListenerPassesOver(t *testing.T) {
	t.Parallel()
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := bridge.ViewerListener(&closing{Listener: inner}, 20_000, 0)
	defer l.Close()
	for range 2 {
		client, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer client.Close()
	}
	c, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
}

// closing gives out its first connection closed.
type closing struct {
	net.Listener
	once bool
}

func (l *closing) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err == nil && !l.once {
		l.once = true
		c.Close()
	}
	return c, err
}
