// SPDX-License-Identifier: Apache-2.0

// Package store keeps the numbers that a page shows: the last of them in
// columns of fixed size, and what is known of all of them in a few sums.
//
// Memory does not grow with the stream, and no question that a page asks at
// every frame costs more than the history kept allows, whatever the length of
// the stream. Nothing here is safe for concurrent use.
package store
