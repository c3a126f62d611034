// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/goccy/go-yaml/ast"
)

// ParseRoutes reads a route file, which is YAML:
//
//	routes:
//	  - method: shop.v1.Orders/Watch       # the only key that must be there
//	    paths: [/orders, "/shops/{shop}/orders"] # or path: with one
//	    event: order
//	    on_disconnect: linger              # default, cancel, linger or detach
//	    linger: 30s
//	    share: true
//	    join_at: live                      # start or live
//	    expose_trailers: [x-node]
//	    timeout: 5m                        # where the caller does not say
//	    max_timeout: 1h                    # the most that a caller may ask for
//	    resume:                            # {} for none
//	      response_field: events.revision
//	      request_field: start_revision
//	      inclusive: true
//	      set: {mode: FROM_REVISION}
//
// Keys mean what they mean in the option (sluice.stream.v1.stream), and a path
// may have variables, as those of google.api.http have. A path is served with
// GET, the rest of the request in the query, and with POST, the rest of it in a
// body.
//
// What the file does not have to say is left to the option. What it says wrong,
// says twice, or says under a key that is not known is an error: a [*RouteError]
// or several joined. An empty file says nothing. YAML's anchors and tags are not
// taken.
func ParseRoutes(filename string, text []byte) (*Routes, error) {
	p := routesParser{yamlReader: yamlReader{file: filename}, routes: &Routes{file: filename}}
	if node := p.document(text); node != nil {
		p.object(spotOf(node, ""), node, []string{"routes"}, p.readRules)
	}
	p.checkTwice()
	if err := errors.Join(p.faults...); err != nil {
		return nil, err
	}
	return p.routes, nil
}

// routesParser reads one route file.
type routesParser struct {
	yamlReader
	routes *Routes
}

func (p *routesParser) readRules(at spot, node ast.Node) {
	for i, node := range p.sequence(at, node) {
		at := spotOf(node, atEntry(at.key, strconv.Itoa(i)))
		p.routes.rules = append(p.routes.rules, p.readRule(at, node))
	}
}

// readRule reads what is said of one method.
func (p *routesParser) readRule(at spot, node ast.Node) rule {
	r := rule{spot: at}
	p.object(
		at, node,
		[]string{
			"method", "path", "paths", "event", "on_disconnect", "linger", "share", "join_at",
			"expose_trailers", "timeout", "max_timeout", "resume",
		},
		func(at spot, node ast.Node) { p.readMethod(&r, at, node) },
		func(at spot, node ast.Node) { p.readPath(&r, at, node) },
		func(at spot, node ast.Node) { p.readPaths(&r, at, node) },
		func(at spot, node ast.Node) { r.event = p.readEvent(at, node) },
		func(at spot, node ast.Node) {
			r.onDisconnect = readName(p, at, node, OnDisconnectDefault, OnDisconnectCancel, OnDisconnectLinger, OnDisconnectDetach)
		},
		func(at spot, node ast.Node) { r.linger = given(p.duration(at, node)) },
		func(at spot, node ast.Node) { r.share = given(p.flag(at, node)) },
		func(at spot, node ast.Node) { r.joinAt = readName(p, at, node, JoinAtStart, JoinAtLive) },
		func(at spot, node ast.Node) { p.readTrailers(&r, at, node) },
		func(at spot, node ast.Node) { r.timeoutSpot, r.timeout = at, given(p.duration(at, node)) },
		func(at spot, node ast.Node) { r.maxTimeout = given(p.duration(at, node)) },
		func(at spot, node ast.Node) { p.readResume(&r, at, node) },
	)
	if isMapping(node) && r.methodSpot == (spot{}) {
		p.fault(at, "must have a key method")
	}
	if r.timeout != nil && r.maxTimeout != nil && *r.timeout > *r.maxTimeout {
		p.fault(r.timeoutSpot, "must be max_timeout, %v, at most, got %v", *r.maxTimeout, *r.timeout)
	}
	return r
}

// given returns a pointer to a value that could be read, or nil.
func given[T any](value T, ok bool) *T {
	if !ok {
		return nil
	}
	return &value
}

func (p *routesParser) readMethod(r *rule, at spot, node ast.Node) {
	r.methodSpot = at
	name, ok := p.text(at, node)
	if !ok {
		return
	}
	if fault := checkMethodName(name); fault != "" {
		p.fault(at, "%s", fault)
		return
	}
	r.method = name
}

