// SPDX-License-Identifier: Apache-2.0

// Package backend serves sluice.numbers.v1.NumberService: streams of numbers
// over gRPC, each after a pause, that any replica can take up where another
// left off.
//
// A Service goes into any gRPC server:
//
//	numbersv1.RegisterNumberServiceServer(grpcServer, backend.New())
//
// A Server is one of its own, with reflection (v1 and v1alpha), the standard
// health service, TLS, and a graceful stop. The program numbersd is that server
// with flags.
//
// # The same on every machine
//
// Numbers and pauses are functions of the seed and the position alone, in
// integer arithmetic and single IEEE 754 operations: no sequence is replayed to
// get to a position, and no architecture gives other ones. A resume token holds
// the request with every default filled in, the position, and what else the
// sequence needs to go on; a server keeps nothing between calls. What a seed and
// a token of a version mean never changes.
//
// # What a caller cannot exhaust
//
//   - Streams: WithMaxStreams (2,000) are served at once, the next call is
//     refused with RESOURCE_EXHAUSTED. A Server takes SpareCalls (100) more, counted
//     before their requests are read, and MaxOtherCalls (1,000) of health and
//     reflection, which take no places of numbers.
//   - Memory: a stream costs some 15 KB and does not grow with its length. One
//     that is not read holds up to half a megabyte in gRPC's buffers and then
//     stops. At the defaults, that is about a gigabyte when all 2,000 do.
//   - Connections: WithMaxConns (1,000, some 40 KB each), WithMaxConnStreams (500)
//     on each, so that no one connection takes every place, HandshakeTimeout (10 s),
//     MaxConnIdle (15 min) without a stream. Who may open many connections is for
//     a firewall or a proxy to say.
//   - Peers that vanish: asked for a sign of life after KeepaliveTime (30 s) of
//     silence, and dropped KeepaliveTimeout (10 s) later. Peers that ask for one
//     more often than each MinClientPing (5 s) are dropped too.
//   - Requests: MaxRequestBytes (16 KB), MaxHeaderBytes (32 KB), no compression.
//   - Time: a pause is at most MaxPause (1 h). The costliest number takes some
//     microseconds whatever the request or the token says. A stream as fast as
//     its reader reads keeps a core busy, and is slowed by nothing but that
//     reader: who may not do so is for a proxy to say.
//   - Logs: refusals for want of room are logged once, not once each.
//
// The limits of connections and calls belong to a Server; a Service in a gRPC
// server of one's own has that server's, and its own limit of streams.
package backend
