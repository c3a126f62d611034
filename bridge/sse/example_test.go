// SPDX-License-Identifier: Apache-2.0

package sse_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"sluice/bridge/sse"
)

// What a server writes: how long to wait before a reconnect, events, and a
// comment when there is nothing else to say.
func ExampleAppendEvent() {
	var body []byte
	body = sse.AppendRetry(body, 3*time.Second)
	body, err := sse.AppendEvent(body, "run-1", "", []byte(`{"value":1}`))
	if err != nil {
		fmt.Println(err)
	}
	body, err = sse.AppendEvent(body, "run-2", "end", []byte("{\n}"))
	if err != nil {
		fmt.Println(err)
	}
	body = sse.AppendComment(body, "still here")
	os.Stdout.Write(body)
	// Output:
	// retry: 3000
	//
	// data: {"value":1}
	// id: run-1
	//
	// event: end
	// data: {
	// data: }
	// id: run-2
	//
	// : still here
}

// A value that would forge a field is refused.
func ExampleFieldError() {
	_, err := sse.AppendEvent(nil, "1\ndata: forged", "", nil)
	if field, ok := errors.AsType[*sse.FieldError](err); ok {
		fmt.Println(field.Field, field.Offset)
	}
	fmt.Println(err)
	// Output:
	// id 1
	// sse: bad byte at offset 1 of the field id: want UTF-8 without CR, LF or NUL
}

// printer is a Handler that prints.
type printer struct{}

func (printer) Event(ev sse.Event)    { fmt.Printf("%s %s %q\n", ev.ID, ev.Type, ev.Data) }
func (printer) Comment(text []byte)   { fmt.Printf("comment %q\n", text) }
func (printer) Retry(d time.Duration) { fmt.Println("retry", d) }

// Chunks may be cut anywhere; each event is delivered with its last byte.
func ExampleParser() {
	var p sse.Parser
	for _, chunk := range []string{"retry: 500\nid", ": 1\ndata: a\n", "\n: bea", "t\n\ndata: b\r\n\r", "\nid: 2\ndata: cut off"} {
		if err := p.Feed([]byte(chunk), printer{}); err != nil {
			fmt.Println(err)
		}
	}
	fmt.Println("reconnect from", p.LastEventID())
	p.Reset(p.LastEventID())
	// Output:
	// retry 500ms
	// 1 message "a"
	// comment "beat"
	// 1 message "b"
	// reconnect from 1
}

// A Reader takes a response body.
func ExampleReader() {
	body := strings.NewReader(": hello\n\ndata: 1\n\n: beat\n\nevent: end\ndata: {\"code\":\"OK\"}\n\n")
	r := sse.NewReader(body)
	r.OnComment = func(text []byte) { fmt.Printf("comment %s\n", text) }
	for {
		ev, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%s %s\n", ev.Type, ev.Data)
	}
	// Output:
	// comment hello
	// message 1
	// comment beat
	// end {"code":"OK"}
}
