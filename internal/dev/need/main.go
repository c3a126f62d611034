// SPDX-License-Identifier: Apache-2.0

// Command need finds programs that the tests use and Go does not bring along,
// and installs those that are missing where it can.
//
//	need chromium node npm cc
//
// It prints the path of each, a line a program, in the order asked for. What is
// missing it installs with apt-get, as root or by a sudo that asks for no
// password. The package of a server would start it, too; such a one it unpacks
// into bin/need, for which it needs no root, and installs nothing. Where neither
// can be, it says what to install and fails. All that it says beside the paths
// goes to standard error.
package main

import (
	"fmt"
	"os"
)

func main() {
	m := newMachine()
	missing := 0
	for _, name := range os.Args[1:] {
		path, err := m.need(name)
		if err != nil {
			fmt.Fprintf(os.Stderr, "need: %v\n", err)
			missing++
			continue
		}
		fmt.Println(path)
	}
	if missing > 0 {
		os.Exit(1)
	}
}
