// SPDX-License-Identifier: Apache-2.0

package transcode

import (
	"math"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoregistry"
)

const (
	// MaxDepth is how deep messages may nest, the outermost included: what Go's
	// protobuf allows. Groups, map entries and the content of a
	// google.protobuf.Any count as levels.
	MaxDepth = protowire.DefaultRecursionLimit

	// MaxWire is the greatest length of a message's wire bytes, which is
	// protobuf's own limit.
	MaxWire = math.MaxInt32

	// DefaultMaxOutput is the greatest length of a message's JSON, in bytes,
	// unless WithMaxOutput says otherwise. There has to be one: two bytes of
	// wire can be an element of a list, and that element a hundred fields with
	// their defaults.
	DefaultMaxOutput = 64 << 20
)

// Resolver finds the types of what is in a google.protobuf.Any, and the
// extension fields that a message carries. It must be safe for concurrent use,
// and give the same answer each time: programs remember what they found.
// [protoregistry.Types] and dynamicpb.Types are resolvers.
type Resolver interface {
	protoregistry.MessageTypeResolver
	protoregistry.ExtensionTypeResolver
}

// Option changes what a [Program] writes.
type Option interface{ apply(*options) }

type options struct {
	resolver    Resolver
	maxOutput   int
	protoNames  bool
	enumNumbers bool
	noDefaults  bool
}

type optionFunc func(*options)

func (f optionFunc) apply(o *options) { f(o) }

func newOptions(opts []Option) options {
	o := options{resolver: protoregistry.GlobalTypes, maxOutput: DefaultMaxOutput}
	for _, opt := range opts {
		opt.apply(&o)
	}
	return o
}

// WithResolver says where the types in a google.protobuf.Any and extension
// fields are looked up. Without it, or with nil, that is
// [protoregistry.GlobalTypes]: the types linked into the program.
func WithResolver(r Resolver) Option {
	return optionFunc(func(o *options) {
		if r == nil {
			r = protoregistry.GlobalTypes
		}
		o.resolver = r
	})
}

// WithProtoNames writes fields under their names in the schema, create_time,
// and not under their JSON names, createTime.
func WithProtoNames() Option {
	return optionFunc(func(o *options) { o.protoNames = true })
}

// WithEnumNumbers writes enum values as numbers and not as names.
func WithEnumNumbers() Option {
	return optionFunc(func(o *options) { o.enumNumbers = true })
}

// WithoutDefaults leaves out every field that has its default value and cannot
// be told from an unset one.
func WithoutDefaults() Option {
	return optionFunc(func(o *options) { o.noDefaults = true })
}

// WithMaxOutput bounds the JSON of one message to n bytes. 0 or less means
// [DefaultMaxOutput]. A message that would be longer is an error that wraps
// [ErrTooLarge]; the buffer may have grown a little past the bound by then, by
// no more than one field's text.
func WithMaxOutput(n int) Option {
	return optionFunc(func(o *options) {
		if n <= 0 {
			n = DefaultMaxOutput
		}
		o.maxOutput = n
	})
}
