// Package pengine measures the policy engine, beside the real crm_simulate
// where that is installed.
package pengine

import (
	"fmt"
	"strings"
)

// State is how far a cluster to measure with has come.
type State int

const (
	Fresh   State = iota // nothing has run yet
	Running              // everything runs where it was put
	Failed               // running, but the last node is lost and some have failed
)

func (s State) String() string { return [...]string{"fresh", "running", "failed"}[s] }

// CIB is a cluster of so many resources and nodes: of ten resources six are
// primitives, three a group and one a clone. Every fifth primitive prefers a
// node, every third is with and after the one before it.
func CIB(resources, nodes int, state State) []byte {
	var conf, cons strings.Builder
	on := make([]strings.Builder, nodes+1)
	prim := func(i int) string {
		return fmt.Sprintf(`<primitive id="r%d" class="ocf" provider="pacemaker" type="Dummy"><operations><op id="r%d-m" name="monitor" interval="10s"/></operations></primitive>`, i, i)
	}
	history := func(i, node int) {
		if state == Fresh {
			return
		}
		const digest = "f2317cad3d54cec5d7d7aa7d0bf35cf8" // of no parameters
		op := func(id, task string, ms, call, rc, want int) string {
			return fmt.Sprintf(`<lrm_rsc_op id="r%d_%s" operation_key="r%d_%s_%d" operation="%s" interval="%d" call-id="%d" rc-code="%d" op-status="0" op-digest="%s" crm_feature_set="3.16.1" `+
				`transition-key="1:1:%d:u" transition-magic="0:%d;1:1:%d:u" last-rc-change="1699999000"/>`, i, id, i, task, ms, task, ms, call, rc, digest, want, rc, want)
		}
		for n := 1; n <= nodes; n++ {
			fmt.Fprintf(&on[n], `<lrm_resource id="r%d" class="ocf" provider="pacemaker" type="Dummy">`, i)
			switch {
			case n != node:
				on[n].WriteString(op("last_0", "monitor", 0, 2*i+1, 7, 7))
			case state == Failed && i%50 == 7:
				on[n].WriteString(op("last_0", "start", 0, 2*i+1, 0, 0) + op("last_failure_0", "monitor", 10000, 2*i+2, 7, 0))
			default:
				on[n].WriteString(op("last_0", "start", 0, 2*i+1, 0, 0))
			}
			on[n].WriteString(`</lrm_resource>`)
		}
	}
	last := -1
	for i := 0; i < resources; i++ {
		node := i%nodes + 1
		switch i % 10 {
		case 6: // a group of three
			fmt.Fprintf(&conf, `<group id="g%d">`, i)
			for k := i; k < i+3; k++ {
				conf.WriteString(prim(k))
				history(k, node)
			}
			conf.WriteString(`</group>`)
		case 7, 8:
		case 9:
			fmt.Fprintf(&conf, `<clone id="c%d"><meta_attributes id="c%d-m"><nvpair id="c%d-n" name="clone-max" value="2"/></meta_attributes>%s</clone>`, i, i, i, prim(i))
			history(i, node)
		default:
			conf.WriteString(prim(i))
			history(i, node)
			if i%5 == 0 {
				fmt.Fprintf(&cons, `<rsc_location id="l%d" rsc="r%d" node="n%d" score="100"/>`, i, i, node)
			}
			if i%3 == 0 && last >= 0 {
				fmt.Fprintf(&cons, `<rsc_colocation id="k%d" rsc="r%d" with-rsc="r%d" score="INFINITY"/><rsc_order id="o%d" first="r%d" then="r%d"/>`, i, i, last, i, last, i)
			}
			last = i
		}
	}
	var b strings.Builder
	b.WriteString(`<cib crm_feature_set="3.16.1" validate-with="pacemaker-3.9" admin_epoch="0" epoch="1" num_updates="1" have-quorum="1" dc-uuid="1" execution-date="1700000000"><configuration><crm_config>` +
		`<cluster_property_set id="o"><nvpair id="o1" name="stonith-enabled" value="false"/></cluster_property_set></crm_config><nodes>`)
	for n := 1; n <= nodes; n++ {
		fmt.Fprintf(&b, `<node id="%d" uname="n%d"/>`, n, n)
	}
	fmt.Fprintf(&b, `</nodes><resources>%s</resources><constraints>%s</constraints></configuration><status>`, conf.String(), cons.String())
	for n := 1; n <= nodes; n++ {
		in, crmd, join := "true", "online", "member"
		if state == Failed && n == nodes {
			in, crmd, join = "false", "offline", "down"
		}
		fmt.Fprintf(&b, `<node_state id="%d" uname="n%d" in_ccm="%s" crmd="%s" join="%s" expected="%s"><lrm id="%d"><lrm_resources>%s</lrm_resources></lrm></node_state>`,
			n, n, in, crmd, join, join, n, on[n].String())
	}
	b.WriteString(`</status></cib>`)
	return []byte(b.String())
}
