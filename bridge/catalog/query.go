// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"
)

// ParamLastEventID is the query parameter by which a client that cannot set a
// Last-Event-ID header says where it stands. It belongs to the stream protocol
// and never names a request's field; a field of that name is reached by its JSON
// name, lastEventId.
const ParamLastEventID = "last_event_id"

// RequestFromQuery makes a request from query parameters:
//
//   - A parameter names a field by its proto or its JSON name, and a field of a
//     nested message by a dotted path: count=5, filter.max_size=10.
//   - A repeated field takes a parameter for each value: tag=a&tag=b.
//   - A map takes one for each entry: labels[color]=red.
//   - Enums are written by name or number, well-known types in their ProtoJSON
//     form but without quotes (min_pause=0.2s), and any other message as a whole
//     in JSON: origin={"lat":1,"lon":2}.
//
// [ParamLastEventID] is passed over. Everything else that does not name a field,
// does not fit it, or says twice what can be said once is a violation of the
// returned [*RequestError], under the parameter's name.
func (m *Method) RequestFromQuery(values url.Values) (*Request, error) {
	q := query{types: m.types}
	msg := dynamicpb.NewMessage(m.Desc.Input())
	q.fill(msg, q.resolve(msg.Descriptor(), values))
	return q.finish(msg)
}

// resolve finds the fields of md that parameters name.
func (q *query) resolve(md protoreflect.MessageDescriptor, values url.Values) []*param {
	var params []*param
	for _, key := range slices.Sorted(maps.Keys(values)) {
		if key == ParamLastEventID || len(values[key]) == 0 {
			continue
		}
		if q.full() {
			break
		}
		p, fault := resolveParam(md, key)
		if fault != "" {
			q.add(key, "%s", fault)
			continue
		}
		p.texts = values[key]
		params = append(params, p)
	}
	return params
}

// fill sets the fields that params name, in msg.
func (q *query) fill(msg protoreflect.Message, params []*param) {
	// In the order of their paths, a field that is given as a whole comes right
	// before those parts of it that are given too.
	slices.SortStableFunc(params, func(x, y *param) int { return strings.Compare(x.name, y.name) })
	var whole *param
	for _, p := range params {
		if q.full() {
			break
		}
		if whole != nil && p.within(whole) {
			switch {
			case whole.inPath:
				q.add(p.key, "is given twice: in the path too")
			case p.name == whole.name:
				q.add(p.key, "is given twice: as %s too", quote(whole.key))
			default:
				q.add(p.key, "is given twice: in %s too", quote(whole.key))
			}
			continue
		}
		if !p.field().IsMap() {
			whole = p
		}
		q.set(msg, p)
	}
}

// param is one query parameter, or a variable of a path, and the field that it
// names.
type param struct {
	key    string // as the caller wrote it
	inPath bool
	texts  []string
	path   []protoreflect.FieldDescriptor // from the request down to the field
	name   string                         // the path in proto names
	mapKey string                         // the text between brackets, for a map
}

// field returns the field that the parameter names.
func (p *param) field() protoreflect.FieldDescriptor { return p.path[len(p.path)-1] }

// within reports whether the parameter names the field that other names, or a
// part of it.
func (p *param) within(other *param) bool {
	return p.name == other.name || strings.HasPrefix(p.name, other.name+".")
}

// resolveParam finds the field of md that a parameter called key names, or says
// why there is none.
func resolveParam(md protoreflect.MessageDescriptor, key string) (p *param, fault string) {
	path, mapKey, hasMapKey := key, "", false
	if open := strings.IndexByte(key, '['); open > 0 && strings.HasSuffix(key, "]") {
		path, mapKey, hasMapKey = key[:open], key[open+1:len(key)-1], true
	}
	names := strings.Split(path, ".")
	if len(names) > MaxDepth {
		return nil, "names a field nested deeper than " + strconv.Itoa(MaxDepth) + " messages"
	}
	p = &param{key: key, mapKey: mapKey}
	for i, name := range names {
		field := findField(md, name)
		if field == nil {
			if i == 0 {
				return nil, unknownField(md)
			}
			return nil, "names no field: " + quote(name) + " " + unknownField(md)
		}
		p.path = append(p.path, field)
		p.name = join(p.name, string(field.Name()))
		if i == len(names)-1 {
			break
		}
		switch {
		case field.IsMap():
			return nil, "names no field: " + quote(name) + " is a map, whose entries are written as " + name + "[key]=value"
		case field.IsList():
			return nil, "names no field: " + quote(name) + " is repeated, and each of its values is given whole, in JSON"
		case field.Message() == nil:
			return nil, "names no field: " + quote(name) + " is a single value without fields"
		}
		md = field.Message()
	}
	switch isMap := p.field().IsMap(); {
	case isMap && !hasMapKey:
		return nil, "is a map, whose entries are written as " + path + "[key]=value"
	case !isMap && hasMapKey:
		return nil, "is not a map: its name takes no brackets"
	}
	return p, ""
}

// query gathers a request from what names single fields of it.
type query struct {
	violations
	types *typeResolver
}

