package pengine_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gocorosync/gocorosync/pacemakerd/pengine"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// explosive makes a CIB of two nodes with the given resources and constraints.
func explosive(resources, constraints, more string) string {
	return `<cib have-quorum="1" dc-uuid="1"><configuration><crm_config>` +
		`<cluster_property_set id="cib-bootstrap-options"><nvpair id="se" name="stonith-enabled" value="false"/></cluster_property_set></crm_config>` +
		`<nodes><node id="1" uname="n1"/><node id="2" uname="n2"/></nodes><resources>` + resources + `</resources><constraints>` + constraints +
		`</constraints>` + more + `</configuration><status>` +
		`<node_state id="1" uname="n1" in_ccm="true" crmd="online" join="member" expected="member"/>` +
		`<node_state id="2" uname="n2" in_ccm="true" crmd="online" join="member" expected="member"/></status></cib>`
}

// repeat writes a pattern n times, with {i} for the number.
func repeat(n int, format string) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.ReplaceAll(format, "{i}", fmt.Sprint(i)))
	}
	return b.String()
}

// dummies are the primitives r0, r1 ...
func dummies(n int) string {
	return repeat(n, `<primitive id="r{i}" class="ocf" provider="p" type="T"/>`)
}

// refs is a resource set of some of them.
func refs(set string, from, to int, attrs string) string {
	var b strings.Builder
	fmt.Fprintf(&b, `<resource_set id="%s" %s>`, set, attrs)
	for i := from; i < to; i++ {
		fmt.Fprintf(&b, `<resource_ref id="r%d"/>`, i)
	}
	return b.String() + `</resource_set>`
}

// layers relates each of width resources with each of the next layer's.
func layers(depth, width int, format string) string {
	var b strings.Builder
	for d := range depth - 1 {
		for i := range width {
			for j := range width {
				fmt.Fprintf(&b, format, d, i, j, d*width+i, (d+1)*width+j)
			}
		}
	}
	return b.String()
}

