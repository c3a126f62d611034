// SPDX-License-Identifier: Apache-2.0

package proxies

import (
	"fmt"
	"strings"
	"sync"
	"text/tabwriter"
	"time"
)

// table is what was measured, for people to read.
type table struct {
	columns []string
	rows    []*row

	mu sync.Mutex
}

// row is a line of a table: what was measured, by column, or why nothing was.
type row struct {
	table *table
	name  string
	why   string
	took  map[string]time.Duration
}

// add adds a row. It is called by one goroutine at a time.
func (b *table) add(front string, p protocol, tr transport, why string) *row {
	name := front + "\t" + string(p) + "\t" + tr.name
	if p == http2s && tr.name == webSocket.name {
		name += ", over HTTP/1.1"
	}
	r := &row{b, name, why, make(map[string]time.Duration)}
	b.rows = append(b.rows, r)
	return r
}

// set is called from several goroutines at once.
func (r *row) set(column string, d time.Duration) {
	r.table.mu.Lock()
	defer r.table.mu.Unlock()
	r.took[column] = d
}

func (b *table) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var text strings.Builder
	w := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "server\tprotocol\ttransport\t"+strings.Join(b.columns, "\t"))
	var reasons []string
	missing := make(map[string][]string) // rows by reason
	for _, r := range b.rows {
		if r.why != "" {
			if missing[r.why] == nil {
				reasons = append(reasons, r.why)
			}
			missing[r.why] = append(missing[r.why], strings.ReplaceAll(r.name, "\t", " / "))
			continue
		}
		fmt.Fprint(w, r.name)
		for _, column := range b.columns {
			fmt.Fprintf(w, "\t%.1f", float64(r.took[column])/float64(time.Millisecond))
		}
		fmt.Fprintln(w)
	}
	w.Flush()
	for _, why := range reasons {
		fmt.Fprintf(&text, "not there, since %s:\n    %s\n", why, strings.Join(missing[why], "\n    "))
	}
	return text.String()
}
