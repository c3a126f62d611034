// SPDX-License-Identifier: Apache-2.0

package dist

import (
	"strconv"
	"strings"
)

// negotiate picks the variant that Accept-Encoding weighs highest, and of equal
// ones the smallest, which is the first. Without the header, or with an empty
// one, that is the plain file. It returns nil where the header allows none of
// those there are, the plain one included.
//
// RFC 9110, section 12.5.3: a coding that is not named has the weight of "*";
// identity that is not named is allowed all the same unless "*" has weight 0,
// but any coding that is asked for goes before it.
func (a *asset) negotiate(header []string) *variant {
	weights := acceptedCodings(header)
	var best *variant
	var bestWeight float64
	for i := range a.variants {
		v := &a.variants[i]
		if w := weights.of(v.coding); w > bestWeight {
			best, bestWeight = v, w
		}
	}
	return best
}

// codingWeights holds the weights of an Accept-Encoding by coding, "*" included.
type codingWeights map[string]float64

// unnamedIdentity is the weight of identity where the header says nothing of
// it: allowed, after everything else that is allowed at all.
const unnamedIdentity = 0.0001

func (w codingWeights) of(coding string) float64 {
	if q, named := w[coding]; named {
		return q
	}
	star, hasStar := w["*"]
	if coding == identity && (!hasStar || star > 0) {
		return unnamedIdentity
	}
	return star
}

// acceptedCodings reads the header's lines. A weight that is not a number from
// 0 to 1 counts as 0: to send what a browser may not be able to read is worse
// than to send more bytes.
func acceptedCodings(header []string) codingWeights {
	weights := make(codingWeights)
	for _, line := range header {
		for item := range strings.SplitSeq(line, ",") {
			coding, params, _ := strings.Cut(item, ";")
			coding = strings.ToLower(strings.TrimSpace(coding))
			switch coding {
			case "":
				continue
			case "x-gzip":
				// The old name, which RFC 9110, section 8.4.1.3, says is the same.
				coding = gzip
			}
			weights[coding] = weight(params)
		}
	}
	return weights
}

// weight reads the parameters after a coding: "q=0.5", or nothing for 1.
func weight(params string) float64 {
	for param := range strings.SplitSeq(params, ";") {
		name, value, _ := strings.Cut(param, "=")
		if !strings.EqualFold(strings.TrimSpace(name), "q") {
			continue
		}
		q, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
		if err != nil || !(q >= 0 && q <= 1) {
			return 0
		}
		return q
	}
	return 1
}
