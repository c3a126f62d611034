// SPDX-License-Identifier: Apache-2.0

package real_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"sluice/bridge/catalog"
)

// A descriptor set as buf writes it is read as it is: with the option that says
// how the method meets the browser, and with the comments. The pinned buf is
// run, which asks nobody for anything where there are no dependencies.
func TestDescriptorSetOfBuf(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "api.binpb")
	command := exec.CommandContext(t.Context(), "go", "tool", "-modfile=internal/tools/go.mod", "buf", "build", "-o", file)
	command.Dir = filepath.Join("..", "..")
	command.Env = append(os.Environ(), "GOWORK=off")
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("buf build: %v\n%s", err, out)
	}
	set, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	c, err := catalog.FromDescriptorSet(set)
	if err != nil {
		t.Fatal(err)
	}
	if problems := c.Problems(); len(problems) > 0 {
		t.Errorf("problems: %v", problems)
	}
	m := c.Route("/sse")
	if m == nil || m.FullName != "sluice.numbers.v1.NumberService/Generate" || !m.ServerStreaming() || !m.CanResume() {
		t.Fatalf("/sse is %+v", m)
	}
	if !bytes.Contains(c.Describe(), []byte("Generate streams numbers")) {
		t.Errorf("the comments are not in the description:\n%s", c.Describe())
	}
}
