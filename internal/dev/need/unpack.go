// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// launcher returns where the program is that starts an unpacked tool.
func (m *machine) launcher(name string) string {
	return filepath.Join(m.cache, name, name)
}

// toInstall finds, in what apt-get says it would do, the packages that it
// would install.
var toInstall = regexp.MustCompile(`(?m)^Inst (\S+) `)

// unpack downloads a tool's packages, with those that they need and this
// machine lacks, and unpacks them into the cache. It takes no root, installs
// nothing and starts nothing.
func (m *machine) unpack(name string, t tool) error {
	for _, program := range []string{"apt-get", "dpkg-deb"} {
		if _, err := m.lookPath(program); err != nil {
			return fmt.Errorf("without %s it cannot be unpacked from here", program)
		}
	}
	fmt.Fprintf(m.log, "need: unpacking %s\n", strings.Join(t.packages, ", "))
	// Without root the lists that are there have to do.
	if apt, err := m.apt(); err == nil {
		m.update(apt)
	}
	plan, err := m.output(append([]string{"env", "LC_ALL=C", "apt-get", "-s", "--no-install-recommends", "install"}, t.packages...)...)
	if err != nil {
		return fmt.Errorf("apt-get does not know how to install %s: %w", strings.Join(t.packages, " "), err)
	}
	var packages []string
	for _, match := range toInstall.FindAllSubmatch(plan, -1) {
		packages = append(packages, string(match[1]))
	}
	if len(packages) == 0 {
		return fmt.Errorf("the package %s is installed, and what is in it does not run", strings.Join(t.packages, " "))
	}

	dir := filepath.Join(m.cache, name)
	root := filepath.Join(dir, "root")
	// What an earlier attempt left is of no use.
	if err := errors.Join(os.RemoveAll(dir), os.MkdirAll(root, 0o755)); err != nil {
		return err
	}
	if err := m.run(append([]string{"env", "-C", dir, "apt-get", "-q", "download"}, packages...)...); err != nil {
		return fmt.Errorf("apt-get download %s failed: %w", strings.Join(packages, " "), err)
	}
	archives, err := filepath.Glob(filepath.Join(dir, "*.deb"))
	if err != nil {
		return err
	}
	for _, archive := range archives {
		if err := m.run("dpkg-deb", "-x", archive, root); err != nil {
			return fmt.Errorf("%s cannot be unpacked: %w", archive, err)
		}
		if err := os.Remove(archive); err != nil {
			return err
		}
	}
	return os.WriteFile(m.launcher(name), launcherOf(t.unpacked), 0o755)
}

// launcherOf returns a script that starts the program at a path below root,
// with the libraries that were unpacked with it. It becomes that program, and
// so has the process id that its caller knows. The folder may be moved.
func launcherOf(path string) []byte {
	return fmt.Appendf(nil, `#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
root=$(cd "$(dirname "$0")" && pwd)/root
for libraries in "$root"/usr/lib/*-linux-* "$root"/lib/*-linux-*; do
	if [ -d "$libraries" ]; then LD_LIBRARY_PATH=$libraries${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}; fi
done
export LD_LIBRARY_PATH
exec "$root/%s" "$@"
`, path)
}
