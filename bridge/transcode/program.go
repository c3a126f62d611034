// SPDX-License-Identifier: Apache-2.0

package transcode

import (
	"math"
	"sync"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// Program writes messages of one type as JSON. It is made by [Compile], never
// changes, and may be used by any number of goroutines at once. Its zero value
// is of no use.
type Program struct {
	desc  protoreflect.MessageDescriptor
	opts  options
	root  *message
	types types
}

// Compile makes a program that writes messages of a type. It takes in all that
// is reachable from the descriptor, once: callers keep the program.
//
// It fails with a [*CompileError] where the schema is broken: a name that is
// not UTF-8, or a type that calls itself google.protobuf.Timestamp and is not
// like it.
func Compile(md protoreflect.MessageDescriptor, opts ...Option) (*Program, error) {
	p := &Program{desc: md, opts: newOptions(opts)}
	p.types.compiler = newCompiler(&p.opts)
	var err error
	if p.root, err = p.types.message(md); err != nil {
		return nil, err
	}
	return p, nil
}

// Descriptor returns the type of the messages that the program writes.
func (p *Program) Descriptor() protoreflect.MessageDescriptor { return p.desc }

// AppendJSON appends the ProtoJSON of a message, given as wire bytes, to dst
// and returns the extended buffer. The JSON is one line without white space.
// Wire bytes without anything in them are a message with nothing set.
//
// It fails with an [*Error]; dst then comes back as it was, though the bytes
// between its length and its capacity may have been written to. Wire is not
// changed, not kept, and must not overlap dst.
func (p *Program) AppendJSON(dst, wire []byte) ([]byte, error) {
	return p.AppendJSONWithin(dst, wire, p.opts.maxOutput)
}

// AppendJSONWithin is [Program.AppendJSON] with a bound of its own: the JSON may
// have n bytes, whatever [WithMaxOutput] says, and 0 or less means none. What is
// longer is not made as a whole to be found too long: the run stops at the field
// that passes the bound.
func (p *Program) AppendJSONWithin(dst, wire []byte, n int) ([]byte, error) {
	r := runs.Get().(*run)
	out, err := r.program(p, dst, wire, max(0, n))
	r.release()
	if err != nil {
		return dst, err.finish(p.root.name)
	}
	return out, nil
}

// run is what one AppendJSON keeps track of.
type run struct {
	prog    *Program
	wire    []byte
	entries []entry  // a stack: the fields of the messages that are being written
	pairs   []pair   // likewise: the entries of maps
	open    []uint32 // numbers of groups whose end is being looked for
	most    int      // how long the JSON may become
	limit   int      // how long the output may become, with what was there before
	groups  int      // bytes passed over to find the ends of groups
	partial bool     // required fields may be missing
}

// runs keeps the stacks of runs that are over.
var runs = sync.Pool{New: func() any { return new(run) }}

// maxKept is how many entries a stack may have room for and still be kept. One
// huge message is no reason to hold its memory for good.
const maxKept = 1 << 14

func (r *run) release() {
	entries, pairs := r.entries[:0], r.pairs[:0]
	if cap(entries) > maxKept {
		entries = nil
	}
	if cap(pairs) > maxKept {
		pairs = nil
	}
	*r = run{entries: entries, pairs: pairs, open: r.open}
	runs.Put(r)
}

// program writes a whole message, in no more than so many bytes.
func (r *run) program(p *Program, dst, wire []byte, most int) ([]byte, *Error) {
	if len(wire) > MaxWire {
		return dst, fault(ErrTooLarge, MaxWire, "%d bytes of wire, of %d at most", len(wire), MaxWire)
	}
	r.prog = p
	r.wire = wire
	r.most = most
	r.limit = len(dst) + min(most, math.MaxInt-len(dst))
	out, err := r.whole(dst)
	if err != errOdd {
		return out, err
	}
	if r.wire, err = merge(p, wire, most); err != nil {
		return dst, err
	}
	r.entries, r.pairs, r.partial = r.entries[:0], r.pairs[:0], false
	out, err = r.whole(dst)
	switch err {
	case nil:
	case errOdd:
		// Cannot be: merging leaves nothing to merge.
		err = fault(ErrMalformed, -1, "cannot be merged")
	default:
		err.Offset = -1 // it counts bytes that the caller never saw
	}
	return out, err
}

// whole writes the message that the wire is.
func (r *run) whole(dst []byte) ([]byte, *Error) {
	out, err := r.message(dst, r.prog.root, 0, len(r.wire), MaxDepth-1)
	if err == nil && len(out) > r.limit { // by what closes it
		return out, r.tooLarge(0)
	}
	return out, err
}