// set sets the field that p names, in msg.
func (q *query) set(msg protoreflect.Message, p *param) {
	for i, field := range p.path {
		if oneof := field.ContainingOneof(); oneof != nil {
			if other := msg.WhichOneof(oneof); other != nil && other.Number() != field.Number() {
				q.add(p.key, "%s", excludes(oneof))
				return
			}
		}
		if i < len(p.path)-1 {
			msg = msg.Mutable(field).Message()
		}
	}
	field := p.field()
	if len(p.texts) > 1 && !field.IsList() {
		q.add(p.key, "is given %d times and takes one value", len(p.texts))
		return
	}
	if field.IsMap() {
		q.setEntry(msg, p)
		return
	}
	for _, text := range p.texts {
		if q.full() {
			return
		}
		q.setText(msg, field, p.key, text)
	}
}

// setEntry sets the entry of a map that p gives.
func (q *query) setEntry(msg protoreflect.Message, p *param) {
	field := p.field()
	key, ok := parseMapKey(field, p.mapKey)
	if !ok {
		q.add(p.key, "has a key that %s, got %s", expectedOf(field.MapKey()), quote(p.mapKey))
		return
	}
	entries := msg.Mutable(field).Map()
	if entries.Has(key) {
		q.add(p.key, "is given twice")
		return
	}
	entry := dynamicpb.NewMessage(field.Message())
	if q.setText(entry, field.MapValue(), p.key, p.texts[0]) {
		entries.Set(key, entry.Get(field.MapValue()))
	}
}

// setText sets a field to what text says, or appends it to a list, and reports
// whether it could.
func (q *query) setText(msg protoreflect.Message, field protoreflect.FieldDescriptor, key, text string) bool {
	var value protoreflect.Value
	switch {
	case field.Message() != nil:
		inner := dynamicpb.NewMessage(field.Message())
		if !q.readMessage(inner, key, text) {
			return false
		}
		value = protoreflect.ValueOfMessage(inner)
	case field.Enum() != nil:
		number, ok := parseEnum(field.Enum(), text)
		if !ok {
			q.add(key, "%s, got %s", expectedOf(field), quote(text))
			return false
		}
		value = protoreflect.ValueOfEnum(number)
	default:
		expected := setScalar(msg, field, text)
		if expected != "" {
			q.add(key, "%s, got %s", expected, quote(text))
		}
		return expected == ""
	}
	if field.IsList() {
		msg.Mutable(field).List().Append(value)
	} else {
		msg.Set(field, value)
	}
	return true
}

// readMessage reads a message from the text of a parameter: a wrapper from that
// of the value in it, other well-known types from their JSON form without its
// quotes, and the rest from JSON.
func (q *query) readMessage(msg *dynamicpb.Message, key, text string) bool {
	body := []byte(text)
	switch name := wellKnown(msg.Descriptor()); {
	case isWrapper(name):
		return q.setText(msg, msg.Descriptor().Fields().ByNumber(1), key, text)
	case isText(name):
		quoted, err := json.Marshal(text)
		if err != nil || !utf8.ValidString(text) {
			q.add(key, "%s, got %s", expectedMessage(msg.Descriptor()), quote(text))
			return false
		}
		body = quoted
	}
	return readJSON(msg, body, q.types, key, &q.violations)
}

// setScalar sets a field that is neither a message nor an enum to what text
// says, or appends it to a list. It says what the field must be where text is
// not that.
//
// Scalars are what grpc-gateway's own parser reads as ProtoJSON does. Enums it
// knows only where they are linked into the program, messages hardly at all.
func setScalar(msg protoreflect.Message, field protoreflect.FieldDescriptor, text string) (expected string) {
	if field.Kind() == protoreflect.StringKind && !utf8.ValidString(text) {
		return expectedOf(field)
	}
	if runtime.PopulateFieldFromPath(msg.Interface(), string(field.Name()), text) != nil {
		return expectedOf(field)
	}
	return ""
}

// parseMapKey reads the key of an entry of a map field.
func parseMapKey(field protoreflect.FieldDescriptor, text string) (protoreflect.MapKey, bool) {
	key := field.MapKey()
	if key.Kind() == protoreflect.BoolKind && text != "true" && text != "false" {
		return protoreflect.MapKey{}, false
	}
	entry := dynamicpb.NewMessage(field.Message())
	if setScalar(entry, key, text) != "" {
		return protoreflect.MapKey{}, false
	}
	return entry.Get(key).MapKey(), true
}

// parseEnum reads the name or the number of an enum's value. As in ProtoJSON, a
// number that has no name is as good as any, but for null, which has but one.
func parseEnum(enum protoreflect.EnumDescriptor, text string) (protoreflect.EnumNumber, bool) {
	if value := enum.Values().ByName(protoreflect.Name(text)); value != nil {
		return value.Number(), true
	}
	number, err := strconv.ParseInt(text, 10, 32)
	return protoreflect.EnumNumber(number), err == nil && (number == 0 || !isNull(enum))
}
