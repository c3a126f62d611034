// SPDX-License-Identifier: Apache-2.0

package bridge_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/known/emptypb"

	"sluice/bridge"
	"sluice/bridge/catalog"
	"sluice/internal/bubble"
)

// shelfFile is a method that answers with its request.
const shelfFile = `
name: "shelf.proto" package: "shelf" syntax: "proto3"
message_type {
  name: "Request"
  field { name: "name" number: 1 type: TYPE_STRING label: LABEL_OPTIONAL json_name: "name" }
  field { name: "page" number: 2 type: TYPE_INT32 label: LABEL_OPTIONAL json_name: "page" }
  field { name: "book" number: 3 type: TYPE_MESSAGE type_name: ".shelf.Book" label: LABEL_OPTIONAL json_name: "book" }
}
message_type {
  name: "Book"
  field { name: "title" number: 1 type: TYPE_STRING label: LABEL_OPTIONAL json_name: "title" }
}
service {
  name: "Shelves"
  method { name: "Echo" input_type: ".shelf.Request" output_type: ".shelf.Request" server_streaming: true }
}`

// shelfRule is the method's google.api.http option.
var shelfRule = &annotations.HttpRule{
	Pattern: &annotations.HttpRule_Get{Get: "/v1/{name=shelves/*}/books:watch"},
	AdditionalBindings: []*annotations.HttpRule{
		{Pattern: &annotations.HttpRule_Post{Post: "/v1/{name}/books"}, Body: "book"},
		{Pattern: &annotations.HttpRule_Post{Post: "/v1/books"}, Body: "*"},
	},
}

// What google.api.http says of a method holds from the address that a browser
// asks for to the request that the backend gets.
func TestHTTPRules(t *testing.T) {
	t.Parallel()
	file := new(descriptorpb.FileDescriptorProto)
	if err := prototext.Unmarshal([]byte(shelfFile), file); err != nil {
		t.Fatal(err)
	}
	options := new(descriptorpb.MethodOptions)
	proto.SetExtension(options, annotations.E_Http, shelfRule)
	file.Service[0].Method[0].Options = options
	fd, err := protodesc.NewFile(file, protoregistry.GlobalFiles)
	if err != nil {
		t.Fatal(err)
	}
	files := new(protoregistry.Files)
	if err := files.RegisterFile(fd); err != nil {
		t.Fatal(err)
	}
	shelves, err := catalog.New(files)
	if err != nil {
		t.Fatal(err)
	}
	bubble.Test(t, func(t *testing.T) {
		srv := grpc.NewServer(grpc.UnknownServiceHandler(func(_ any, stream grpc.ServerStream) error {
			request := new(emptypb.Empty) // in which all fields are unknown, and kept
			if err := stream.RecvMsg(request); err != nil {
				return err
			}
			return stream.SendMsg(request)
		}))
		w := worldOf(t, srv, bridge.WithCatalog(shelves))
		synctest.Wait()
		for _, test := range []struct {
			method, path, body string
			status             int
			want               string // the request, or a part of the answer
		}{
			{"GET", "/v1/shelves/a/books:watch?page=3", "", 200, `{"name":"shelves/a","page":3}`},
			// An escaped slash separates nothing: it stays as it is where a variable
			// is several segments, and is a slash where it is one.
			{"GET", "/v1/shelves/a%2Fb%20c/books:watch", "", 200, `{"name":"shelves/a%2Fb c","page":0}`},
			{"POST", "/v1/a%2Fb%20c/books?page=4", `{"title":"x"}`, 200, `{"name":"a/b c","page":4,"book":{"title":"x"}}`},
			{"POST", "/v1/books", `{"name":"n","book":{}}`, 200, `{"name":"n","page":0,"book":{"title":""}}`},
			{"POST", "/v1/books?page=4", `{"name":"n"}`, 400, "belongs into the body"},
			{"POST", "/v1/a/books?book.title=x", `{}`, 400, "belongs into the body"},
			{"GET", "/v1/shelves/a/books:watch?name=b", "", 400, "name"},
			{"GET", "/v1/shelves/a/books", "", 404, ""},
			{"GET", "/v1/shelves/a/b/books:watch", "", 404, ""},
			{"GET", "/v1/a/books", "", 405, ""},
			{"DELETE", "/v1/shelves/a/books:watch", "", 405, ""},
		} {
			header := []string{"Accept", "text/event-stream, application/json"}
			if test.body != "" {
				header = append(header, "Content-Type", "application/json")
			}
			r := w.do(test.method, test.path, test.body, header...)
			if r.StatusCode != test.status {
				t.Errorf("%s %s is %s: %s", test.method, test.path, r.Status, r.text())
				continue
			}
			if test.status != http.StatusOK {
				if text := r.text(); !strings.Contains(text, test.want) {
					t.Errorf("%s %s: %s, want …%s…", test.method, test.path, text, test.want)
				}
				continue
			}
			if events := r.all(); len(events) != 2 || string(events[0].Data) != test.want {
				t.Errorf("%s %s gave %q, want %s", test.method, test.path, events, test.want)
			}
		}
	})
}
