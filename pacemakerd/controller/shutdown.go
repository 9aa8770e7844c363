package controller

import (
	"strconv"
	"strings"
	"time"

	"github.com/gocorosync/gocorosync/pacemakerd/cib"
	"github.com/gocorosync/gocorosync/pacemakerd/peer"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// Shutdown asks the cluster to move this node's resources away and to let it
// go; Left follows when it has (pacemaker-cluster.md 12).
func (m *Machine) Shutdown(now time.Duration) []Action {
	m.begin(now)
	m.shutdown()
	m.settle()
	return m.out
}

func (m *Machine) shutdown() {
	if m.stopping {
		return
	}
	if m.mustStay() {
		m.stayed()
		return
	}
	m.stopping = true
	m.timers.escalation = m.now + m.option("shutdown-escalation")
	if m.state == Starting {
		m.leave()
		return
	}
	if len(m.exec.order) == 0 && m.dc == "" && len(m.cfg.Cache.Active("crmd")) <= 1 {
		m.leave() // nothing was ever run here, and nobody is there to ask
		return
	}
	m.askToShutDown()
}

// unseenWait bounds how long a node stays for resources that nobody probes:
// those that are in no configuration any more, or on a node without a DC.
const unseenWait = 2 * time.Minute

// mustStay tells that resources may run here of which the DC knows nothing,
// because the process that started them died. The DC would let this node go, and
// start them elsewhere beside the first copies. Once they have been probed it
// has them stopped first.
func (m *Machine) mustStay() bool {
	return m.now < m.unseenUntil && m.exec.queue.Unseen() > 0
}

// stayed remembers that this node is to go once it may.
func (m *Machine) stayed() {
	if !m.goLater {
		m.cfg.Log.Warn("not leaving before the resources of an earlier process have been looked for", "resources", m.exec.queue.Unseen())
	}
	m.goLater = true
}

func (m *Machine) askToShutDown() {
	m.request(peer.Request{Origin: "do_shutdown_req", Task: "req_shutdown", To: "crmd", From: "crmd"})
}

// shutdownRequested tells the scheduler that a node wants to go (DC only). The
// node is expected to be lost only once it was let go: until then resources run
// on it.
func (m *Machine) shutdownRequested(from string) {
	p := m.cfg.Cache.ByName(from)
	if p == nil {
		return
	}
	if !m.isDC {
		return
	}
	m.cfg.Log.Info("node asks to be shut down", "node", from)
	m.do(Attr{Node: p.Name, Name: "shutdown", Value: strconv.FormatInt(m.cfg.Wall(), 10)})
	m.abort(infinity, abortRestart, "a node asks to be shut down") // the attribute may have that value already
}

// leave ends this controller in good order.
func (m *Machine) leave() {
	if m.state == Terminated {
		return
	}
	if m.isDC {
		m.cibOp(&cib.Op{Name: cib.OpModify, Section: "status", Options: optCreate | cib.DiscardReply,
			Data: xml.New("node_state", "id", m.self(), "uname", m.cfg.Node, "expected", "down", "crm-debug-origin", "do_dc_release")})
	}
	m.terminate(0)
}

func (m *Machine) terminate(code int) {
	if m.state == Terminated {
		return
	}
	m.dropGraph()
	m.isDC = false
	m.timers = timers{}
	m.election.Reset()
	m.enter(Terminated)
	m.do(Left{code})
}

// WasFenced is called when this node hears that it has been fenced: it must
// not go on (fence-reaction).
func (m *Machine) WasFenced(now time.Duration, target string) []Action {
	m.begin(now)
	if strings.EqualFold(target, m.cfg.Node) && m.state != Terminated {
		m.cfg.Log.Error("this node was fenced; stopping", "reaction", m.clusterOption("fence-reaction"))
		m.terminate(100)
	}
	return m.out
}
