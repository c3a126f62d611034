// SPDX-License-Identifier: Apache-2.0

package form

import (
	"slices"
	"strings"
)

// Group is the methods of one service, for a list to choose from.
type Group struct {
	Backend, Service string
	Comment          string
	Methods          []*Method
}

// Search gives the methods of a backend that hold every word of a query in their
// names, the name of their backend or their comments, whatever their case, by
// service in the order of the catalog. Those that hold the query in their own
// names come first within their service. An empty query finds all, and an empty
// backend stands for any.
func (c *Catalog) Search(query, backend string) []Group {
	words := strings.Fields(strings.ToLower(query))
	var groups []Group
	for i := range c.Methods {
		m := &c.Methods[i]
		if backend != "" && m.Backend != backend || !holdsAll(strings.ToLower(m.Backend+" "+m.Name+" "+m.Comment), words) {
			continue
		}
		at := slices.IndexFunc(groups, func(g Group) bool {
			return g.Backend == m.Backend && g.Service == m.Service()
		})
		if at < 0 {
			at = len(groups)
			groups = append(groups, Group{Backend: m.Backend, Service: m.Service(), Comment: c.serviceComment(m)})
		}
		groups[at].Methods = append(groups[at].Methods, m)
	}
	if len(words) > 0 {
		for i := range groups {
			groups[i].nearestFirst(words)
		}
	}
	return groups
}

// nearestFirst puts the methods that hold the words in their own names first.
func (g *Group) nearestFirst(words []string) {
	var near, far []*Method
	for _, m := range g.Methods {
		if holdsAll(strings.ToLower(m.Short()), words) {
			near = append(near, m)
		} else {
			far = append(far, m)
		}
	}
	g.Methods = append(near, far...)
}

func holdsAll(text string, words []string) bool {
	for _, w := range words {
		if !strings.Contains(text, w) {
			return false
		}
	}
	return true
}

func (c *Catalog) serviceComment(m *Method) string {
	for _, s := range c.Services {
		if s.Name == m.Service() && s.Backend == m.Backend {
			return s.Comment
		}
	}
	return ""
}
