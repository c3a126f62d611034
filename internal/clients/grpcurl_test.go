// SPDX-License-Identifier: Apache-2.0

package clients

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"sluice/internal/rig"
)

// grpcurl runs the grpcurl that this repository pins, and returns what it wrote,
// what it complained of and its exit code.
func grpcurl(t testing.TB, args ...string) (out []byte, complaint string, exit int) {
	t.Helper()
	find := exec.CommandContext(t.Context(), "go", "tool", "-modfile="+filepath.Join("internal", "tools", "go.mod"), "-n", "grpcurl")
	find.Dir = filepath.Join("..", "..")
	var trouble bytes.Buffer
	find.Stderr = &trouble
	path, err := find.Output() // it is built for that, once
	if err != nil {
		t.Fatalf("grpcurl cannot be built: %v\n%s", err, trouble.String())
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, strings.TrimSpace(string(path)), args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err = cmd.Output()
	var failed *exec.ExitError
	switch {
	case errors.As(err, &failed) && failed.Exited():
		return out, stderr.String(), failed.ExitCode()
	case err != nil:
		t.Fatal(err)
	}
	return out, stderr.String(), 0
}

// The backend is told of what it serves, called, and refused by what it says, as
// the README has it.
func TestGrpcurl(t *testing.T) {
	t.Parallel()
	address := rig.Start(t, rig.Config{}).Backend()
	const generate = "sluice.numbers.v1.NumberService/Generate"

	out, complaint, exit := grpcurl(t, "-plaintext", address, "describe", "sluice.numbers.v1.GenerateRequest")
	if exit != 0 || !bytes.Contains(out, []byte("uint32 count = ")) || !bytes.Contains(out, []byte("//")) {
		t.Errorf("described is %s, with %d: %s", out, exit, complaint)
	}

	out, complaint, exit = grpcurl(t, "-plaintext", "-d", `{"count": 5, "maxPause": "0s"}`, address, generate)
	if exit != 0 {
		t.Errorf("a stream ends with %d: %s", exit, complaint)
	}
	numbers := json.NewDecoder(bytes.NewReader(out))
	for position := 1; ; position++ {
		var number struct{ Position int }
		if err := numbers.Decode(&number); err == io.EOF {
			if position != 6 {
				t.Errorf("%d numbers came, want 5: %s", position-1, out)
			}
			break
		} else if err != nil || number.Position != position {
			t.Fatalf("where %d is due comes %+v, %v: %s", position, number, err, out)
		}
	}

	out, complaint, exit = grpcurl(t, "-plaintext", "-d", `{"count": 5, "endless": true, "minPause": "3601s"}`, address, generate)
	if exit == 0 || len(out) > 0 {
		t.Errorf("a bad request gives %s, with %d", out, exit)
	}
	for _, want := range []string{
		"Code: InvalidArgument", "google.rpc.BadRequest",
		`"field": "count"`, "`endless`", `"field": "min_pause"`, "from 0s to 3600s",
	} {
		if !strings.Contains(complaint, want) {
			t.Errorf("a bad request is not told …%s…:\n%s", want, complaint)
		}
	}
}
