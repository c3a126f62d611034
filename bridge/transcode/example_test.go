// SPDX-License-Identifier: Apache-2.0

package transcode_test

import (
	"fmt"
	"log"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"sluice/bridge/transcode"
	numbersv1 "sluice/proto/gen/sluice/numbers/v1"
)

func Example() {
	descriptor := (*numbersv1.GenerateResponse)(nil).ProtoReflect().Descriptor()
	program, err := transcode.Compile(descriptor)
	if err != nil {
		log.Fatal(err)
	}
	var buf []byte
	for position := range uint32(2) {
		wire, err := proto.Marshal(&numbersv1.GenerateResponse{
			Position:   position + 1,
			Value:      float64(position) / 2,
			CreateTime: &timestamppb.Timestamp{Seconds: 1_790_000_000 + int64(position), Nanos: 120_000_000},
		})
		if err != nil {
			log.Fatal(err)
		}
		if buf, err = program.AppendJSON(buf[:0], wire); err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s\n", buf)
	}
	// Output:
	// {"position":1,"value":0,"createTime":"2026-09-21T14:13:20.120Z","resumeToken":""}
	// {"position":2,"value":0.5,"createTime":"2026-09-21T14:13:21.120Z","resumeToken":""}
}

func ExampleCompileField() {
	descriptor := (*numbersv1.GenerateResponse)(nil).ProtoReflect().Descriptor()
	field, err := transcode.CompileField(descriptor, "resume_token")
	if err != nil {
		log.Fatal(err)
	}
	wire, err := proto.Marshal(&numbersv1.GenerateResponse{Position: 1, ResumeToken: "AQID"})
	if err != nil {
		log.Fatal(err)
	}
	text, ok, err := field.AppendText(nil, wire)
	fmt.Printf("%s %v %v\n", text, ok, err)
	// Output: AQID true <nil>
}
