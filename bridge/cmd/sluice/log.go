// SPDX-License-Identifier: Apache-2.0

package main

import (
	"io"
	"log/slog"
)

// logFlags say how the program speaks.
type logFlags struct {
	Level  string `default:"info" enum:"debug,info,warn,error" help:"Say only what is at least this important: debug, info, warn or error."`
	Format string `default:"text" enum:"text,json" help:"Say it as text or as json."`
}

func (f *logFlags) logger(w io.Writer) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(f.Level)); err != nil {
		panic("one of the levels is not one of slog's: " + err.Error())
	}
	o := &slog.HandlerOptions{Level: level}
	if f.Format == "json" {
		return slog.New(slog.NewJSONHandler(w, o))
	}
	return slog.New(slog.NewTextHandler(w, o))
}
