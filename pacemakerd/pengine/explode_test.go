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

// repeat writes a pattern n times, with {i} for the number, {next} for the next
// one's, round and round.
func repeat(n int, format string) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.NewReplacer("{i}", fmt.Sprint(i), "{next}", fmt.Sprint((i+1)%n)).Replace(format))
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

// TestExplosions plans what was made to explode: there is a plan, or an error
// that says which limit was met.
func TestExplosions(t *testing.T) {
	const promiscuous = `<meta_attributes id="m{i}"><nvpair id="p{i}" name="clone-max" value="2000000000"/>` +
		`<nvpair id="q{i}" name="clone-node-max" value="2000000000"/><nvpair id="u{i}" name="globally-unique" value="true"/></meta_attributes>`
	for _, c := range []struct {
		name, resources, constraints, more string
		limit                              string // "" where there is a plan
		actions                            int    // at least, and at most ten times as many
	}{
		{"layers of colocations", dummies(120), layers(30, 4, `<rsc_colocation id="c%d-%d-%d" rsc="r%d" with-rsc="r%d" score="10"/>`), "", "along colocations", 0},
		{"a ring of colocations", dummies(1000), repeat(1000, `<rsc_colocation id="c{i}" rsc="r{i}" with-rsc="r{next}" score="INFINITY"/>`), "", "", 3000},
		{"a chain of orders", dummies(1500), repeat(1499, `<rsc_order id="o{i}" first="r{i}" then="r{next}"/>`), "", "", 4500},
		{"a ring of orders", dummies(300), repeat(300, `<rsc_order id="o{i}" first="r{i}" then="r{next}"/>`), "", "", 900},
		{"layers of orders", dummies(120), layers(30, 4, `<rsc_order id="o%d-%d-%d" first="r%d" then="r%d"/>`), "", "", 360},
		{"set after set", dummies(4000), `<rsc_order id="o">` + refs("s1", 0, 2000, `sequential="false"`) + refs("s2", 2000, 4000, `sequential="false"`) + `</rsc_order>`, "", "orderings", 0},
		{"serialized", dummies(3000), `<rsc_order id="o" kind="Serialize">` + refs("s1", 0, 3000, "") + `</rsc_order>`, "", "orderings", 0},
		{"bans in a set", dummies(3000), `<rsc_colocation id="c" score="-INFINITY">` + refs("s1", 0, 3000, `score="-INFINITY"`) + `</rsc_colocation>`, "", "colocations", 0},
		{"set with set", dummies(4000), `<rsc_colocation id="c" score="1">` + refs("s1", 0, 2000, `sequential="false"`) + refs("s2", 2000, 4000, `sequential="false"`) + `</rsc_colocation>`, "", "colocations", 0},
		{"clone-max", repeat(1, `<clone id="c{i}">`+promiscuous+`<primitive id="r{i}" class="ocf" provider="p" type="T"/></clone>`), "", "", "", 3000},
		{"many clones", repeat(300, `<clone id="c{i}">`+promiscuous+`<group id="g{i}"><primitive id="r{i}" class="ocf" provider="p" type="T"/></group></clone>`), "", "", "resources and instances", 0},
		{"replicas", `<bundle id="b"><docker image="i" replicas="2000000000" replicas-per-host="1000000000"/><primitive id="x" class="ocf" provider="p" type="T"/>` +
			`<network ip-range-start="10.0.0.1"/></bundle>`, "", "", "", 10000},
		{"tags of everything", dummies(2000), repeat(600, `<rsc_location id="l{i}"><resource_set id="s{i}"><resource_ref id="t{i}"/></resource_set><rule id="x{i}" score="1"/></rsc_location>`),
			`<tags>` + repeat(600, `<tag id="t{i}">`+strings.ReplaceAll(repeat(2000, `<obj_ref id="r{i}"/>`), "{i}", "")+`</tag>`) + `</tags>`, "members of resource sets", 0},
		{"patterns with rules", dummies(200), repeat(1000, `<rsc_location id="l{i}" rsc-pattern="^r.*$"><rule id="x{i}" score="1">`+
			`<expression id="e{i}" attribute="#uname" operation="eq" value="n1"/></rule></rsc_location>`), "", "", 600},
		{"a rule inside itself", dummies(1), `<rsc_location id="l" rsc="r0"><rule id="a" score="1"><rule id-ref="a"/></rule></rsc_location>`, "", "rules inside each other", 0},
		{"nested rules", dummies(1), `<rsc_location id="l" rsc="r0">` + strings.Repeat(`<rule id="a" score="1" boolean-op="or">`, 200) + strings.Repeat(`</rule>`, 200) + `</rsc_location>`, "", "", 3},
		{"sets that refer to each other", `<primitive id="r" class="ocf" provider="p" type="T"><meta_attributes id="a"><nvpair id-ref="n"/></meta_attributes><meta_attributes id-ref="b"/></primitive>` +
			`<primitive id="q" class="ocf" provider="p" type="T"><meta_attributes id="b" id-ref="a"><nvpair id="n" id-ref="n"/></meta_attributes></primitive>`, "", "", "", 6},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			doc, err := xml.Parse([]byte(explosive(c.resources, c.constraints, c.more)))
			if err != nil {
				t.Fatal(err)
			}
			r, err := pengine.Plan(doc, pengine.Options{Now: time.Unix(1700000000, 0)})
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
