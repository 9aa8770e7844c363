package sim

import (
	"fmt"
	"strings"
	"time"

	"github.com/gocorosync/gocorosync/pacemakerd/cib"
	"github.com/gocorosync/gocorosync/pacemakerd/node"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// Ask sends an operation to the node's CIB as a client would, and calls then
// with its cib_rc.
func (u *Pacemaker) Ask(op, section, data string, then func(rc string)) {
	if u.Node == nil || u.Exit != 0 || u.away {
		return
	}
	if u.client == "" {
		u.clients++
		u.client = fmt.Sprintf("client-%d.%d", u.n.Life, u.clients)
		u.step(node.ClientOpened{Client: u.client, Service: "cib_rw", User: "root", Program: "sim", Privileged: true})
	}
	u.frame++
	call := fmt.Sprint(u.frame + 1)
	msg, err := xml.Parse([]byte(`<cib_command t="cib" cib_op="` + op + `" cib_section="` + section + `" cib_callid="` + call +
		`" cib_callopt="4096"><cib_calldata>` + data + `</cib_calldata></cib_command>`))
	if err != nil {
		u.w.Failf("node %d: %v", u.n.ID, err)
		return
	}
	u.asked[call] = then
	u.step(node.ClientAsked{Client: u.client, Frame: u.frame, Wants: true, Msg: msg})
}

// forgetClient is what the end of a client, or of the process it talks to, leaves of
// it: nothing.
func (u *Pacemaker) forgetClient() {
	u.asked, u.frame, u.client = map[string]func(string){}, 0, ""
}

// Hangup ends the client that asked, whatever it waits for.
func (u *Pacemaker) Hangup() {
	if gone := u.client; gone != "" {
		u.w.trace("node %d: %s dies and waits for %d answers", u.n.ID, gone, len(u.asked))
		u.forgetClient()
		u.step(node.ClientClosed{Client: gone})
	}
}

// fencer begins the names of clients that want a host fenced.
const fencer = "fencer-"

// AskFence has a client want a host's power taken away. The client dies after a while.
func (u *Pacemaker) AskFence(target string, lives time.Duration) {
	msg, err := xml.Parse([]byte(`<c t="stonith-ng" st_op="st_fence" st_callid="2" st_callopt="2" st_clientid="f" st_clientname="sim"><st_calldata><st_device_id st_target="` +
		target + `" st_device_action="reboot" st_timeout="20" st_tolerance="0"/></st_calldata></c>`))
	if err != nil {
		u.w.Failf("node %d: %v", u.n.ID, err)
		return
	}
	u.clients++
	id := fmt.Sprintf("%s%d.%d", fencer, u.n.Life, u.clients)
	u.step(node.ClientOpened{Client: id, Service: "stonith-ng", User: "root", Program: "sim", Privileged: true})
	u.step(node.ClientAsked{Client: id, Frame: 1, Wants: true, Msg: msg})
	u.then(lives, func() {
		u.w.trace("node %d: who wanted %s fenced dies", u.n.ID, target)
		u.step(node.ClientClosed{Client: id})
	})
}

// HangupSoon ends it within the time that an answer takes.
func (u *Pacemaker) HangupSoon() {
	gone := u.client
	u.then(time.Duration(u.w.Rand.IntN(2000))*time.Microsecond, func() {
		if gone == u.client {
			u.Hangup()
		}
	})
}

func (u *Pacemaker) answered(client string, msg *xml.Element) {
	if strings.HasPrefix(client, fencer) {
		return // the daemon drops what is for one that is gone
	}
	if client != u.client {
		u.w.Failf("node %d: an answer to %s, which is gone", u.n.ID, client)
	}
	call := msg.Get("cib_callid")
	then := u.asked[call]
	delete(u.asked, call)
	if then != nil {
		then(msg.Get("cib_rc"))
	}
}

// Write writes entry n into the CIB of a node; what is acknowledged must never
// be lost. Each has an entry of its own: of two writes to the same place that
// are under way together either may come last.
func (u *Pacemaker) Write(n int) {
	u.w.trace("node %d: write %d asked", u.n.ID, n)
	on := u.rings // what is sent on one ring and comes on the next may be lost with it
	u.Ask("cib_modify", "crm_config", fmt.Sprintf(`<crm_config><cluster_property_set id="cib-bootstrap-options"><nvpair id="write-%d" name="write-%d" value="done"/></cluster_property_set></crm_config>`, n, n),
		func(rc string) {
			if rc == "0" && u.rings == on {
				u.w.trace("node %d: write %d acknowledged", u.n.ID, n)
				u.promise = append(u.promise, promise{n, cib.VersionOf(u.Node.CIB()), u.w.Now, on})
			}
		})
}

// Write has a client write at a node where that must not get lost, if there is one.
// Some clients die before they have the answer.
func (p *Pacemakers) Write() {
	for _, n := range p.w.Nodes {
		u, ok := n.Up.(*Pacemaker)
		if !ok || !n.Running() || !u.Settled() {
			continue
		}
		p.asked++
		u.Write(p.asked)
		switch p.w.Rand.IntN(8) {
		case 0:
			u.Hangup()
		case 1:
			u.HangupSoon()
		}
		return
	}
}

// Prefer has a client want a resource on a node.
func (u *Pacemaker) Prefer(n int) {
	u.Ask("cib_modify", "constraints", fmt.Sprintf(`<constraints><rsc_location id="prefer" rsc="vip" node="n%d" score="500"/></constraints>`, n), nil)
}

// Wrote tells whether entry n is in the node's CIB.
func (u *Pacemaker) Wrote(n int) bool {
	return u.Node != nil && u.Node.CIB().ByID("nvpair", fmt.Sprint("write-", n)) != nil
}
