// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"fmt"
	"net/http"

	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// httpWishes returns the paths that a method's option (google.api.http) asks
// for, and what in it is not honoured. Paths for PUT, PATCH, DELETE and HTTP
// methods of one's own are not: whoever reads a stream comes back to it, with
// GET or the POST that began it, and the same request made again must change
// nothing.
func httpWishes(method protoreflect.MethodDescriptor, types *typeResolver) (wishes []wish, faults []string) {
	rule, err := httpOption.of(method, types)
	if err != nil {
		return nil, []string{fmt.Sprintf("its option (%s) cannot be read and is ignored: %s", httpOption.name(), plain(err))}
	}
	if rule == nil {
		return nil, nil
	}
	for _, rule := range append([]*annotations.HttpRule{rule}, rule.GetAdditionalBindings()...) {
		httpMethod, path := ruleVerb(rule)
		if httpMethod != http.MethodGet && httpMethod != http.MethodPost {
			faults = append(faults, fmt.Sprintf("its http rule %s %q is ignored: a stream is read with GET or POST", httpMethod, path))
			continue
		}
		body := rule.GetBody()
		if httpMethod == http.MethodGet && body != "" {
			faults = append(faults, fmt.Sprintf("its http rule GET %q has a body %s, which GET does not take; it goes without", path, quote(body)))
			body = ""
		}
		w, err := newWish(method.Input(), byAnnotation, Path{httpMethod, path, body})
		if err != nil {
			faults = append(faults, fmt.Sprintf("its http rule %s %q %v; it is ignored", httpMethod, path, err))
			continue
		}
		if field := rule.GetResponseBody(); field != "" {
			faults = append(faults, fmt.Sprintf("its http rule %s %q has a response_body %s, which is ignored: messages are sent whole", httpMethod, path, quote(field)))
		}
		wishes = append(wishes, w)
	}
	return wishes, faults
}

// ruleVerb returns the HTTP method and the path of a rule.
func ruleVerb(rule *annotations.HttpRule) (httpMethod, path string) {
	switch pattern := rule.GetPattern().(type) {
	case *annotations.HttpRule_Get:
		return http.MethodGet, pattern.Get
	case *annotations.HttpRule_Post:
		return http.MethodPost, pattern.Post
	case *annotations.HttpRule_Put:
		return http.MethodPut, pattern.Put
	case *annotations.HttpRule_Patch:
		return http.MethodPatch, pattern.Patch
	case *annotations.HttpRule_Delete:
		return http.MethodDelete, pattern.Delete
	case *annotations.HttpRule_Custom:
		return pattern.Custom.GetKind(), pattern.Custom.GetPath()
	}
	return "without a pattern", ""
}
