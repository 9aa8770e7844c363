package status

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gocorosync/gocorosync/pacemakerd/pengine"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// A textEL9 prints the status as text of 2.1.5: sections with an empty line
// between them.
type textEL9 struct {
	silent
	*listEL9
	c     *pengine.Cluster
	v     *View
	begun bool
}

func newTextEL9(w io.Writer, c *pengine.Cluster, v *View) Form {
	return &textEL9{listEL9: &listEL9{w: w, fancy: true}, c: c, v: v}
}

// space is what separates a section from the one before it.
func (t *textEL9) space() {
	if t.begun {
		fmt.Fprintln(t.w)
	}
	t.begun = true
}

// section begins one.
func (t *textEL9) section(title string) {
	t.space()
	t.begin("%s", title)
}

func (t *textEL9) Header() {
	if t.v.shows(ShowSummary|ShowOptions) || t.c.DC == nil { // that there is none is always said
		t.summary()
	}
	if t.v.shows(ShowMaintenance) && t.c.MaintenanceMode() {
		fmt.Fprint(t.w, unmanaged)
		t.begun = true
	} else if t.v.shows(ShowMaintenance) && t.c.StopAll() {
		fmt.Fprint(t.w, stopped)
		t.begun = true
	}
}

func (t *textEL9) summary() {
	t.space()
	c := t.c
	if t.v.Live && t.v.shows(ShowTimes) {
		fmt.Fprintf(t.w, "Status of pacemakerd: 'Pacemaker is running' (last updated %s)\n", t.v.Now.UTC().Format("2006-01-02 15:04:05Z"))
	}
	t.begin("Cluster Summary")
	defer t.end()
	if t.v.shows(ShowStack) {
		t.line("Stack: %s", stack(c))
	}
	switch {
	case c.DC == nil:
		t.line("Current DC: NONE")
	case t.v.shows(ShowDC):
		t.line("Current DC: %s (version %s) - %spartition %s quorum", c.DC.Name, version(c), choose(mixedVersions(c), "MIXED-VERSION ", ""),
			choose(c.HaveQuorum(), "with", "WITHOUT"))
	}
	if t.v.shows(ShowTimes) {
		t.line("Last updated: %s", t.v.Now.Format(time.ANSIC))
		t.line("Last change:  %s", lastChange(c.CIB()))
	}
	if t.v.shows(ShowCounts) {
		t.counts()
	}
	if t.v.shows(ShowOptions) {
		t.options()
	}
}

func (t *textEL9) counts() {
	n := t.c.Count()
	t.line("%d node%s configured", len(t.c.Nodes), plural(len(t.c.Nodes)))
	not := ""
	switch {
	case n.Disabled > 0 && n.Blocked > 0:
		not = fmt.Sprintf(" (%d DISABLED, %d BLOCKED from further action due to failure)", n.Disabled, n.Blocked)
	case n.Disabled > 0:
		not = fmt.Sprintf(" (%d DISABLED)", n.Disabled)
	case n.Blocked > 0:
		not = fmt.Sprintf(" (%d BLOCKED from further action due to failure)", n.Blocked)
	}
	t.line("%d resource instance%s configured%s", n.Instances, plural(n.Instances), not)
}

// options says how the cluster is configured in what matters most.
func (t *textEL9) options() {
	t.line("STONITH of failed nodes %s", fencingWord(t.c))
	t.line("Cluster is %s", symmetryWord(t.c))
	policy := map[string]string{"freeze": "Freeze resources", "ignore": "Ignore", "suicide": "Suicide",
		"demote": "Demote promotable resources and stop all other resources"}[t.c.QuorumPolicy()]
	t.line("No quorum policy: %s", cmp.Or(policy, "Stop ALL resources"))
}

// Nodes lists the nodes, with what runs there if that was asked for.
func (t *textEL9) Nodes() {
	if len(t.c.Nodes) == 0 {
		return
	}
	t.section("Node List")
	defer t.end()
	if !t.v.ByNode {
		t.nodes(t.c)
		return
	}
	for _, n := range t.c.Nodes {
		if t.v.Brief && len(n.Running) == 0 {
			continue
		}
		t.begin("%s %s: %s%s", nodeTypeName(n), n.Name, nodeStatus(n), healthEL9(t.c, n))
		t.begin("Resources")
		if t.v.Brief {
			t.brief(n.Running, true, false)
		} else {
			for _, r := range runningOn(n) {
				t.primitive(runningEL9(r))
			}
		}
		t.end()
		t.end()
	}
}

// Resources lists the resources: all, or with the nodes only those that do not
// run.
func (t *textEL9) Resources() {
	list, title, none := resourceList(t.c, t.v, &wordsEL9, true)
	if title == "" {
		return
	}
	t.section(title)
	defer t.end()
	switch {
	case len(list) == 0:
		t.line("%s", none)
	case t.v.Brief && !t.v.ByNode:
		t.briefResources(t.c, list, t.v.Inactive)
	default:
		writeResources(t, list)
	}
}

func (t *textEL9) Attributes() {
	list := wordsEL9.attributesIfAny(t.c)
	if len(list) == 0 {
		return
	}
	t.section("Node Attributes")
	defer t.end()
	for _, a := range list {
		t.begin("Node: %s", a.node)
		for _, name := range a.names {
			line := fmt.Sprintf("%-32s\t: %-10s", name, a.of[name])
			if expected, ok := connectivity(t.c, a.node, name); ok {
				switch lacking(a.of[name], expected) {
				case 2:
					line += "\t: Connectivity is lost"
				case 1:
					line += fmt.Sprintf("\t: Connectivity is degraded (Expected=%d)", expected)
				}
			}
			t.line("%s", line)
		}
		t.end()
	}
}

