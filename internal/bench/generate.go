// SPDX-License-Identifier: Apache-2.0

package main

// gen is the code that grpc-gateway's own generator writes for the numbers:
//
//go:generate go tool -modfile=../tools/go.mod buf generate ../.. --template buf.gen.yaml --path ../../proto/sluice/numbers
