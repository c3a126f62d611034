// SPDX-License-Identifier: Apache-2.0

//go:build !js

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// stampName is the record of the last build, in the folder that it built.
const stampName = ".build.json"

// stamp says what the folder was made of, and what it then held. The zero value
// is of no build.
type stamp struct {
	Inputs string           `json:"inputs"`
	Fast   bool             `json:"fast"`
	Files  map[string]int64 `json:"files"` // sizes in bytes
}

// readStamp gives the zero stamp where there is none that can be read: the
// site is then built anew, which is always right.
func readStamp(dir string) stamp {
	content, err := os.ReadFile(filepath.Join(dir, stampName))
	if err != nil {
		return stamp{}
	}
	var s stamp
	if err := json.Unmarshal(content, &s); err != nil {
		return stamp{}
	}
	for name, size := range s.Files {
		info, err := os.Stat(filepath.Join(dir, filepath.FromSlash(name)))
		if err != nil || info.Size() != size {
			return stamp{}
		}
	}
	return s
}

// holds reports whether the build that is asked for would make what is there. A
// site that is compressed well serves where one compressed little is asked for.
func (s stamp) holds(cfg config, inputs string) bool {
	return s.Inputs == inputs && s.serves(cfg)
}

func (s stamp) serves(cfg config) bool {
	return s.Inputs != "" && (cfg.fast || !s.Fast)
}

func (s stamp) write(dir string) error {
	content, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return fmt.Errorf("write down the build: %w", err)
	}
	return writeFile(dir, stampName, append(content, '\n'))
}
