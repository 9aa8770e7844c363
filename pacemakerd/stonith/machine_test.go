package stonith

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gocorosync/gocorosync/pacemakerd/lrmd"
	"github.com/gocorosync/gocorosync/pacemakerd/peer"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// A world is the fencers of a few nodes with an ordered group between them.
type world struct {
	t     *testing.T
	now   time.Duration
	nodes []*fencer
	queue []func()
	agent func(on, device string, params map[string]string) int
	runs  []string // "node device action target"
	lists int
	list  string
	meta  *lrmd.Metadata
}

type fencer struct {
	*Machine
	w      *world
	name   string
	cache  *peer.Cache
	fenced []Fenced
	self   bool
	dead   bool
	got    []*xml.Element // to clients
}

const plainMeta = `<resource-agent name="fence_test"><parameters><parameter name="port"/></parameters>
<actions><action name="reboot"/><action name="off"/><action name="on"/><action name="monitor"/><action name="metadata"/></actions></resource-agent>`

func newWorld(t *testing.T, devices, constraints, metadata string, names ...string) *world {
	constraints, topology, _ := strings.Cut(constraints, "|")
	w := &world{t: t, agent: func(string, string, map[string]string) int { return 0 }}
	var err error
	if w.meta, err = lrmd.ParseMetadata([]byte(metadata)); err != nil {
		t.Fatal(err)
	}
	doc, err := xml.Parse([]byte("<cib><configuration><resources>" + devices + "</resources><constraints>" + constraints +
		"</constraints><fencing-topology>" + topology + "</fencing-topology></configuration></cib>"))
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range names {
		f := &fencer{w: w, name: n, cache: peer.NewCache()}
		uuid := 0
		f.Machine = New(Config{Node: n, PID: 7, Cache: f.cache, Wall: func() int64 { return 1700000000 },
			UUID: func() string { uuid++; return fmt.Sprint(n, "-", uuid) }})
		w.nodes = append(w.nodes, f)
	}
	w.members()
	for _, f := range w.nodes {
		f.act(f.Start(w.now))
		f.act(f.CIBChanged(w.now, doc))
	}
	w.run(time.Second)
	return w
}

func (w *world) members() {
	for _, f := range w.nodes {
		for i, p := range w.nodes {
			e := f.cache.Get(uint32(i + 1))
			e.Name, e.Member, e.In["stonith-ng"] = p.name, !p.dead, !p.dead
		}
	}
}

func (w *world) kill(name string) {
	f := w.node(name)
	f.dead = true
	w.members()
	for _, p := range w.nodes {
		if !p.dead {
			p.act(p.PeersChanged(w.now, nil, []string{name}))
		}
	}
}

func (w *world) node(name string) *fencer {
	i := slices.IndexFunc(w.nodes, func(f *fencer) bool { return f.name == name })
	return w.nodes[i]
}

func (w *world) later(f func()) { w.queue = append(w.queue, f) }

func (f *fencer) act(out []Action) {
	w := f.w
	for _, a := range slices.Clone(out) {
		switch a := a.(type) {
		case Send:
			for _, to := range w.nodes {
				if a.To == "" || a.To == to.name {
					w.later(func() {
						if !to.dead {
							to.act(to.Delivered(w.now, f.name, a.Msg.Clone()))
						}
					})
				}
			}
		case Run:
			params := map[string]string{}
			for _, p := range a.Op.Params {
				params[p.Name] = p.Value
			}
			end := lrmd.Finish{ID: a.ID}
			if params["action"] == "list" {
				w.lists++
				end.Output = w.list
			} else {
				w.runs = append(w.runs, strings.Join([]string{f.name, a.Op.Resource, params["action"], params["port"]}, " "))
				end.RC = w.agent(f.name, a.Op.Resource, params)
			}
			if end.RC < 0 {
				return // never answers
			}
			if end.RC != 0 {
				end.Reason = "it said no"
			}
			w.later(func() {
				if !f.dead {
					f.act(f.Finished(w.now, end))
				}
			})
		case Metadata:
			w.later(func() { f.act(f.GotMetadata(w.now, a.Agent, w.meta)) })
		case Fenced:
			f.fenced = append(f.fenced, a)
		case SelfFenced:
			f.self = true
		case Respond:
			f.got = append(f.got, a.Msg)
		case Notify:
			f.got = append(f.got, a.Msg)
		}
	}
}

