// SPDX-License-Identifier: Apache-2.0

// Package form is a request to any method, as it is filled in: what a bridge
// says of its methods ([Catalog]), the fields of one request and what was typed
// into them ([Form]), the same as ProtoJSON, both ways, and the requests of
// earlier ([History]).
//
// It knows no page and no protobuf: all that it knows of a type it reads from
// GET /catalog. What is typed is kept as it was typed, also while it is not yet,
// or never will be, a value of its field; [Form.Check] says what is wrong with
// it, and where.
//
// Nothing here is safe for concurrent use but a Catalog, which nothing changes
// once it is parsed.
package form