func (p *routesParser) readPath(r *rule, at spot, node ast.Node) {
	if r.ownsPaths {
		p.fault(at, "must not be there beside paths")
		return
	}
	r.ownsPaths = true
	p.addPath(r, at, node)
}

func (p *routesParser) readPaths(r *rule, at spot, node ast.Node) {
	if r.ownsPaths {
		p.fault(at, "must not be there beside path")
		return
	}
	r.ownsPaths = true
	for i, node := range p.sequence(at, node) {
		p.addPath(r, spotOf(node, atEntry(at.key, strconv.Itoa(i))), node)
	}
}

func (p *routesParser) addPath(r *rule, at spot, node ast.Node) {
	text, ok := p.text(at, node)
	if !ok {
		return
	}
	t, err := parseTemplate(text)
	if err == nil {
		err = checkPlace(t)
	}
	if err != nil {
		p.fault(at, "%s %v", quote(text), err)
		return
	}
	r.paths = append(r.paths, rulePath{spot: at, template: text})
}

func (p *routesParser) readEvent(at spot, node ast.Node) *string {
	event, ok := p.text(at, node)
	if ok && event != "" {
		if err := checkEvent(event); err != nil {
			p.fault(at, "%s %v", quote(event), err)
			return nil
		}
	}
	return given(event, ok)
}

// readName reads a value by its name.
func readName[T fmt.Stringer](p *routesParser, at spot, node ast.Node, values ...T) *T {
	text, ok := scalarOf(node)
	names := make([]string, len(values))
	for i, value := range values {
		if names[i] = value.String(); ok && names[i] == text {
			return &value
		}
	}
	p.fault(at, "must be one of %s, got %s", list(names), kindOf(node))
	return nil
}

func (p *routesParser) readTrailers(r *rule, at spot, node ast.Node) {
	r.ownsTrailers = true
	for i, node := range p.sequence(at, node) {
		at := spotOf(node, atEntry(at.key, strconv.Itoa(i)))
		name, ok := p.text(at, node)
		if !ok {
			continue
		}
		if err := checkTrailer(name); err != nil {
			p.fault(at, "%s %v", quote(name), err)
			continue
		}
		r.trailers = append(r.trailers, name)
	}
}

func (p *routesParser) readResume(r *rule, at spot, node ast.Node) {
	r.resume = new(ResumeMapping)
	r.resumeSpots = map[string]spot{"": at}
	read := func(key string, to *string) reader {
		return func(at spot, node ast.Node) {
			r.resumeSpots[key] = at
			*to, _ = p.text(at, node)
		}
	}
	p.object(
		at, node, []string{keyResponseField, keyRequestField, keyInclusive, keySet},
		read(keyResponseField, &r.resume.ResponseField),
		read(keyRequestField, &r.resume.RequestField),
		func(at spot, node ast.Node) {
			r.resumeSpots[keyInclusive] = at
			r.resume.Inclusive, _ = p.flag(at, node)
		},
		func(at spot, node ast.Node) { p.readSet(r, at, node) },
	)
}

func (p *routesParser) readSet(r *rule, at spot, node ast.Node) {
	for _, e := range p.mapping(at, node) {
		value, ok := scalarOf(e.value)
		if !ok {
			p.fault(e.spot, "must be a single value, as a query would give it, got %s", kindOf(e.value))
			continue
		}
		if r.resume.Set == nil {
			r.resume.Set = make(map[string]string)
		}
		r.resume.Set[e.key] = value
		r.resumeSpots[join(keySet, e.key)] = e.spot
	}
}

// checkTwice finds methods and paths that are in the file twice.
func (p *routesParser) checkTwice() {
	methods, shapes := make(map[string]spot), make(map[string]spot)
	for _, r := range p.routes.rules {
		if r.method == "" {
			continue
		}
		if first, twice := methods[r.method]; twice {
			p.fault(r.methodSpot, "%s has a rule in line %d already", quote(r.method), first.line)
			continue
		}
		methods[r.method] = r.methodSpot
		for _, path := range r.paths {
			t, err := parseTemplate(path.template)
			if err != nil {
				continue // not reached: it was parsed before
			}
			if first, twice := shapes[t.shape()]; twice {
				p.fault(path.spot, "%s is asked for in line %d already", quote(path.template), first.line)
				continue
			}
			shapes[t.shape()] = path.spot
		}
	}
}