func (w *world) run(d time.Duration) {
	end := w.now + d
	for {
		if len(w.queue) > 0 {
			f := w.queue[0]
			w.queue = w.queue[1:]
			f()
			continue
		}
		var first *fencer
		var at time.Duration
		for _, f := range w.nodes {
			if t, _ := f.Next(); !f.dead && t != 0 && (first == nil || t < at) {
				first, at = f, t
			}
		}
		if first == nil || at > end {
			w.now = end
			return
		}
		w.now = max(w.now, at)
		first.act(first.Tick(w.now))
	}
}

func primitive(id string, params ...string) string {
	s := `<primitive id="` + id + `" class="stonith" type="fence_test"><instance_attributes id="` + id + `-i">`
	for i := 0; i < len(params); i += 2 {
		s += fmt.Sprintf(`<nvpair id="%s-%d" name="%s" value="%s"/>`, id, i, params[i], params[i+1])
	}
	return s + `</instance_attributes></primitive>`
}

func TestFence(t *testing.T) {
	ok := func(string, string, map[string]string) int { return 0 }
	for _, tc := range []struct {
		name, devices, constraints string
		meta, list                 string
		agent                      func(on, device string, params map[string]string) int
		want                       error
		runs                       []string
	}{
		{name: "no device", want: ErrNoDevice},
		{name: "listed elsewhere", devices: primitive("f", "pcmk_host_list", "n1,n2"), want: ErrNoDevice},
		{name: "stopped device", devices: strings.Replace(primitive("f", "pcmk_host_list", "n3"), "</primitive>",
			`<meta_attributes id="m"><nvpair id="tr" name="target-role" value="Stopped"/></meta_attributes></primitive>`, 1), want: ErrNoDevice},
		{name: "static list", devices: primitive("f", "pcmk_host_list", "n2 n3"), runs: []string{"n1 f reboot n3"}},
		{name: "host map", devices: primitive("f", "pcmk_host_map", "n2:2;n3:plug7"), runs: []string{"n1 f reboot plug7"}},
		{name: "any target", devices: primitive("f"), runs: []string{"n1 f reboot n3"}},
		{name: "banned here", devices: primitive("f"), constraints: `<rsc_location id="l" rsc="f" node="n1" score="-INFINITY"/>`,
			runs: []string{"n2 f reboot n3"}},
		{name: "dynamic list", devices: primitive("f"), list: "n2\nn3,box3\n",
			meta: strings.Replace(plainMeta, "<actions>", `<actions><action name="list"/>`, 1), runs: []string{"n1 f reboot n3"}},
		{name: "dynamic list without it", devices: primitive("f"), list: "n2\n",
			meta: strings.Replace(plainMeta, "<actions>", `<actions><action name="list"/>`, 1), want: ErrNoDevice},
		{name: "no reboot", devices: primitive("f"), meta: strings.Replace(plainMeta, `<action name="reboot"/>`, "", 1),
			runs: []string{"n1 f off n3", "n1 f on n3"}},
		{name: "on fails after off", devices: primitive("f"), meta: strings.Replace(plainMeta, `<action name="reboot"/>`, "", 1),
			agent: func(_, _ string, p map[string]string) int { return len(p["action"]) - 3 }, // off: 0; on: -1, never ends
		},
		{name: "levels", devices: primitive("f"), constraints: `|<fencing-level id="l" target="N3" index="1" devices="f,g"/>`, want: ErrTopology},
		{name: "levels by pattern", devices: primitive("f"), constraints: `|<fencing-level id="l" target-pattern="x" index="1" devices="f"/>`, want: ErrTopology},
		{name: "levels of another", devices: primitive("f"), constraints: `|<fencing-level id="l" target="n2" index="1" devices="f,g"/>`,
			runs: []string{"n1 f reboot n3"}},
		{name: "second try", devices: primitive("f"), runs: []string{"n1 f reboot n3", "n1 f reboot n3"},
			agent: failing(1)},
		{name: "second device", devices: primitive("f") + primitive("g"), agent: failing(2),
			runs: []string{"n1 f reboot n3", "n1 f reboot n3", "n1 g reboot n3"}},
		{name: "second node", devices: primitive("f"), agent: func(on, _ string, _ map[string]string) int {
			if on == "n1" {
				return 1
			}
			return 0
		}, runs: []string{"n1 f reboot n3", "n1 f reboot n3", "n2 f reboot n3"}},
		{name: "nobody can", devices: primitive("f"), agent: func(string, string, map[string]string) int { return 1 },
			runs: []string{"n1 f reboot n3", "n1 f reboot n3", "n2 f reboot n3", "n2 f reboot n3"}, want: errors.New("it said no")},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if tc.meta == "" {
				tc.meta = plainMeta
			}
			w := newWorld(t, tc.devices, tc.constraints, tc.meta, "n1", "n2", "n3")
			w.list, w.agent = tc.list, ok
			if tc.agent != nil {
				w.agent = tc.agent
			}
			w.kill("n3")
			n1 := w.node("n1")
			n1.act(n1.Fence(w.now, 5, "n3", "reboot", 60*time.Second, 0))
			w.run(20 * time.Minute)
			own := slices.DeleteFunc(slices.Clone(n1.fenced), func(f Fenced) bool { return f.ID != 5 })
			if tc.name == "on fails after off" {
				// An agent that hangs is the executor's to end; the operation itself
				// must not hang, and must not claim anything.
				if len(own) != 1 || own[0].Err == nil {
					t.Fatalf("outcome %v", own)
				}
				return
			}
			if len(own) != 1 || fmt.Sprint(own[0].Err) != fmt.Sprint(tc.want) || own[0].Target != "n3" {
				t.Fatalf("outcome %+v, want %v", own, tc.want)
			}
			if !slices.Equal(w.runs, tc.runs) {
				t.Errorf("agents ran %q, want %q", w.runs, tc.runs)
			}
			for _, n := range []string{"n1", "n2"} {
				f := w.node(n)
				if len(f.history) != 1 || (f.history[0].Get("st_state") == "2") != (tc.want == nil) {
					t.Errorf("history of %s: %v", n, f.history)
				}
				if told := slices.ContainsFunc(f.fenced, func(f Fenced) bool { return f.ID == 0 && f.Err == nil }); told != (n == "n2" && tc.want == nil) {
					t.Errorf("%s was told of a fencing by others: %v", n, told)
				}
				if f.self {
					t.Errorf("%s believes it was fenced", n)
				}
			}
		})
	}
}

