// SPDX-License-Identifier: Apache-2.0

//go:build unix && !linux

package main

import "syscall"

// dieWithParent does nothing: only Linux can tie a program to its parent.
func dieWithParent(*syscall.SysProcAttr) {}

// waitsToEnd returns a function that reports false: there is no portable way
// to know.
func waitsToEnd(int) func() bool { return func() bool { return false } }