// Operations is what was done with each resource on each node that is online,
// or only what failed. Nothing is said where no node is there.
func (t *textEL9) Operations() {
	there := wordsEL9.historyThere(t.c)
	switch {
	case len(there) == 0:
		return
	case !t.v.shows(ShowOperations):
		t.migration(only(wordsEL9.history(t.c), (*record).failed), strconv.Itoa)
		return
	}
	t.section("Operations")
	defer t.end()
	for _, h := range only(there, (*record).done) {
		t.begin("Node: %s", h.name)
		for _, r := range h.resources {
			t.begin("%s", r.title())
			for _, op := range r.operations() {
				t.line("%s", t.operation(op))
			}
			t.end()
		}
		t.end()
	}
}

// title is what is said of a resource above its operations.
func (r *record) title() string {
	title := r.id + ": migration-threshold=" + r.threshold
	if r.orphan {
		title = r.id + ": orphan"
	}
	if r.failures > 0 {
		title += fmt.Sprintf(" fail-count=%d", r.failures)
		if r.last != "" {
			title += " last-failure='" + r.last + "'"
		}
	}
	return title
}

// operation is one operation, with its times if they were asked for.
func (t *textEL9) operation(op *xml.Element) string {
	line := "(" + op.Get("call-id") + ") " + taskOf(op)
	var more []string
	if recurring(op) {
		more = append(more, `interval="`+op.Get("interval")+`ms"`)
	}
	if t.v.Timing {
		if at := changed(op); at != "" {
			more = append(more, `last-rc-change="`+at+`"`)
		}
		for _, name := range [...]string{"exec-time", "queue-time"} {
			if v := op.Get(name); v != "" {
				more = append(more, name+`="`+v+`ms"`)
			}
		}
		more = append(more, fmt.Sprintf("rc=%d (%s)", pastRC(op), wordsEL9.result(pastRC(op))))
	}
	if len(more) > 0 {
		line += ": " + strings.Join(more, " ")
	}
	return line
}

// pastRC is the result of an operation in a history, where none is below 0.
func pastRC(op *xml.Element) int { return max(0, rcOf(op)) }

// migration says what failed how often.
func (t *textEL9) migration(list []nodeHistory, count func(int) string) {
	t.section("Migration Summary")
	defer t.end()
	for _, h := range list {
		t.begin("Node: %s", h.uname)
		for _, r := range h.resources {
			line := fmt.Sprintf("%s: migration-threshold=%s fail-count=%s", r.id, r.threshold, count(r.failures))
			if r.last != "" {
				line += " last-failure='" + r.last + "'"
			}
			t.line("%s", line)
		}
		t.end()
	}
}

func (t *textEL9) Failures() {
	failed := wordsEL9.failed(t.c)
	if len(failed) == 0 {
		return
	}
	t.section("Failed Resource Actions")
	defer t.end()
	for _, op := range failed {
		if !t.v.Detail { // details are for those who ask for them
			t.line("%s", failureInWords(op))
			continue
		}
		line := fmt.Sprintf("%s on %s '%s' (%d): call=%s, status='%s'", cmp.Or(op.Get("operation_key"), op.ID()), nodeOf(op),
			wordsEL9.result(rcOf(op)), rcOf(op), op.Get("call-id"), opStatus(op))
		if why := op.Get("exit-reason"); why != "" {
			line += ", exitreason='" + why + "'"
		}
		if at := changed(op); at != "" {
			line += ", last-rc-change='" + at + "'"
			for _, span := range [...]struct{ word, attr string }{{"queued", "queue-time"}, {"exec", "exec-time"}} {
				if v, known := op.Lookup(span.attr); known {
					line += ", " + span.word + "=" + v + "ms"
				}
			}
		}
		t.line("%s", line)
	}
}

// failureInWords is a failed operation as a sentence.
func failureInWords(op *xml.Element) string {
	task := taskOf(op)
	key := cmp.Or(op.Get("operation_key"), op.ID())
	rsc, _, _, ok := pengine.ParseOpKey(key)
	if !ok {
		rsc = key
	}
	if recurring(op) {
		task = readable(op.Get("interval")) + "-interval " + task
	}
	text := fmt.Sprintf("%s %s on %s ", rsc, task, nodeOf(op))
	why := op.Get("exit-reason")
	if op.Get("op-status") == "0" {
		text += "returned '" + wordsEL9.result(rcOf(op)) + "'"
		if why != "" {
			text += " (" + why + ")"
		}
	} else {
		text += "could not be executed (" + opStatus(op)
		if why != "" {
			text += ": " + why
		}
		text += ")"
	}
	if at := changed(op); at != "" {
		text += " at " + at
	}
	if v := op.Get("exec-time"); v != "" && v != "0" {
		text += " after " + readable(v)
	}
	return text
}

func (t *textEL9) Tickets() {
	list := tickets(t.c)
	if len(list) == 0 {
		return
	}
	t.section("Tickets")
	defer t.end()
	for _, k := range list {
		line := k.id + ": " + k.state + choose(k.standby, " [standby]", "")
		if k.last != "" {
			line += ` last-granted="` + k.last + `"`
		}
		t.line("%s", line)
	}
}

// Bans lists the constraints that keep a resource from a node, the last one
// first, as far as their ids begin as was asked for.
func (t *textEL9) Bans() {
	list := slices.DeleteFunc(bans(t.c), func(b ban) bool { return !strings.HasPrefix(b.id, t.v.BanPrefix) })
	if len(list) == 0 {
		return
	}
	t.section("Negative Location Constraints")
	defer t.end()
	for _, b := range list {
		t.line("%s\tprevents %s from running %son %s", b.id, b.resource, choose(b.promoted, "in Promoted role ", ""), b.node)
	}
}