// failing returns an agent that fails n times.
func failing(n int) func(string, string, map[string]string) int {
	return func(string, string, map[string]string) int {
		n--
		if n >= 0 {
			return 1
		}
		return 0
	}
}

// TestFencerDies kills the node that was told to fence: another one takes over,
// and what the first says later does not count.
func TestFencerDies(t *testing.T) {
	w := newWorld(t, primitive("f"), `<rsc_location id="l" rsc="f" node="n1" score="-INFINITY"/>`, plainMeta, "n1", "n2", "n3", "n4")
	w.agent = func(on, _ string, _ map[string]string) int {
		if on == "n2" {
			return -1
		}
		return 0
	}
	w.kill("n4")
	n1 := w.node("n1")
	n1.act(n1.Fence(w.now, 1, "n4", "off", time.Minute, 0))
	w.run(time.Second)
	if len(n1.fenced) != 0 || !slices.Equal(w.runs, []string{"n2 f off n4"}) {
		t.Fatalf("fenced %v, runs %q", n1.fenced, w.runs)
	}
	w.kill("n2")
	w.run(time.Second)
	if len(n1.fenced) != 1 || n1.fenced[0].Err != nil || w.runs[len(w.runs)-1] != "n3 f off n4" {
		t.Fatalf("fenced %v, runs %q", n1.fenced, w.runs)
	}
}

// TestForgedResult gives results that nobody was asked for.
func TestForgedResult(t *testing.T) {
	w := newWorld(t, primitive("f"), "", plainMeta, "n1", "n2", "n3")
	w.agent = func(string, string, map[string]string) int { return -1 }
	n1 := w.node("n1")
	n1.act(n1.Fence(w.now, 1, "n3", "off", time.Minute, 0))
	w.run(time.Second)
	id := n1.sorted()[0].id
	forged := xml.New("st-reply", "st_op", "st_fence", "st_remote_op", id, "rc-code", "0", "op-status", "0", "st_rc", "0")
	n1.act(n1.Delivered(w.now, "n3", forged))
	forged.Set("st_remote_op", "another")
	n1.act(n1.Delivered(w.now, "n1", forged))
	if w.run(time.Second); len(n1.fenced) != 0 {
		t.Fatalf("believed it: %v", n1.fenced)
	}
}

