// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"time"
)

// process is this program once more, in one of the roles. It has to be
// stopped, and ends by itself when this process does.
type process struct {
	// addr is where it listens, as host:port.
	addr string

	cmd      *exec.Cmd
	orders   *json.Encoder
	answers  *json.Decoder
	lifeline io.Closer
}

// start starts a process in a role and waits until it listens.
func start(ctx context.Context, role string, args ...string) (*process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("this program cannot be started again: %w", err)
	}
	cmd := exec.CommandContext(ctx, self, append([]string{roleArgument, role}, args...)...)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("the %s does not start: %w", role, err)
	}
	p := &process{cmd: cmd, orders: json.NewEncoder(in), answers: json.NewDecoder(out), lifeline: in}
	var hello answer
	if err := p.answers.Decode(&hello); err != nil {
		p.stop()
		return nil, fmt.Errorf("the %s does not say that it listens: %w", role, err)
	}
	p.addr = hello.Addr
	return p, nil
}

// tell gives the process an order and returns its answer.
func (p *process) tell(o order) (answer, error) {
	if err := p.orders.Encode(o); err != nil {
		return answer{}, fmt.Errorf("a process takes no orders: %w", err)
	}
	var a answer
	if err := p.answers.Decode(&a); err != nil {
		return answer{}, fmt.Errorf("a process gives no answer: %w", err)
	}
	if a.Error != "" {
		return a, fmt.Errorf("a process answers: %s", a.Error)
	}
	return a, nil
}

// stop ends the process and waits for that.
func (p *process) stop() {
	p.lifeline.Close()
	// How it ended is of no interest: what it was for has been measured.
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
}

// cpu returns the processor time that the process has taken.
func (p *process) cpu() (time.Duration, error) {
	a, err := p.tell(order{Do: doReport})
	return a.CPU, err
}

// resident returns the memory of the process that is in use, in bytes, as the
// system sees it.
func (p *process) resident() (float64, error) {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(p.cmd.Process.Pid) + "/statm")
	if err != nil {
		return 0, fmt.Errorf("memory is read from Linux's /proc: %w", err)
	}
	var size, pages int
	if _, err := fmt.Sscan(string(text), &size, &pages); err != nil {
		return 0, fmt.Errorf("statm is %q: %w", text, err)
	}
	return float64(pages * os.Getpagesize()), nil
}
