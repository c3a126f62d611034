// SPDX-License-Identifier: Apache-2.0

package store

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"
)

// Message is one response of the number service as the bridge gives it.
type Message struct {
	Position uint32
	Value    float64
	// Created is in milliseconds since 1970, 0 where the message has none.
	Created int64
	// ResumeToken may lie within the decoded bytes.
	ResumeToken []byte
}

// Decode reads a GenerateResponse in its ProtoJSON form, such as
// {"position":1,"value":1.5,"createTime":"2026-01-02T03:04:05.678Z","resumeToken":"t"}.
// Fields that are absent or null are zero, fields that it does not know are
// passed over, and numbers may be written as strings, as ProtoJSON allows.
//
// A message as the bridge writes it is read in one pass. Whatever that pass does
// not know for certain it leaves to encoding/json, so that the answer does not
// depend on which of them gave it.
func Decode(data []byte) (Message, error) {
	if m, ok := scanMessage(data); ok {
		return m, nil
	}
	return decodeSlowly(data)
}

var errNotObject = errors.New("store: a message is a JSON object")

// decodeSlowly is Decode by way of encoding/json.
func decodeSlowly(data []byte) (Message, error) {
	if !bytes.HasPrefix(bytes.TrimLeft(data, " \t\r\n"), []byte("{")) {
		return Message{}, errNotObject
	}
	var fields struct {
		Position    jsonUint32 `json:"position"`
		Value       jsonDouble `json:"value"`
		CreateTime  *string    `json:"createTime"`
		ResumeToken string     `json:"resumeToken"`
	}
	if err := json.Unmarshal(data, &fields); err != nil {
		return Message{}, fmt.Errorf("store: cannot read the message: %w", err)
	}
	m := Message{
		Position:    uint32(fields.Position),
		Value:       float64(fields.Value),
		ResumeToken: []byte(fields.ResumeToken),
	}
	if fields.CreateTime != nil {
		t, err := time.Parse(time.RFC3339Nano, *fields.CreateTime)
		if err != nil {
			return Message{}, fmt.Errorf("store: createTime: want an RFC 3339 time: %w", err)
		}
		m.Created = t.UnixMilli()
	}
	return m, nil
}

// jsonUint32 is a uint32 in ProtoJSON: a number, or a string that holds one.
type jsonUint32 uint32

func (u *jsonUint32) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		return nil
	}
	n, err := strconv.ParseUint(string(unquoted(b)), 10, 32)
	if err != nil {
		return fmt.Errorf("position: want a whole number from 0 to %d", uint32(math.MaxUint32))
	}
	*u = jsonUint32(n)
	return nil
}

// jsonDouble is a double in ProtoJSON: a number, or a string that holds one or
// "NaN", "Infinity" or "-Infinity".
type jsonDouble float64

func (d *jsonDouble) UnmarshalJSON(b []byte) error {
	switch string(b) {
	case `null`:
		return nil
	case `"NaN"`:
		*d = jsonDouble(math.NaN())
		return nil
	case `"Infinity"`:
		*d = jsonDouble(math.Inf(1))
		return nil
	case `"-Infinity"`:
		*d = jsonDouble(math.Inf(-1))
		return nil
	}
	text := unquoted(b)
	// ParseFloat takes more than JSON does: hexadecimal, underscores, names.
	if !json.Valid(text) || text[0] == '"' {
		return errors.New(`value: want a number, "NaN", "Infinity" or "-Infinity"`)
	}
	v, err := strconv.ParseFloat(string(text), 64)
	if err != nil {
		return errors.New("value: want a number that a double can hold")
	}
	*d = jsonDouble(v)
	return nil
}

// unquoted takes the quotes off a JSON string. Escapes stay, and make no number.
func unquoted(b []byte) []byte {
	if len(b) >= 2 && b[0] == '"' {
		return b[1 : len(b)-1]
	}
	return b
}
