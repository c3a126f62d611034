// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Exposure says which methods are offered. The zero Exposure offers all but
// those of [AdminServices].
//
// Both lists hold patterns of methods, as "pkg.Service/Method", and of services,
// as "pkg.Service", which stand for all methods of those. In a pattern "*" is
// any text without a dot and without a slash, and "**" any text at all:
//
//	shop.v1.Orders             every method of that service
//	shop.v1.Orders/Watch*      those whose names begin with Watch
//	shop.*.Orders              the service in each version
//	shop.**                    everything in shop and below it
//	**/Delete*                 what deletes, wherever it is
//
// A pattern without a slash is of services, and is not looked for in the names
// of methods.
type Exposure struct {
	// Expose are the methods that are offered. Without any, all are but those of
	// [AdminServices].
	Expose []string
	// Hide are the methods that are not, also where Expose has them.
	Hide []string
}

// AdminServices are the services that tell of the inside of a server. They are
// offered where [Exposure.Expose] says so, and not by default. (Those of gRPC
// reflection are never offered.)
var AdminServices = []string{"grpc.channelz.**", "grpc.admin.**", "envoy.service.status.**"}

// Check says what is wrong with a pattern, and names it.
func (e Exposure) Check() error {
	var faults []error
	for _, list := range []struct {
		name     string
		patterns []string
	}{{"expose", e.Expose}, {"hide", e.Hide}} {
		for _, pattern := range list.patterns {
			if fault := checkPattern(pattern); fault != "" {
				faults = append(faults, fmt.Errorf("%s %s %s", list.name, quote(pattern), fault))
			}
		}
	}
	return errors.Join(faults...)
}

// checkPattern says what is wrong with a pattern.
func checkPattern(pattern string) string {
	switch {
	case pattern == "":
		return `must be a pattern such as "pkg.Service/Method", "pkg.Service" or "pkg.**"`
	case strings.HasPrefix(pattern, "/"):
		return "must not begin with a slash"
	case strings.Count(pattern, "/") > 1:
		return "must have one slash at most, before the method's name"
	case strings.Contains(pattern, "***"):
		return `must not have more than two "*" after one another`
	}
	for _, r := range pattern {
		if !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("_./*", r)) {
			return fmt.Sprintf("must hold letters, digits, '_', '.', '/' and '*', got %q", r)
		}
	}
	return ""
}

// pattern is a compiled pattern.
type pattern struct {
	text  string
	names *regexp.Regexp // of methods
	used  bool
}

// compilePatterns compiles patterns, but for those that [Exposure.Check] faults.
func compilePatterns(texts []string) []*pattern {
	var patterns []*pattern
	for _, text := range texts {
		if checkPattern(text) != "" {
			continue
		}
		expression := regexp.QuoteMeta(text)
		expression = strings.ReplaceAll(expression, `\*\*`, `.*`)
		expression = strings.ReplaceAll(expression, `\*`, `[^./]*`)
		if !strings.Contains(text, "/") {
			expression += "/[^/]*"
		}
		patterns = append(patterns, &pattern{text: text, names: regexp.MustCompile("^" + expression + "$")})
	}
	return patterns
}

// anyMatches reports whether one of patterns matches a method, and marks each
// that does.
func anyMatches(patterns []*pattern, name string) bool {
	found := false
	for _, p := range patterns {
		if p.names.MatchString(name) {
			p.used, found = true, true
		}
	}
	return found
}

// WithExposure returns the catalog of those methods that e offers. Paths that
// hidden methods asked for are free for others. Patterns that match no method
// are told in [Catalog.Problems], and those that [Exposure.Check] faults match
// none.
func (c *Catalog) WithExposure(e Exposure) *Catalog {
	if c == nil {
		return nil
	}
	expose, hide := compilePatterns(e.Expose), compilePatterns(e.Hide)
	admin := compilePatterns(AdminServices)
	var methods []*Method
	for _, m := range c.methods {
		exposed, hidden := anyMatches(expose, m.FullName), anyMatches(hide, m.FullName)
		if len(e.Expose) == 0 {
			exposed = !anyMatches(admin, m.FullName)
		}
		if exposed && !hidden {
			methods = append(methods, m)
		}
	}
	found := slices.Clone(c.found)
	for _, p := range slices.Concat(expose, hide) {
		if !p.used {
			found = append(found, Problem{Text: fmt.Sprintf("the pattern %s matches no method", quote(p.text))})
		}
	}
	return newCatalog(c.backends, methods, c.types, found)
}
