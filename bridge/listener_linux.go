// SPDX-License-Identifier: Apache-2.0

package bridge

import "golang.org/x/sys/unix"

// taken returns how many bytes the peer has acknowledged, and whether there are
// more that it has not. It is not ok where the system does not tell, and once
// the connection is closed.
func (p *peer) taken() (bytes uint64, more, ok bool) {
	err := p.raw.Control(func(fd uintptr) {
		info, err := unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO)
		if err == nil {
			bytes, more, ok = info.Bytes_acked, info.Unacked > 0 || info.Notsent_bytes > 0, true
		}
	})
	return bytes, more, ok && err == nil
}
