// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"syscall"
	"time"

	"sluice/bridge"
)

// roleArgument is the first argument of this program where it is started by
// itself. The second is the role, and the rest is the role's own.
const roleArgument = "role"

// roles are what a process can be. Each listens on l until ctx is done, and
// then returns nil.
var roles = map[string]func(ctx context.Context, l net.Listener, args []string) error{
	"backend": playBackend,
	"quiet":   playQuiet,
	"bridge":  playBridge,
	"gateway": playGateway,
	"bare":    playBare,
}

// order is what a process is told, and answer what it says: at first, without
// being told anything, where it listens.
type order struct {
	Do   string `json:"do"`
	File string `json:"file,omitempty"`
}

// What a process can be told to do.
const (
	doReport  = "report"  // say what it uses
	doSettle  = "settle"  // give back the memory that it does not use, and report
	doProfile = "profile" // begin a CPU profile in a file
	doFinish  = "finish"  // finish it
)

type answer struct {
	Error string `json:"error,omitempty"`
	Addr  string `json:"addr,omitempty"`
	// CPU is the processor time taken so far, in user and system mode.
	CPU time.Duration `json:"cpu"`
	// Go is the memory in use by the heap and by stacks, in bytes.
	Go         uint64 `json:"go"`
	Goroutines int    `json:"goroutines"`
}

// play plays a role and follows orders until there are no more, which is also
// when whoever gave them has died.
func play(ctx context.Context, args []string, in io.Reader, out io.Writer) error {
	if len(args) == 0 || roles[args[0]] == nil {
		return fmt.Errorf("there is no role %q", args)
	}
	if err := raiseFileLimit(); err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listening on a free loopback port: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	done := make(chan error, 1)
	go func() {
		defer cancel()
		done <- roles[args[0]](ctx, l, args[1:])
	}()
	go func() {
		// The role's end is that of the process, whatever becomes of this.
		defer cancel()
		follow(in, json.NewEncoder(out), l.Addr().String())
	}()
	return <-done
}

// follow says where the process listens and then does as it is told.
func follow(in io.Reader, answers *json.Encoder, addr string) {
	if answers.Encode(answer{Addr: addr}) != nil {
		return
	}
	var profile *os.File
	for orders := json.NewDecoder(in); ; {
		var o order
		if orders.Decode(&o) != nil {
			return
		}
		var err error
		switch o.Do {
		case doReport:
		case doSettle:
			// The first collection lets go of what pools hold, the second frees it.
			runtime.GC()
			debug.FreeOSMemory()
		case doProfile:
			if profile, err = os.Create(o.File); err == nil {
				err = pprof.StartCPUProfile(profile)
			}
		case doFinish:
			pprof.StopCPUProfile()
			err = profile.Close()
		default:
			err = errors.New("nobody here knows how to " + o.Do)
		}
		a := usage()
		if err != nil {
			a.Error = err.Error()
		}
		if answers.Encode(a) != nil {
			return
		}
	}
}

// usage says what this process uses.
func usage() answer {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return answer{CPU: ownCPU(), Go: m.HeapInuse + m.StackInuse, Goroutines: runtime.NumGoroutine()}
}

// ownCPU returns the processor time that this process has taken.
func ownCPU() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic("the arguments of getrusage are right: " + err.Error())
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// raiseFileLimit lets the process have as many connections as it may.
func raiseFileLimit() error {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return fmt.Errorf("the number of open files that is allowed: %w", err)
	}
	limit.Cur = limit.Max
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return fmt.Errorf("raising the number of open files to the %d that are allowed: %w", limit.Max, err)
	}
	return nil
}

// serveHTTP serves h until ctx is done, over HTTP/1.1 and, for those who know,
// over HTTP/2 without TLS.
func serveHTTP(ctx context.Context, l net.Listener, h http.Handler) error {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	srv := &http.Server{Handler: h, ConnContext: bridge.ConnContext, Protocols: protocols, ReadHeaderTimeout: 10 * time.Second}
	stop := context.AfterFunc(ctx, func() { srv.Close() })
	defer stop()
	if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
