// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package bridge

import (
	"net"
	"time"
)

// setUserTimeout does nothing: the system has its own idea of a dead peer.
func setUserTimeout(*net.TCPConn, time.Duration) error { return nil }
