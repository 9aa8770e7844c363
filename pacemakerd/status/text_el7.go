package status

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	"github.com/gocorosync/gocorosync/pacemakerd/pengine"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// A textEL7 prints the status as text of 1.1.20, which never shows bans.
type textEL7 struct {
	silent
	listEL7
	c *pengine.Cluster
	v *View
}

func newTextEL7(w io.Writer, c *pengine.Cluster, v *View) Form {
	return &textEL7{listEL7: listEL7{w}, c: c, v: v}
}

func (t *textEL7) p(format string, args ...any) { fmt.Fprintf(t.w, format, args...) }

func (t *textEL7) Header() {
	n := countEL7(t.c)
	switch {
	case t.v.shows(ShowSummary):
		t.summary(n)
	case n.Disabled+n.Blocked > 0 || t.c.MaintenanceMode():
		t.p("\n")
		t.counts(n)
	}
	if t.v.shows(ShowMaintenance) && t.c.MaintenanceMode() {
		t.p(unmanaged)
	}
	t.p("\n")
}

func (t *textEL7) summary(n pengine.Counts) {
	c := t.c
	t.p("Stack: %s\n", stack(c))
	if c.DC == nil {
		t.p("Current DC: NONE\n")
	} else {
		id := ""
		if t.v.Detail {
			id = " (" + c.DC.ID + ")"
		}
		t.p("Current DC: %s%s (version %s) - partition %s quorum\n", c.DC.Name, id, version(c), choose(c.HaveQuorum(), "with", "WITHOUT"))
	}
	by := c.CIB().Get("update-user") + c.CIB().Get("update-client") + c.CIB().Get("update-origin")
	t.p("Last updated: %s%s", t.v.Now.Format(time.ANSIC), choose(by != "", "\n", "\t\t"))
	t.p("Last change: %s\n\n", lastChange(c.CIB()))
	t.counts(n)
}

// counts is the part of the header that is shown even without headers where
// something is disabled.
func (t *textEL7) counts(n pengine.Counts) {
	text := ""
	if n.Disabled > 0 {
		text = fmt.Sprintf(" (%d DISABLED)", n.Disabled)
	} else if n.Blocked > 0 {
		text = fmt.Sprintf(" (%d BLOCKED from starting due to failure)", n.Blocked)
	}
	t.p("%d node%s configured\n%d resource%s configured%s\n", len(t.c.Nodes), plural(len(t.c.Nodes)), n.Instances, plural(n.Instances), text)
}

// Nodes lists the nodes, with what runs there if that was asked for.
func (t *textEL7) Nodes() {
	if !t.v.ByNode {
		t.nodes(t.c, t.v.Detail, false)
		return
	}
	for _, n := range t.c.Nodes {
		t.p("%s %s: %s\n", nodeTypeName(n), n.Name, nodeState(n))
		for _, r := range n.Running {
			t.p("\t%s\n", running(r).textEL7(false))
		}
	}
}

func (t *textEL7) Resources() {
	list, title, none := resourceList(t.c, t.v, &wordsEL7, t.v.Pending)
	switch {
	case title == "":
	case len(list) == 0:
		t.p("\n%s\n\n", none)
	default:
		t.p("\n%s:\n\n", title)
		t.resources(list)
	}
}

func (t *textEL7) Attributes() {
	t.p("\nNode Attributes:\n")
	for _, a := range wordsEL7.attributes(t.c) {
		t.p("* Node %s:\n", a.node)
		for _, name := range a.names {
			t.p("    + %-32s\t: %-10s\n", name, a.of[name])
		}
	}
}

// Operations prints the operations, or only the fail counts, of each node.
func (t *textEL7) Operations() {
	all := t.v.shows(ShowOperations)
	t.p("\n%s:\n", choose(all, "Operations", "Migration Summary"))
	for _, h := range wordsEL7.historyThere(t.c) {
		t.p("* Node %s:\n", h.uname)
		for _, r := range h.resources {
			ops := opsEL7(r.rsc)
			if all && len(ops) == 0 || !all && r.failures == 0 {
				continue
			}
			line := "   " + r.id + ": migration-threshold=" + r.threshold
			if r.failures > 0 {
				line += " fail-count=" + strconv.Itoa(r.failures)
				if r.last != "" {
					line += " last-failure='" + r.last + "'"
				}
			}
			t.p("%s\n", line)
			if all {
				t.operations(ops)
			}
		}
	}
}

// opsEL7 are a resource's operations in the order they were called, probes that
// found nothing left out.
func opsEL7(rsc *xml.Element) (ops []*xml.Element) {
	for op := range rsc.Each("lrm_rsc_op") {
		task, rc := op.Get("operation"), op.Get("rc-code")
		if task == "monitor" && op.Get("interval") == "0" && rc == "7" || task == "stop" && len(ops) == 0 && rc == "0" {
			continue
		}
		ops = append(ops, op)
	}
	slices.SortStableFunc(ops, func(a, b *xml.Element) int {
		x, _ := strconv.Atoi(a.Get("call-id"))
		y, _ := strconv.Atoi(b.Get("call-id"))
		return cmp.Compare(x, y)
	})
	return ops
}

func (t *textEL7) operations(ops []*xml.Element) {
	seen := map[string]bool{}
	for _, op := range ops {
		if seen[op.Get("call-id")] { // a failure is recorded twice
			continue
		}
		seen[op.Get("call-id")] = true
		t.p("    + (%s) %s:%s rc=%d (%s)\n", op.Get("call-id"), op.Get("operation"), timesEL7(op, t.v.Timing, "'"), rcOf(op), wordsEL7.result(rcOf(op)))
	}
}

// timesEL7 is how often an operation recurs and, if asked for, when it was done
// and how long that took.
func timesEL7(op *xml.Element, timing bool, quote string) (text string) {
	if recurring(op) {
		text += " interval=" + op.Get("interval") + "ms"
	}
	if !timing {
		return text
	}
	if at := changed(op); at != "" {
		text += " last-rc-change=" + quote + at + quote
		if !recurring(op) {
			text += " last-run=" + quote + at + quote
		}
	}
	return text + " exec-time=" + zero(op.Get("exec-time")) + "ms queue-time=" + zero(op.Get("queue-time")) + "ms"
}

func (t *textEL7) Failures() {
	if len(t.c.FailedOps) == 0 {
		return
	}
	t.p("\nFailed Resource Actions:\n")
	for _, op := range t.c.FailedOps {
		t.p("* %s on %s '%s' (%d): call=%s, status=%s, exitreason='%s'", op.Get("operation_key"), nodeOf(op), wordsEL7.result(rcOf(op)), rcOf(op),
			op.Get("call-id"), opStatus(op), op.Get("exit-reason"))
		if at := changed(op); at != "" {
			t.p(",\n    last-rc-change='%s', queued=%sms, exec=%sms", at, zero(op.Get("queue-time")), zero(op.Get("exec-time")))
		}
		t.p("\n")
	}
}

func (t *textEL7) Tickets() {
	t.p("\nTickets:\n")
	for _, k := range tickets(t.c) {
		last := ""
		if k.last != "" {
			last = " last-granted='" + k.last + "'"
		}
		t.p("* %s:\t%s%s%s\n", k.id, k.state, choose(k.standby, " [standby]", "          "), last)
	}
}