// TestTargetIsTold fences a node that lives: it must know.
func TestTargetIsTold(t *testing.T) {
	w := newWorld(t, primitive("f"), "", plainMeta, "n1", "n2")
	n1 := w.node("n1")
	n1.act(n1.Fence(w.now, 1, "n2", "off", time.Minute, 0))
	w.run(time.Second)
	if !w.node("n2").self || n1.self {
		t.Error("the target does not know, or the wrong one does")
	}
}

// TestClient asks as stonith_admin does.
func TestClient(t *testing.T) {
	ask := func(w *world, privileged bool, op, data string, attrs ...string) *xml.Element {
		n1 := w.node("n1")
		msg := xml.New("stonith_command", append([]string{"st_op", op, "st_callid", "3"}, attrs...)...)
		if data != "" {
			d, err := xml.Parse([]byte(data))
			if err != nil {
				t.Fatal(err)
			}
			msg.Append(xml.New("st_calldata")).Append(d)
		}
		n1.got = nil
		n1.act(n1.Asked(w.now, "c", "stonith_admin", privileged, 9, true, msg))
		w.run(10 * time.Second)
		if len(n1.got) == 0 {
			t.Fatalf("%s: no answer", op)
		}
		return n1.got[len(n1.got)-1]
	}
	w := newWorld(t, primitive("f", "pcmk_host_list", "n2"), "", plainMeta, "n1", "n2")
	if r := ask(w, true, "st_query", `<st_device_action st_target="n2"/>`, "st_callopt", "4096"); r.Descend("st_calldata", "stonith_query_capable_device_cb").Get("st-available-devices") != "1" {
		t.Errorf("st_query: %s", r)
	}
	fence := `<st_fence st_target="n2" st_device_action="off" st_timeout="60"/>`
	if r := ask(w, false, "st_fence", fence, "st_callopt", "4096"); r.Get("rc-code") != "77" || len(w.runs) != 0 {
		t.Errorf("without privilege: %s, runs %q", r, w.runs)
	}
	if r := ask(w, true, "st_fence", `<st_fence st_target="" st_device_action="off"/>`, "st_callopt", "4096"); r.Get("rc-code") == "0" || len(w.runs) != 0 {
		t.Errorf("no target: %s, runs %q", r, w.runs)
	}
	if r := ask(w, true, "st_fence", fence, "st_callopt", "4096"); r.Get("rc-code") != "0" || !slices.Equal(w.runs, []string{"n1 f off n2"}) {
		t.Errorf("st_fence: %s, runs %q", r, w.runs)
	}
	if r := ask(w, true, "st_fence_history", `<st_fence_history st_target="n2"/>`, "st_callopt", "4096"); r.Descend("st_calldata", "st_history").Child("st_execute").Get("st_state") != "2" {
		t.Errorf("history: %s", r)
	}
	if r := ask(w, true, "st_fence", strings.ReplaceAll(fence, "n2", "n9"), "st_callopt", "4096"); r.Get("rc-code") != "105" {
		t.Errorf("unknown node: %s", r)
	}
	// The node itself: another one does it, and takes over if that one dies.
	w = newWorld(t, primitive("f", "pcmk_host_list", "n1"), "", plainMeta, "n1", "n2", "n3")
	itself := strings.ReplaceAll(fence, "n2", "n1")
	if r := ask(w, true, "st_fence", itself, "st_callopt", "4096"); r.Get("rc-code") != "0" || !slices.Equal(w.runs, []string{"n2 f off n1"}) ||
		w.node("n3").fenced == nil || w.node("n2").fenced == nil || !w.node("n1").self {
		t.Errorf("itself: %s, runs %q", r, w.runs)
	}
	w.runs = nil
	w.agent = func(string, string, map[string]string) int { return 1 }
	if r := ask(w, true, "st_fence", itself, "st_callopt", "4096"); r.Get("rc-code") == "0" {
		t.Errorf("itself, and the agents fail: %s, runs %q", r, w.runs)
	}
	w = newWorld(t, primitive("f", "pcmk_host_list", "n1 n2"), "", plainMeta, "n1", "n2")
	w.runs = nil
	if r := ask(w, true, "st_fence", fence, "st_callopt", "4104"); r.Get("rc-code") != "0" || len(w.runs) != 0 {
		t.Errorf("confirmed by hand: %s, runs %q", r, w.runs)
	}
}
