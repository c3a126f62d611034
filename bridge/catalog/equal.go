// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"cmp"
	"crypto/sha256"
	"maps"
	"slices"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

// Equal reports whether the catalogs offer the same methods, of the same
// backends, with the same types, paths and policies, so that there is nothing to
// gain by taking one for the other. What they found wrong is not compared.
func (c *Catalog) Equal(other *Catalog) bool {
	if c == other {
		return true
	}
	if c == nil || other == nil {
		return c.isEmpty() && other.isEmpty()
	}
	return slices.Equal(c.backends, other.backends) && slices.EqualFunc(c.methods, other.methods, (*Method).equal)
}

// isEmpty reports whether there is no method, and no backend to have one.
func (c *Catalog) isEmpty() bool { return c == nil || len(c.methods) == 0 && len(c.backends) == 0 }

// equal reports whether two methods, of two catalogs, are the same one.
func (m *Method) equal(other *Method) bool {
	return m.FullName == other.FullName && m.Backend == other.Backend &&
		m.Policy.equal(other.Policy) && slices.Equal(m.paths, other.paths) &&
		m.types.fingerprint() == other.types.fingerprint()
}

// equal reports whether two policies say the same.
func (p Policy) equal(other Policy) bool {
	return p.Path == other.Path && p.Event == other.Event &&
		p.OnDisconnect == other.OnDisconnect && p.Linger == other.Linger &&
		p.Share == other.Share && p.JoinAt == other.JoinAt &&
		slices.Equal(p.ExposeTrailers, other.ExposeTrailers) &&
		p.Timeout == other.Timeout && p.MaxTimeout == other.MaxTimeout &&
		p.Resume.ResponseField == other.Resume.ResponseField && p.Resume.RequestField == other.Resume.RequestField &&
		p.Resume.Inclusive == other.Resume.Inclusive && maps.Equal(p.Resume.Set, other.Resume.Set)
}

// fingerprintOf returns a hash of all that files declare, with their comments.
// Files that are declared the same have the same, wherever they come from.
func fingerprintOf(files *protoregistry.Files) [sha256.Size]byte {
	var all []protoreflect.FileDescriptor
	files.RangeFiles(func(file protoreflect.FileDescriptor) bool {
		all = append(all, file)
		return true
	})
	slices.SortFunc(all, func(x, y protoreflect.FileDescriptor) int { return cmp.Compare(x.Path(), y.Path()) })
	hash := sha256.New()
	for _, file := range all {
		wire, err := proto.MarshalOptions{AllowPartial: true, Deterministic: true}.Marshal(protodesc.ToFileDescriptorProto(file))
		if err != nil {
			continue // not reached: what cannot be marshalled has not come by wire
		}
		sum := sha256.Sum256(wire) // of one length, so that no two lists of files run together
		hash.Write(sum[:])
	}
	return [sha256.Size]byte(hash.Sum(nil))
}
