package simulate_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/gocorosync/gocorosync/pacemakerd/pengine"
	"github.com/gocorosync/gocorosync/pacemakerd/pengine/simulate"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

const cib = `<cib have-quorum="1" dc-uuid="1"><configuration><crm_config>` +
	`<cluster_property_set id="cib-bootstrap-options"><nvpair id="se" name="stonith-enabled" value="false"/></cluster_property_set></crm_config>` +
	`<nodes><node id="1" uname="n1"/></nodes><resources><primitive id="a" class="ocf" provider="p" type="T">` +
	`<operations><op id="m" name="monitor" interval="10s"/></operations></primitive></resources><constraints/></configuration><status>` +
	`<node_state id="1" uname="n1" in_ccm="true" crmd="online" join="member" expected="member"/></status></cib>`

var at = time.Unix(1700000000, 0)

func plan(t *testing.T, doc *xml.Element) *pengine.Transition {
	t.Helper()
	tr, err := pengine.Plan(doc, pengine.Options{Now: at})
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

func document(t *testing.T) *xml.Element {
	t.Helper()
	doc, err := xml.Parse([]byte(cib))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// TestExecute: what was carried out needs nothing more.
func TestExecute(t *testing.T) {
	doc := document(t)
	x := simulate.Execute(plan(t, doc), doc, at, nil)
	if !x.Complete || x.Aborted {
		t.Fatalf("complete %t, aborted %t", x.Complete, x.Aborted)
	}
	var done []string
	for _, s := range x.Done {
		done = append(done, s.Resource+" "+s.Task+" "+s.Node)
	}
	if got := strings.Join(done, ", "); got != "a monitor n1, a start n1, a monitor n1" {
		t.Error(got)
	}
	if after := plan(t, x.CIB); after.Graph.Child("synapse") != nil {
		t.Errorf("something is left to do: %s", after.Graph)
	}
	if doc.String() != cib {
		t.Error("the document was changed")
	}
}

// TestFault: what is to fail fails, is counted, and stops what comes after.
func TestFault(t *testing.T) {
	doc := document(t)
	x := simulate.Execute(plan(t, doc), doc, at, []simulate.Fault{{Key: "a_start_0", Node: "n1", RC: 1}})
	last := x.Done[len(x.Done)-1]
	if !x.Aborted || !last.Faulty || last.Failed != 1 || len(last.Injected) != 2 {
		t.Errorf("aborted %t, last %+v", x.Aborted, last)
	}
	c, err := pengine.Status(x.CIB, pengine.Options{Now: at})
	if err != nil || len(c.FailedOps) != 1 {
		t.Error(err, c.FailedOps)
	}
}

func TestInject(t *testing.T) {
	doc := document(t)
	c, err := pengine.Status(doc, pengine.Options{Now: at})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := simulate.Inject(c, doc, "a_monitor_10000", "n1", 0, at); err != nil {
		t.Error(err)
	}
	if c, err = pengine.Status(doc, pengine.Options{Now: at}); err != nil || c.Resource("a").Role != pengine.RoleStarted {
		t.Error("it does not run", err)
	}
	if _, err := simulate.Inject(c, doc, "b_monitor_0", "n1", 0, at); !errors.Is(err, simulate.ErrNoResource) {
		t.Error(err)
	}
}

func TestDot(t *testing.T) {
	got := simulate.Dot(plan(t, document(t)), false, false)
	for _, line := range []string{`"a_start_0 n1" -> "a_monitor_10000 n1" [ style = bold]`, `"a_monitor_0 n1" -> "a_start_0 n1" [ style = bold]`} {
		if !strings.Contains(got, line) {
			t.Errorf("no %s in\n%s", line, got)
		}
	}
}
