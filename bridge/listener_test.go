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
	l := bridge.ViewerListener(inner, 20_000, 0)
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
	var buffer int
	var got error
	if err := raw.Control(func(fd uintptr) {
		buffer, got = syscall.GetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_SNDBUF)
	}); err != nil || got != nil {
		t.Fatal(err, got)
	}
	if buffer != 40_000 {
		t.Errorf("the send buffer is %d bytes, want 40000", buffer)
	}
}

// A peer that takes nothing of what it was sent is dead, though no write fails
// that waits for it; one that was sent nothing may be silent for ever.
func TestViewerListenerCloses(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("the system does not tell what a peer has taken")
	}
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	const deadAfter = 200 * time.Millisecond
	l := bridge.ViewerListener(inner, bridge.DefaultSendBuffer, deadAfter)
	defer l.Close()
	accept := func() (near, far net.Conn) {
		far, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { far.Close() })
		if err := far.(*net.TCPConn).SetReadBuffer(4 << 10); err != nil {
			t.Fatal(err)
		}
		near, err = l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { near.Close() })
		return near, far
	}
	quiet, other := accept()
	begun := time.Now()
	dead, _ := accept()
	for {
		// Nothing limits what a write waits for.
		if _, err := dead.Write(make([]byte, 4<<10)); err != nil {
			if !errors.Is(err, net.ErrClosed) || time.Since(begun) < deadAfter {
				t.Errorf("writing failed after %v: %v", time.Since(begun), err)
			}
			break
		}
	}
	if _, err := quiet.Write([]byte("x")); err != nil {
		t.Errorf("a connection that was quiet is closed: %v", err)
	}
	if _, err := other.Read(make([]byte, 1)); err != nil {
		t.Error(err)
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
