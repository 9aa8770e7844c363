package cib

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// What this implementation advertises: the protocol of pacemaker 2.1.5.
const (
	FeatureSet = "3.16.1"
	Schema     = "pacemaker-3.9"
)

// A Version is the tuple that orders two states of the CIB.
type Version struct{ AdminEpoch, Epoch, NumUpdates int }

// VersionOf reads the tuple from the attributes of a <cib>, <source> or
// <generation_tuple>; what is missing or no number counts as 0.
func VersionOf(n *xml.Element) Version {
	num := func(name string) int {
		v, err := strconv.Atoi(n.Get(name))
		if err != nil {
			return 0
		}
		return v
	}
	return Version{num("admin_epoch"), num("epoch"), num("num_updates")}
}

// Compare orders two versions, left to right.
func (v Version) Compare(w Version) int {
	return cmp.Or(cmp.Compare(v.AdminEpoch, w.AdminEpoch), cmp.Compare(v.Epoch, w.Epoch), cmp.Compare(v.NumUpdates, w.NumUpdates))
}

func (v Version) String() string {
	return fmt.Sprintf("%d.%d.%d", v.AdminEpoch, v.Epoch, v.NumUpdates)
}

func (v Version) set(n *xml.Element) {
	n.Set("admin_epoch", strconv.Itoa(v.AdminEpoch))
	n.Set("epoch", strconv.Itoa(v.Epoch))
	n.Set("num_updates", strconv.Itoa(v.NumUpdates))
}

// CompareFeatureSets orders dotted version numbers; missing parts count as 0.
func CompareFeatureSets(a, b string) int {
	for a != "" || b != "" {
		var x, y string
		x, a, _ = strings.Cut(a, ".")
		y, b, _ = strings.Cut(b, ".")
		m, _ := strconv.Atoi(x)
		n, _ := strconv.Atoi(y)
		if m != n {
			return cmp.Compare(m, n)
		}
	}
	return 0
}

// Empty returns the CIB of a cluster that was never configured (cib.md 1).
func Empty() *xml.Element {
	n := xml.New("cib", "crm_feature_set", FeatureSet, "validate-with", Schema,
		"epoch", "0", "num_updates", "0", "admin_epoch", "0")
	c := n.Append(xml.New("configuration"))
	for _, s := range []string{"crm_config", "nodes", "resources", "constraints"} {
		c.Append(xml.New(s))
	}
	n.Append(xml.New("status"))
	return n
}

// Generation returns <generation_tuple> with the attributes of cib.
func Generation(cib *xml.Element) *xml.Element {
	g := cib.ShallowClone()
	g.Name = "generation_tuple"
	return g
}
