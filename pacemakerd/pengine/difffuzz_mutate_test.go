package pengine_test

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/gocorosync/gocorosync/captures"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// mutate changes a CIB at random: what somebody does to a cluster, and what
// happens to one. Without one it takes a scheduler case. The result need not be
// valid; crm_simulate then refuses it.
func mutate(t *testing.T, stream string, seed int, cib []byte) []byte {
	hash := fnv.New64a()
	hash.Write([]byte(stream))
	m := &mutator{r: rand.New(rand.NewPCG(hash.Sum64(), uint64(seed))), likely: !strings.HasSuffix(stream, "-1")}
	if cib == nil {

		index := strings.Split(strings.TrimSpace(read(t, filepath.Join(captures.Outside(t, "data/scheduler"), "index.tsv"))), "\n")
		name, _, _ := strings.Cut(index[1+m.r.IntN(len(index)-1)], "\t")
		cib = []byte(read(t, filepath.Join(captures.Outside(t, "data/scheduler"), "xml", name+".xml")))
	}
	doc, err := xml.Parse(cib)
	if err != nil {
		t.Fatalf("%s, seed %d: %v", stream, seed, err)
	}
	m.doc = doc
	m.now()
	m.look()
	n := 1 + m.r.IntN(4)
	if m.p(0.3) {
		n += m.r.IntN(12)
	}
	for range n {
		if m.likely && len(m.resources) == 0 {
			break
		}
		m.step()
		m.look()
	}
	return doc.Format()
}

// A mutator holds what it may refer to in the document it changes.
type mutator struct {
	r   *rand.Rand
	doc *xml.Element

	made  int
	clock int
	// likely: no entries of histories that no cluster writes (since version 2).
	likely bool

	nodes     []string // names, remote ones too
	states    []*xml.Element
	resources []*xml.Element // primitives, groups, clones, bundles that a constraint may name
	clones    []string
	prims     []*xml.Element
	entries   []*xml.Element // lrm_rsc_op
	histories []*xml.Element // lrm_resource
	cons      []*xml.Element
}

func (m *mutator) p(chance float64) bool { return m.r.Float64() < chance }

func (m *mutator) n(from, to int) int { return from + m.r.IntN(to-from+1) }

func one[T any](m *mutator, of []T) (v T) {
	if len(of) > 0 {
		v = of[m.r.IntN(len(of))]
	}
	return v
}

func (m *mutator) id(what string) string {
	m.made++
	return fmt.Sprintf("mut-%s-%d", what, m.made)
}

// now gives the document a time, a little after what happened last.
func (m *mutator) now() {
	if t, err := strconv.Atoi(m.doc.Get("execution-date")); err == nil {
		m.clock = t
		return
	}
	m.clock = 1_000_000_000
	for n := range m.doc.Walk() {
		if t, err := strconv.Atoi(n.Get("last-rc-change")); err == nil && t < 4_000_000_000 {
			m.clock = max(m.clock, t)
		}
	}
	m.clock += m.n(1, 4000)
	m.doc.Set("execution-date", strconv.Itoa(m.clock))
}

func (m *mutator) look() {
	m.nodes, m.states, m.resources, m.clones, m.prims, m.entries, m.histories, m.cons = nil, nil, nil, nil, nil, nil, nil, nil
	for n := range m.doc.Walk() {
		switch n.Name {
		case "node":
			if n.Parent.Name == "nodes" {
				m.nodes = append(m.nodes, n.Get("uname"))
			}
		case "nvpair":
			if n.Get("name") == "remote-node" {
				m.nodes = append(m.nodes, n.Get("value"))
			}
		case "node_state":
			m.states = append(m.states, n)
		case "primitive":
			m.prims = append(m.prims, n)
			if n.Get("class") == "stonith" {
				break
			}
			if n.Get("type") == "remote" {
				m.nodes = append(m.nodes, n.ID())
			}
			if n.Parent.Name == "resources" || n.Parent.Name == "group" && m.p(0.2) {
				m.resources = append(m.resources, n)
			}
		case "group":
			if n.Parent.Name == "resources" {
				m.resources = append(m.resources, n)
			}
		case "clone", "master", "bundle":
			m.resources = append(m.resources, n)
			m.clones = append(m.clones, n.ID())
		case "lrm_rsc_op":
			m.entries = append(m.entries, n)
		case "lrm_resource":
			m.histories = append(m.histories, n)
		case "rsc_location", "rsc_colocation", "rsc_order", "rsc_ticket":
			m.cons = append(m.cons, n)
		}
	}
	slices.Sort(m.nodes)
	m.nodes = slices.Compact(m.nodes)
}

func (m *mutator) resource() string {
	if len(m.resources) == 0 {
		return "none"
	}
	return one(m, m.resources).ID()
}

func (m *mutator) several(n int) (ids []string) {
	for range n {
		if r := m.resource(); !slices.Contains(ids, r) {
			ids = append(ids, r)
		}
	}
	return ids
}

func (m *mutator) score() string {
	s := one(m, []string{"INFINITY", "INFINITY", "0", "1", strconv.Itoa(m.n(2, 50)), strconv.Itoa(m.n(51, 3000)), strconv.Itoa(m.n(3001, 300000))})
	if m.p(0.35) {
		s = "-" + s
	}
	return s
}

func (m *mutator) step() {
	steps := []struct {
		weight int
		do     func()
	}{
		{10, m.remove}, {14, m.result}, {10, m.meta}, {8, m.setOption}, {12, m.state}, {10, m.colocate}, {10, m.order}, {8, m.locate},
		{4, m.ticket}, {8, m.constraint}, {8, m.copyHistory}, {6, m.fail}, {8, m.append}, {4, m.wrap}, {5, m.machine}, {6, m.attribute},
		{3, m.quorum}, {5, m.operation}, {4, m.room}, {4, m.migrating}, {4, m.promotion}, {3, m.tag}, {4, m.locked}, {3, m.dated}, {3, m.parameter},
		{3, m.unfencing}, {4, m.again},
	}
	sum := 0
	for _, s := range steps {
		sum += s.weight
	}
	at := m.r.IntN(sum)
	for _, s := range steps {
		if at -= s.weight; at < 0 {
			s.do()
			return
		}
	}
}

// remove takes something away.
func (m *mutator) remove() {
	var of []*xml.Element
	switch m.r.IntN(6) {
	case 0:
		of = m.cons
	case 1, 2:
		of = m.entries
	case 3:
		of = m.histories
	case 4:
		of = m.states
		if m.p(0.6) {
			of = nil
		}
	case 5:
		for n := range m.doc.Walk() {
			if n.Name == "nvpair" || n.Name == "op" {
				of = append(of, n)
			}
		}
	}
	if n := one(m, of); n != nil {
		n.Remove()
	}
}
