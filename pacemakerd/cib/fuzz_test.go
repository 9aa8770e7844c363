package cib

import (
	"bytes"
	"testing"
	"time"

	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// FuzzStep feeds messages, one a line, to three managers of one cluster: as a
// client's, and what they multicast to all in the same order. None panics, no
// operation breaks down, and all have the same document in the end.
func FuzzStep(f *testing.F) {
	command := func(op, options, section, data string) string {
		return `<cib_command t="cib" cib_op="` + op + `" cib_callid="2" cib_callopt="` + options + `" cib_section="` + section + `"><cib_calldata>` + data + `</cib_calldata></cib_command>`
	}
	for _, s := range []string{
		command(OpCreate, "4096", "resources", `<primitive id="a" class="ocf" provider="p" type="T"/>`) + "\n" +
			command(OpModify, "4096", "resources", `<primitive id="a" description="value++"/>`) + "\n" + command(OpDelete, "2", "//primitive[@id='a']", ""),
		command(OpModify, "8", "crm_config", `<cluster_property_set id="s"><nvpair id="n" name="enable-acl" value="true"/></cluster_property_set>`) + "\n" + command(OpQuery, "2", "//nvpair", ""),
		command(OpReplace, "0", "", `<cib admin_epoch="0" epoch="9" num_updates="1" validate-with="pacemaker-3.9"><configuration><crm_config/><nodes/><resources/><constraints/></configuration><status/></cib>`),
		command(OpApplyDiff, "0", "", `<diff format="2"><version><source admin_epoch="0" epoch="0" num_updates="0"/><target admin_epoch="0" epoch="1" num_updates="0"/></version>`+
			`<change operation="create" path="/cib/configuration/resources" position="0"><primitive id="p"/></change><change operation="delete" path="/cib/status"/></diff>`),
		command(OpErase, "0", "", "") + "\n" + command(OpBump, "0", "", "") + "\n" + command(OpUpgrade, "0", "", ""),
		command(OpDeleteAlt, "0", "resources", `<primitive id="a"/>`) + "\n" + command(OpSync, "0", "", "") + "\n" + command(OpPing, "0", "", ""),
		command(OpModify, "128", "status", `<node_state id="1" uname="n1"><x __delete__="1"/></node_state>`),
		`<cib_command cib_op="register" cib_clientname="x"/>` + "\n" + `<cib_command cib_op="cib_notify" cib_notify_type="cib_diff_notify" cib_notify_activate="1"/>`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, input []byte) {
		if len(input) > 1<<14 {
			return
		}
		nodes := []string{"n1", "n2", "n3"}
		all := make([]*Machine, len(nodes))
		for i, name := range nodes {
			all[i] = New(Config{Node: name, Clock: func() string { return "now" }})
			all[i].Step(0, Connected{Client: "root" + name, User: "root", Privileged: true})
			all[i].Step(0, Connected{Client: "user" + name, User: "alice", Name: "x"})
		}
		all[0].Step(0, Asked{Client: "rootn1", Msg: xml.New("cib_command", "cib_op", OpMaster)})
		now := time.Second
		var wire []Delivered
		send := func(from int, actions []Action) {
			for _, a := range actions {
				if s, ok := a.(Send); ok && len(wire) < 200 {
					wire = append(wire, Delivered{From: nodes[from], Msg: s.Msg})
				}
			}
		}
		for i, line := range bytes.Split(input, []byte("\n")) {
			msg, err := xml.ParseKeepingComments(line)
			if err != nil {
				continue
			}
			at := i % len(nodes)
			client := "root" + nodes[at]
			if i%2 == 1 {
				client = "user" + nodes[at]
			}
			send(at, all[at].Step(now, Asked{Client: client, Frame: int32(i), Wants: true, Msg: msg}))
			for len(wire) > 0 {
				d := wire[0]
				wire = wire[1:]
				for j, m := range all {
					send(j, m.Step(now, Delivered{From: d.From, Msg: d.Msg.Clone()}))
				}
			}
			now += 6 * time.Second // the next one finds digests to compare
		}
		for i := range all {
			if xml.Digest(all[i].Doc()) != xml.Digest(all[0].Doc()) {
				t.Errorf("%s has\n%s\n%s has\n%s", nodes[i], all[i].Doc(), nodes[0], all[0].Doc())
			}
			r := Apply(all[i].Doc(), &Op{Name: OpQuery}, Stamp{}, Env{})
			if r.Panic != nil {
				t.Error(r.Panic)
			}
		}
	})
}

// FuzzApply applies one operation to a document: nothing breaks down, the
// document given stays as it is, and a patch leads from it to the outcome.
func FuzzApply(f *testing.F) {
	const doc = `<cib admin_epoch="0" epoch="3" num_updates="4"><configuration><crm_config/><nodes/><resources><group id="g"><primitive id="a"><!--c--></primitive></group></resources><constraints/></configuration><status/></cib>`
	for _, op := range []string{OpCreate, OpModify, OpReplace, OpDelete, OpDeleteAlt, OpApplyDiff, OpErase, OpBump} {
		f.Add(doc, op, 0, "resources", `<primitive id="a" class="ocf"/>`)
		f.Add(doc, op, 2, "//primitive", `<primitive id="a"><x/></primitive>`)
		f.Add(doc, op, 128+8, "", doc)
	}
	f.Fuzz(func(t *testing.T, text, name string, options int, section, data string) {
		if len(text)+len(data) > 1<<14 {
			return
		}
		doc, err := xml.ParseKeepingComments([]byte(text))
		if err != nil {
			return
		}
		in, _ := xml.ParseKeepingComments([]byte(data))
		before := string(doc.Compact())
		r := Apply(doc, &Op{Name: name, Options: Options(options), Section: section, Data: in, User: "alice"}, Stamp{Time: "now"}, Env{})
		if r.Panic != nil {
			t.Fatal(r.Panic)
		}
		if string(doc.Compact()) != before {
			t.Errorf("the document given became %s", doc)
		}
		if r.Changed && r.Patch != nil {
			again := doc.Clone()
			if err := xml.Apply(again, r.Patch); err != nil {
				t.Errorf("%v: %s", err, r.Patch)
			}
		}
	})
}
