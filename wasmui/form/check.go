// SPDX-License-Identifier: Apache-2.0

package form

import (
	"encoding/base64"
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"
)

// Check looks at all that is given, leaves a sentence in Wrong where something
// is no value of its field, and gives those nodes in the order of the form.
// Whether a server likes the values is the server's to say.
func (f *Form) Check() []*Node {
	var wrong []*Node
	f.Root.check(&wrong)
	return wrong
}

// Forgive takes back all that was found wrong.
func (f *Form) Forgive() {
	f.Root.Walk(func(n *Node) { n.Wrong = "" })
}

func (n *Node) check(wrong *[]*Node) {
	n.Wrong = ""
	if n.Given() {
		n.Wrong = n.fault()
	} else if n.Field.Label == "required" {
		n.Wrong = "A value is required."
	}
	if n.Wrong != "" {
		*wrong = append(*wrong, n)
	}
	for _, child := range n.Children {
		if n.Given() {
			child.check(wrong)
		}
	}
}

// fault says what is wrong with the node itself.
func (n *Node) fault() string {
	if n.InMap() {
		if fault := n.keyFault(); fault != "" {
			return fault
		}
	}
	text := strings.TrimSpace(n.Text)
	switch n.Kind {
	case Text, Nested, List, Map:
		return ""
	case Raw:
		return rawFault(text, n.value.name)
	case Bytes:
		return bytesFault(text)
	}
	if text == "" && n.Kind != FieldMask && n.Kind != Bool {
		return "A value is needed here."
	}
	switch n.Kind {
	case Integer:
		return integerFault(text, n.value.proto)
	case Float:
		return floatFault(text, n.value.proto)
	case Choice:
		return n.choiceFault(text)
	case Timestamp:
		return timestampFault(text)
	case Duration:
		return durationFault(text)
	case FieldMask:
		return maskFault(text)
	}
	return ""
}

// keyFault says what is wrong with the key of an entry.
func (n *Node) keyFault() string {
	for _, other := range n.parent.Children {
		if other == n {
			break
		}
		if other.Key == n.Key {
			return "Another entry has this key."
		}
	}
	switch keys := n.Field.MapKey; keys {
	case "bool":
		if n.Key != "true" && n.Key != "false" {
			return "The key has to be true or false."
		}
	case "string", "":
	default:
		if fault := integerFault(n.Key, keys); fault != "" {
			return "The key: " + fault
		}
	}
	return ""
}

// bounds are the least and the greatest value of a type of whole numbers.
func bounds(proto string) (least, most string, ok bool) {
	switch proto {
	case "int32", "sint32", "sfixed32":
		return "-2147483648", "2147483647", true
	case "uint32", "fixed32":
		return "0", "4294967295", true
	case "int64", "sint64", "sfixed64":
		return "-9223372036854775808", "9223372036854775807", true
	case "uint64", "fixed64":
		return "0", "18446744073709551615", true
	}
	return "", "", false
}

func integerFault(text, proto string) string {
	least, most, _ := bounds(proto)
	if digits, ok := wholeNumber(text); ok && !less(digits, least) && !less(most, digits) {
		return ""
	}
	return "A whole number from " + least + " to " + most + " is needed."
}

// less compares whole numbers of any length, as wholeNumber gives them.
func less(a, b string) bool {
	negative := strings.HasPrefix(a, "-")
	if negative != strings.HasPrefix(b, "-") {
		return negative
	}
	if negative {
		a, b = b[1:], a[1:]
	}
	if len(a) != len(b) {
		return len(a) < len(b)
	}
	return a < b
}

func floatFault(text, proto string) string {
	bits := 64
	if proto == "float" {
		bits = 32
	}
	switch v, err := strconv.ParseFloat(text, bits); {
	case text == "NaN", text == "Infinity", text == "-Infinity":
		return ""
	case err != nil && math.IsInf(v, 0):
		return "This is beyond what a " + proto + " holds."
	case err != nil, math.IsInf(v, 0), math.IsNaN(v):
		return "A number is needed, or NaN, Infinity or -Infinity."
	}
	return ""
}

func (n *Node) choiceFault(text string) string {
	options := n.Options()
	if len(options) == 0 {
		return "" // the catalog does not say what there is
	}
	for _, o := range options {
		if o.Name == text {
			return ""
		}
	}
	if _, err := strconv.ParseInt(text, 10, 32); err == nil {
		return ""
	}
	return "This is none of the values of " + n.TypeName() + "."
}

func bytesFault(text string) string {
	if _, ok := decodeBase64(text); ok {
		return ""
	}
	return "Base64 is needed, such as aGVsbG8=."
}

// decodeBase64 takes what ProtoJSON takes: either alphabet, padded or not.
func decodeBase64(text string) ([]byte, bool) {
	encoding := base64.RawStdEncoding
	if strings.ContainsAny(text, "-_") {
		encoding = base64.RawURLEncoding
	}
	data, err := encoding.DecodeString(strings.TrimRight(text, "="))
	return data, err == nil
}

func timestampFault(text string) string {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err == nil && t.UTC().Year() >= 1 && t.UTC().Year() <= 9999 {
		return ""
	}
	return "A time is needed, such as 2026-01-02T15:04:05Z."
}

// maxDurationSeconds is what google/protobuf/duration.proto allows: 10,000
// years.
const maxDurationSeconds = 315_576_000_000

func durationFault(text string) string {
	const needed = "Seconds with an s are needed, such as 1.5s."
	number, ok := strings.CutSuffix(text, "s")
	if !ok {
		return needed
	}
	whole, fraction, point := strings.Cut(strings.TrimPrefix(number, "-"), ".")
	if whole == "" || strings.Trim(whole+fraction, "0123456789") != "" || point && fraction == "" || len(fraction) > 9 {
		return needed
	}
	seconds, _ := wholeNumber(whole)
	if less(strconv.Itoa(maxDurationSeconds), seconds) {
		return "This is longer than the 10 000 years that a duration holds."
	}
	return ""
}

func maskFault(text string) string {
	if text == "" {
		return ""
	}
	for path := range strings.SplitSeq(text, ",") {
		for name := range strings.SplitSeq(path, ".") {
			if name == "" || strings.Contains(name, "_") || strings.ContainsAny(name, " \t") {
				return "Paths of fields in JSON names are needed, apart by commas: displayName,address.city."
			}
		}
	}
	return ""
}

// rawFault holds JSON to the form that its type has.
func rawFault(text, name string) string {
	switch short := strings.TrimPrefix(name, wellKnownPackage); {
	case text == "":
		return ""
	case !json.Valid([]byte(text)):
		return "This is no JSON."
	case short == "Value", short == "":
		return ""
	case short == "ListValue":
		if text[0] != '[' {
			return "A list is needed: [ … ]."
		}
	case text[0] != '{':
		return "An object is needed: { … }."
	}
	return ""
}
