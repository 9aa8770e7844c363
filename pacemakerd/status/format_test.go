package status_test

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/gocorosync/gocorosync/pacemakerd/pengine"
	"github.com/gocorosync/gocorosync/pacemakerd/status"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// whole is the cluster of the other tests with something for each section: an
// attribute, a failed operation, a ticket and a ban.
func whole(t *testing.T) *pengine.Cluster {
	t.Helper()
	text := strings.Replace(cluster, "QUORUM", "1", 1)
	for _, x := range [][2]string{
		{`</constraints>`, `<rsc_location id="away" rsc="b" node="n1" score="-INFINITY"/></constraints>`},
		{`<nvpair id="t1" `, `<nvpair id="t2" name="color" value="blue"/><nvpair id="t1" `},
		{`</transient_attributes></node_state>`, `</transient_attributes><lrm id="2"><lrm_resources><lrm_resource id="a" class="ocf" provider="p" type="T">` +
			`<lrm_rsc_op id="a_last_failure_0" operation_key="a_start_0" operation="start" interval="0" call-id="2" rc-code="1" op-status="4" ` +
			`exit-reason="no luck" transition-key="1:1:0:u" transition-magic="4:1;1:1:0:u"/></lrm_resource></lrm_resources></lrm></node_state>`},
		{`</status>`, `<tickets><ticket_state id="tk" granted="true"/></tickets></status>`},
	} {
		text = strings.Replace(text, x[0], x[1], 1)
	}
	doc, err := xml.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	c, err := pengine.Status(doc, pengine.Options{Now: time.Unix(1700000000, 0), Constraints: true})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// formats are all the ways to print a status.
var formats = []struct {
	name   string
	format status.Format
	parts  []string // of what each section prints, in order
}{
	{"el7 text", status.EL7.Text, []string{"Stack: unknown", "Node n3 (3): standby\nOnline: [ n1 (1) n2 (2) ]", "Full list of resources:\n\n a\t(ocf::p:T):\tFAILED",
		"Node Attributes:\n* Node n1:\n* Node n2:\n    + color", "Operations:\n* Node n1:\n   a: migration-threshold=2\n    + (1) start: rc=0 (ok)",
		"Failed Resource Actions:\n* a_start_0 on n2 'unknown error' (1): call=2, status=Error, exitreason='no luck'\n", "Tickets:\n* tk:\tgranted"}},
	{"el9 text", status.EL9.Text, []string{"Cluster Summary:\n  * Stack: unknown", "Node List:\n  * Node n3: standby\n  * Online: [ n1 n2 ]\n\n", "Full List of Resources:\n  * a\t(ocf:p:T):\t FAILED",
		"\n\nNode Attributes:\n  * Node: n2:\n    * color", "\n\nOperations:\n  * Node: n1:\n    * a: migration-threshold=2:\n      * (1) start\n",
		"\n\nFailed Resource Actions:\n  * a_start_0 on n2 'error' (1): call=2, status='Error', exitreason='no luck'\n", "\nTickets:\n  * tk: granted\n",
		"\nNegative Location Constraints:\n  * away\tprevents b from running on n1\n"}},
	{"el7 xml", status.EL7.XML, []string{`<crm_mon version="1.1.20">`, `<stack type="unknown" />`, `<node name="n1" id="1" online="true"`, `<resource id="a" resource_agent="ocf::p:T" role="Started"`,
		`<attribute name="color" value="blue" />`, `<operation_history call="1" task="start" rc="0" rc_text="ok" />`,
		`<failure op_key="a_start_0" node="n2" exitstatus="unknown error" exitreason="no luck" exitcode="1" call="2" status="Error" />`, `<fence_history>`,
		`<ticket id="tk" status="granted" standby="false" />`, `<ban id="away" resource="b" node="n1" weight="-1000000" master_only="false" />`, `</crm_mon>`}},
	{"el9 xml", status.EL9.XML, []string{`<pacemaker-result api-version="2.25" request="crm_mon -1">`, `<stack type="unknown"/>`, `<node name="n1" id="1" online="true"`, `<resource id="a" resource_agent="ocf:p:T" role="Started"`,
		`<attribute name="color" value="blue"/>`, `<operation_history call="1" task="start" rc="0" rc_text="ok"/>`,
		`<failure op_key="a_start_0" node="n2" exitstatus="error" exitreason="no luck" exitcode="1" call="2" status="Error"/>`,
		`<ticket id="tk" status="granted" standby="false"/>`, `<ban id="away" resource="b" node="n1" weight="-1000000" promoted-only="false" master_only="false"/>`, `<status code="0" message="OK"/>`}},
	{"el7 html", status.EL7.HTML, []string{`content="7"`, "<b>Stack:</b> unknown", `<li>Node: n1 (1): <font color="green">online</font>`, "<h2>Full list of resources</h2>", "<li>color: blue</li>", "<h2>Operations</h2>",
		"<li>a_start_0 on n2 'unknown error' (1)", "<li>tk: granted</li>", "<li>away prevents b from running on n1</li>", "</html>"}},
	{"el9 html", status.EL9.HTML, []string{`content="7"`, `<span class="bold">Stack: </span><span>unknown</span>`, `<span class="bold">n1:</span><span class="online"> online</span>`,
		"<h2>Full List of Resources</h2>", "<li>color: blue</li>", "<h2>Migration Summary</h2>", "could not be executed (Error: no luck)", "</html>"}},
}

// inOrder checks that a text has parts, one after the other.
func inOrder(t *testing.T, name, text string, parts []string) {
	t.Helper()
	rest := text
	for _, part := range parts {
		_, after, ok := strings.Cut(rest, part)
		if !ok {
			t.Errorf("%s: %q is not there, or not in its place:\n%s", name, part, text)
			return
		}
		rest = after
	}
}

// TestEachFormatPrintsItsPartsInOrder shows all sections of one cluster in each
// format.
func TestEachFormatPrintsItsPartsInOrder(t *testing.T) {
	c := whole(t)
	for _, f := range formats {
		var b bytes.Buffer
		f.format.Print(&b, c, status.View{Sections: status.ShowAll, Inactive: true, Detail: true, Live: true, Page: true, Refresh: 7 * time.Second,
			Now: time.Unix(1700000000, 0), Request: "crm_mon -1"})
		inOrder(t, f.name, b.String(), f.parts)
		if strings.HasSuffix(f.name, "xml") {
			if _, err := xml.Parse(b.Bytes()); err != nil {
				t.Errorf("%s: %v", f.name, err)
			}
		}
	}
}

// TestHiddenSectionsAreNotPrinted hides all there is: text and the page of
// 1.1.20 then have no more than what stands around the sections, XML takes no
// notice.
func TestHiddenSectionsAreNotPrinted(t *testing.T) {
	c := whole(t)
	for _, f := range formats {
		var none, all bytes.Buffer
		f.format.Print(&none, c, status.View{})
		f.format.Print(&all, c, status.View{Sections: status.ShowAll})
		switch xml := strings.HasSuffix(f.name, "xml"); {
		case xml && none.String() != all.String():
			t.Errorf("%s differs without sections:\n%s", f.name, none.String())
		case !xml && none.Len() >= all.Len():
			t.Errorf("%s has %d bytes without sections, %d with all", f.name, none.Len(), all.Len())
		case f.name == "el9 text" && none.Len() > 0:
			t.Errorf("%s: %s", f.name, none.String())
		}
	}
}

// TestSimulationForms tells each form of a simulation the same story.
func TestSimulationForms(t *testing.T) {
	c := whole(t)
	r := plan(t, "1")
	for _, f := range []struct {
		name   string
		format status.SimulationFormat
		want   []string
	}{
		{"el7 text", status.EL7.Simulation.Text, []string{"\nCurrent cluster status:\nNode n3 (3): standby\n", "Performing requested modifications\n + Taking n1\n",
			"Allocation scores:\n", "Transition Summary:\n", " * Start      b       (    n2 )  \n", "Transition failed", "Revised cluster status:"}},
		{"el9 text", status.EL9.Simulation.Text, []string{"Current cluster status:\n  * Node List:\n", "\nPerforming Requested Modifications:\n  * Taking n1\n",
			"\nAllocation Scores:\n", "\nTransition Summary:\n", "  * Start      b       (    n2 )\n", "\nRevised Cluster Status:\n"}},
		{"el9 xml", status.EL9.Simulation.XML, []string{`<cluster_status>`, `<modifications>`, `<modify_node`, `<allocations>`, `<actions>`,
			`<rsc_action action="start" resource="b" node="n2"/>`, `<revised_cluster_status>`, `<status code="1" message="no">`, `<error>Transition failed: terminated</error>`}},
	} {
		var b, errors bytes.Buffer
		form := f.format(&b, &status.SimulationView{Scores: true, Attributes: true, FailCounts: true, Fancy: true})
		form.Date(c.CIB())
		form.Before(c)
		form.Modifications()
		form.Modified(status.Modification{Text: "Taking n1", XML: xml.New("modify_node", "node", "n1")})
		form.Modify()
		form.Scores(r)
		form.Actions(r)
		form.Incomplete(&errors)
		form.After(c)
		form.End(status.Ending{Code: 1, Text: "no", Trouble: errors.String()})
		inOrder(t, f.name, b.String(), f.want)
	}
}

// TestQuietSimulation prints only the scores that were asked for.
func TestQuietSimulation(t *testing.T) {
	r := plan(t, "1")
	for name, format := range map[string]status.SimulationFormat{"el7": status.EL7.Simulation.Text, "el9": status.EL9.Simulation.Text} {
		var b bytes.Buffer
		form := format(&b, &status.SimulationView{Quiet: true, Scores: true})
		form.Before(whole(t))
		form.Scores(r)
		form.Actions(r)
		form.Incomplete(io.Discard)
		if got := b.String(); !strings.Contains(got, "allocation score on n1") || strings.Contains(got, "Summary") {
			t.Errorf("%s:\n%s", name, got)
		}
	}
}
