// SPDX-License-Identifier: Apache-2.0

// Package events keeps what a run of any method has sent, for a person to look
// through: the last of the events within bounds ([Log]), which go on being
// gathered while the page stands still; which of them are of interest
// ([Filter], [View]); and what one looks like as HTML ([AppendJSON]).
//
// Memory does not grow with a run. Nothing here is safe for concurrent use.
package events
