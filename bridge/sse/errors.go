// SPDX-License-Identifier: Apache-2.0

package sse

import "strconv"

// A FieldError says that a value cannot be written as a field of an event,
// because a reader would take it for something else.
type FieldError struct {
	// Field is the name of the field, "id" or "event".
	Field string
	// Offset is the index of the first byte that is refused.
	Offset int
}

// Error names the field, the place and what the field may hold.
func (e *FieldError) Error() string {
	forbidden := "CR or LF"
	if e.Field == fieldID {
		forbidden = "CR, LF or NUL"
	}
	return "sse: bad byte at offset " + strconv.Itoa(e.Offset) + " of the field " + e.Field +
		": want UTF-8 without " + forbidden
}

// A TooLargeError says that a stream went over a limit of its reader. The
// stream cannot be read on, since what is skipped may hold an event.
type TooLargeError struct {
	// Part is what is too large, "line" or "event".
	Part string
	// Limit is the number of bytes that were allowed.
	Limit int
}

// Error names the part and its limit.
func (e *TooLargeError) Error() string {
	return "sse: " + e.Part + " exceeds the limit of " + strconv.Itoa(e.Limit) + " bytes"
}
