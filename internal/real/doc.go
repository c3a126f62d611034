// SPDX-License-Identifier: Apache-2.0

// Package real holds tests with servers that know nothing of Sluice: grpc-go's
// interoperability server and its health service, the route guide of gRPC's
// tutorials, and a Docker Swarm manager, whose watch of the cluster has a
// position. Each is started by its test, from its own module, unchanged.
//
// It is a module of its own, so that nothing that is shipped depends on them.
package real
