// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"syscall"
)

// dieWithParent has the kernel kill the program when the supervisor dies
// without having stopped it, as after a SIGKILL.
func dieWithParent(attr *syscall.SysProcAttr) { attr.Pdeathsig = syscall.SIGKILL }

// waitsToEnd returns a function that reports whether the process pid has come
// to handle a signal that asks it to end, and has not ended. GNU make waits for
// its children within the handler, where the signal is blocked: that, the
// kernel tells.
func waitsToEnd(pid int) func() bool {
	const wishes = 1<<(syscall.SIGHUP-1) | 1<<(syscall.SIGINT-1) | 1<<(syscall.SIGQUIT-1) | 1<<(syscall.SIGTERM-1)
	before := blockedSignals(pid)
	return func() bool { return blockedSignals(pid)&^before&wishes != 0 }
}

// blockedSignals returns the set of signals that the process blocks, bit n-1
// for signal n, and none where that cannot be known. See proc_pid_status(5).
func blockedSignals(pid int) (set uint64) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	for line := range bytes.Lines(status) {
		if hex, ok := bytes.CutPrefix(line, []byte("SigBlk:")); ok {
			set, _ = strconv.ParseUint(string(bytes.TrimSpace(hex)), 16, 64) // 0 is none.
		}
	}
	return set
}
