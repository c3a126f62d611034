// SPDX-License-Identifier: Apache-2.0

//go:build !js

// Command wasmui is the web app. For js/wasm it is the program that runs in a
// page: one for the Stream page and, with the build tag lab, one for the others.
// Natively it is the program that builds the site around
// it:
//
//	go run ./wasmui -out wasmui/dist/site
//
// compiles the programs, renders the pages, names every file by its content, and
// compresses each one as far as it goes, so that the server that embeds the
// folder has nothing left to do. It does nothing where nothing has changed.
package main

import (
	"context"
	"embed"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
)

//go:embed web
var webFiles embed.FS

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "wasmui:", err)
		os.Exit(1)
	}
}

// config is what one build is asked for.
type config struct {
	out  string // the folder that the site is written into
	wasm string // a compiled program in place of every one; "" to compile them
	fast bool   // compress little, for builds while developing
	most int    // what a program may weigh compressed, in bytes
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	cfg := config{most: maxWasmBrotli}
	flags := flag.NewFlagSet("wasmui", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&cfg.out, "out", "wasmui/dist/site", "the `folder` that the site is written into")
	flags.StringVar(&cfg.wasm, "wasm", "", "a compiled `file` to use in place of compiling the programs")
	flags.BoolVar(&cfg.fast, "fast", false, "compress little: quick, larger, and the limit on the size is not enforced")
	if err := flags.Parse(args); err != nil {
		if err == flag.ErrHelp {
			return nil
		}
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q: the program takes flags only", flags.Arg(0))
	}
	return build(ctx, cfg, web(), stdout)
}

// web is the folder of the site's sources.
func web() fs.FS {
	sub, err := fs.Sub(webFiles, "web")
	if err != nil {
		// Only an invalid path does this, and the path is the constant above.
		panic(err)
	}
	return sub
}
