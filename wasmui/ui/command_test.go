// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"os/exec"
	"testing"
)

func TestCommands(t *testing.T) {
	t.Parallel()
	tests := []struct{ got, want string }{
		{curlCommand("http://localhost:8080", Knobs{}), "curl -N 'http://localhost:8080/sse'"},
		{curlCommand("https://x.example", Knobs{Count: "5", MinPause: "1"}), "curl -N 'https://x.example/sse?count=5&min_pause=1s'"},
		{grpcurlCommand(Knobs{}), "grpcurl -plaintext localhost:50051 sluice.numbers.v1.NumberService/Generate"},
		{grpcurlCommand(Knobs{Count: "5"}), `grpcurl -plaintext -d '{"count":5}' localhost:50051 sluice.numbers.v1.NumberService/Generate`},
	}
	for _, tt := range tests {
		if tt.got != tt.want {
			t.Errorf("%s, want %s", tt.got, tt.want)
		}
	}
}

// A person pastes these lines into a shell, and a link may have set the knobs:
// nothing in them may be taken for a command.
func TestShellQuoteIsOneWord(t *testing.T) {
	t.Parallel()
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skipf("needs a POSIX shell: %v", err)
	}
	for _, text := range []string{"", "a b", "'", "''", `'; echo "no"; '`, "$(echo no)", "`echo no`", `\'`, "a\nb", "!$*"} {
		out, err := exec.Command(sh, "-c", "printf %s "+shellQuote(text)).Output()
		if err != nil || string(out) != text {
			t.Errorf("%q came out of the shell as %q, %v", text, out, err)
		}
	}
}