// TestLimits plans small CIBs of the kinds that grow with a power of their size,
// within limits that are as small: there is a plan, or an error that says which
// limit was met. Each of them is harmless to the original too.
func TestLimits(t *testing.T) {
	const instances = `<meta_attributes id="m{i}"><nvpair id="p{i}" name="clone-max" value="40"/>` +
		`<nvpair id="q{i}" name="clone-node-max" value="40"/><nvpair id="u{i}" name="globally-unique" value="true"/></meta_attributes>`
	small := func(set func(l *pengine.Limits)) *pengine.Limits {
		l := pengine.DefaultLimits()
		set(&l)
		return &l
	}
	colocations := small(func(l *pengine.Limits) { l.Colocations = 30 })
	orderings := small(func(l *pengine.Limits) { l.Orderings = 200 })
	for _, c := range []struct {
		name, resources, constraints, more string
		limits                             *pengine.Limits
		limit                              string // "" where there is a plan
		actions                            int    // at least, and at most ten times as many
	}{
		{"layers of colocations", dummies(12), layers(4, 3, `<rsc_colocation id="c%d-%d-%d" rsc="r%d" with-rsc="r%d" score="10"/>`), "",
			small(func(l *pengine.Limits) { l.Steps = 500 }), "along colocations", 0},
		{"layers of colocations, planned", dummies(12), layers(4, 3, `<rsc_colocation id="c%d-%d-%d" rsc="r%d" with-rsc="r%d" score="10"/>`), "", nil, "", 36},
		{"a chain of orders", dummies(30), layers(30, 1, `<rsc_order id="o%d-%d-%d" first="r%d" then="r%d"/>`), "", nil, "", 90},
		{"layers of orders", dummies(12), layers(4, 3, `<rsc_order id="o%d-%d-%d" first="r%d" then="r%d"/>`), "", nil, "", 36},
		{"set after set", dummies(20), `<rsc_order id="o">` + refs("s1", 0, 10, `sequential="false"`) + refs("s2", 10, 20, `sequential="false"`) + `</rsc_order>`, "", orderings, "orderings", 0},
		{"serialized", dummies(20), `<rsc_order id="o" kind="Serialize">` + refs("s1", 0, 20, "") + `</rsc_order>`, "", orderings, "orderings", 0},
		{"bans in a set", dummies(10), `<rsc_colocation id="c" score="-INFINITY">` + refs("s1", 0, 10, `score="-INFINITY"`) + `</rsc_colocation>`, "", colocations, "colocations", 0},
		{"set with set", dummies(20), `<rsc_colocation id="c" score="1">` + refs("s1", 0, 10, `sequential="false"`) + refs("s2", 10, 20, `sequential="false"`) + `</rsc_colocation>`, "", colocations, "colocations", 0},
		{"instances of a clone", repeat(1, `<clone id="c{i}">`+instances+`<primitive id="r{i}" class="ocf" provider="p" type="T"/></clone>`), "", "",
			small(func(l *pengine.Limits) { l.Instances = 5 }), "", 15},
		{"many clones", repeat(4, `<clone id="c{i}">`+instances+`<group id="g{i}"><primitive id="r{i}" class="ocf" provider="p" type="T"/></group></clone>`), "", "",
			small(func(l *pengine.Limits) { l.Resources = 100 }), "resources and instances", 0},
		{"places on nodes", dummies(20), "", "", small(func(l *pengine.Limits) { l.Slots = 30 }), "places for resources on nodes", 0},
		{"replicas", `<bundle id="b"><docker image="i" replicas="8" replicas-per-host="4"/><primitive id="x" class="ocf" provider="p" type="T"/>` +
			`<network ip-range-start="10.0.0.1"/></bundle>`, "", "", small(func(l *pengine.Limits) { l.Instances = 2 }), "", 20},
		{"tags of everything", dummies(20), repeat(6, `<rsc_location id="l{i}"><resource_set id="s{i}"><resource_ref id="t{i}"/></resource_set><rule id="x{i}" score="1"/></rsc_location>`),
			`<tags>` + repeat(6, `<tag id="t{i}">`+strings.ReplaceAll(repeat(20, `<obj_ref id="r{i}"/>`), "{i}", "")+`</tag>`) + `</tags>`,
			small(func(l *pengine.Limits) { l.Members = 50 }), "members of resource sets", 0},
		{"patterns with rules", dummies(10), repeat(10, `<rsc_location id="l{i}" rsc-pattern="^r.*$"><rule id="x{i}" score="1">`+
			`<expression id="e{i}" attribute="#uname" operation="eq" value="n1"/></rule></rsc_location>`), "", nil, "", 30},
		{"nested rules", dummies(1), `<rsc_location id="l" rsc="r0">` + repeat(4, `<rule id="a{i}" score="1" boolean-op="or">`) + strings.Repeat(`</rule>`, 4) + `</rsc_location>`, "", nil, "", 3},
		{"rules too deep", dummies(1), `<rsc_location id="l" rsc="r0">` + repeat(4, `<rule id="a{i}" score="1" boolean-op="or">`) + strings.Repeat(`</rule>`, 4) + `</rsc_location>`, "",
			small(func(l *pengine.Limits) { l.RuleDepth = 2 }), "rules inside each other", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			doc, err := xml.Parse([]byte(explosive(c.resources, c.constraints, c.more)))
			if err != nil {
				t.Fatal(err)
			}
			r, err := pengine.Plan(doc, pengine.Options{Now: time.Unix(1700000000, 0), Limits: c.limits})
			var limit *pengine.LimitError
			switch {
			case c.limit == "" && err != nil:
				t.Error(err)
			case c.limit == "":
				if n := len(r.Actions()); n < c.actions || n > 10*c.actions {
					t.Errorf("%d actions", n)
				}
			case !errors.As(err, &limit) || !strings.Contains(err.Error(), c.limit):
				t.Errorf("error %v, want one about %s", err, c.limit)
			}
		})
	}
}
