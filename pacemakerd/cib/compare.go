package cib

import (
	"strconv"
	"strings"
	"time"

	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// comparing is the comparison of all copies of the CIB by the DC's node (5.2). It asks
// for digests; the question comes round between the same two changes on all nodes, so
// what they answer is comparable however much is changed. Who has another copy is sent
// that of the DC's node as it was when the question came round, and adds what came
// after the question by itself.
type comparing struct {
	pingAt   time.Duration // when to ask; 0: nothing to compare
	pingID   int           // of the last question
	pingSeen int           // of the one that came round last
	pingDoc  *xml.Element  // our copy then
	digest   string        // and its digest
	offered  map[string]bool

	question question
}

// question is the last one of another node, and what was changed since.
type question struct {
	from, id string
	at       time.Duration
	version  Version // of our copy
	since    []later
}

type later struct {
	op    *Op
	stamp Stamp
}

// pingDelay is how long after a change the copies are compared.
const pingDelay = 5 * time.Second

// What is kept of the changes since a question: an answer takes no longer.
const (
	maxSince  = 200
	sinceTime = 2 * time.Second
)

// ping asks every node for the digest of its copy.
func (m *Machine) ping() {
	m.pingAt = 0
	if !m.primary {
		return
	}
	m.pingID++
	m.do(Send{"", xml.New("ping", "t", "cib", "cib_op", OpPing, "cib_ping_id", strconv.Itoa(m.pingID), "crm_feature_set", FeatureSet)})
}

func (m *Machine) answerPing(ev Delivered) {
	digest, id := xml.Digest(m.doc), ev.Msg.Get("cib_ping_id")
	if strings.EqualFold(ev.From, m.cfg.Node) {
		if n, err := strconv.Atoi(id); err == nil {
			m.pingSeen, m.pingDoc, m.digest = n, m.doc, digest
		}
	} else {
		m.question = question{from: ev.From, id: id, at: m.now, version: VersionOf(m.doc)}
	}
	reply := xml.New("cib-reply", "t", "cib", "cib_op", OpPing, "cib_callopt", "0", "cib_rc", "0", "cib_isreplyto", ev.From)
	pr := reply.Append(xml.New("cib_calldata")).Append(xml.New("ping_response", "crm_feature_set", FeatureSet,
		"digest", digest, "cib_ping_id", id))
	pr.Append(xml.New("cib_calldata")).Append(m.doc.ShallowClone())
	m.do(Send{ev.From, reply})
}

func (m *Machine) comparePing(ev Delivered) {
	pr := ev.Msg.Descend("cib_calldata", "ping_response")
	id := strconv.Itoa(m.pingID)
	if !m.primary || pr.Get("cib_ping_id") != id || m.pingSeen != m.pingID || strings.EqualFold(ev.From, m.cfg.Node) {
		return
	}
	node := strings.ToLower(ev.From)
	if pr.Get("digest") == m.digest {
		delete(m.offered, node)
		return
	}
	ours, theirs := VersionOf(m.pingDoc), VersionOf(pr.Descend("cib_calldata", "cib"))
	newer := theirs.Compare(ours) > 0
	if newer && (m.offered[node] || theirs.config().Compare(ours.config()) > 0) {
		if m.doc != m.pingDoc { // by now ours may be newer
			m.pingAt = m.now + pingDelay
			return
		}
		// It would refuse our older copy for ever: everybody takes its copy.
		m.cfg.Log.Warn("copies of the CIB differ; asking for a newer one", "node", ev.From, "version", ours.String(), "theirs", theirs.String())
		delete(m.offered, node)
		m.do(Send{ev.From, xml.New("cib_command", "__name__", "cib_command", "t", "cib", "cib_op", OpSync, "cib_host", ev.From,
			"cib_callopt", "0", "cib_delegated_from", m.cfg.Node, "src", m.cfg.Node)})
		return
	}
	m.cfg.Log.Warn("copies of the CIB differ; sending ours", "node", ev.From, "version", ours.String(), "theirs", theirs.String())
	m.sendSync(&Op{Name: OpSyncOne, Origin: m.cfg.Node}, ev.From, m.pingDoc, id)
	if m.offered == nil {
		m.offered = map[string]bool{}
	}
	m.offered[node] = true
	if m.pingAt == 0 {
		m.pingAt = m.now + pingDelay
	}
}

// config is the part of a version that counts changes of the configuration: status is
// what the DC's node says, whoever counts more changes of it.
func (v Version) config() Version { return Version{AdminEpoch: v.AdminEpoch, Epoch: v.Epoch} }

// sincePing notes a change after a question.
func (m *Machine) sincePing(op *Op, stamp Stamp) {
	switch q := &m.question; {
	case q.id == "":
	case m.now-q.at > sinceTime || len(q.since) == maxSince:
		*q = question{}
	default:
		q.since = append(q.since, later{op, stamp})
	}
}

// catchUp makes of the copy that a node sends, as it was at its question, that of now.
func (m *Machine) catchUp(ev Delivered, op *Op) {
	q := m.question
	m.question = question{} // what was changed since begins with this copy now
	if q.id == "" || ev.Msg.Get("cib_ping_id") != q.id || !strings.EqualFold(ev.From, q.from) || op.Data == nil ||
		VersionOf(op.Data).config().Compare(q.version.config()) < 0 || op.Digest != "" && op.Digest != xml.Digest(op.Data) {
		return
	}
	for _, l := range q.since {
		op.Data = Apply(op.Data, l.op, l.stamp, m.env()).Doc
	}
	op.Digest, op.Exact = "", true
}
