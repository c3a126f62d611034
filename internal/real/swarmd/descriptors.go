// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"

	gogo "github.com/gogo/protobuf/proto"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"
)

// services are the files of the services by which a manager is watched and
// controlled, by the names under which they are compiled into it.
var services = []string{"github.com/docker/swarmkit/api/watch.proto", "github.com/docker/swarmkit/api/control.proto"}

// writeDescriptors writes what `buf build -o FILE` would of the manager's
// services, which has no reflection, but for what declares gogo's options: that
// is imported for options alone, and is registered under another name.
func writeDescriptors(path string) error {
	set := new(descriptorpb.FileDescriptorSet)
	seen := make(map[string]bool)
	for _, service := range services {
		if gogo.FileDescriptor(service) == nil {
			return fmt.Errorf("%s is not compiled in", service)
		}
		if err := addFile(set, seen, service); err != nil {
			return fmt.Errorf("%s: %w", service, err)
		}
	}
	b, err := proto.Marshal(set)
	if err != nil {
		return err
	}
	return os.WriteFile(path, b, 0o600)
}

// addFile adds a file after those that it imports.
func addFile(set *descriptorpb.FileDescriptorSet, seen map[string]bool, path string) error {
	compressed := gogo.FileDescriptor(path)
	if seen[path] || compressed == nil {
		return nil
	}
	seen[path] = true
	r, err := gzip.NewReader(bytes.NewReader(compressed))
	if err != nil {
		return err
	}
	b, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	file := new(descriptorpb.FileDescriptorProto)
	if err := proto.Unmarshal(b, file); err != nil {
		return err
	}
	for _, dependency := range file.GetDependency() {
		if err := addFile(set, seen, dependency); err != nil {
			return fmt.Errorf("%s: %w", dependency, err)
		}
	}
	set.File = append(set.File, file)
	return nil
}
