package peer

import (
	"strconv"
	"strings"
	"time"

	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// ElectionState is where this node stands. The numbers travel as attr_writer.
type ElectionState int

// The states of an election.
const (
	ElectionStart      ElectionState = 0
	ElectionInProgress ElectionState = 1
	ElectionLost       ElectionState = 2
	ElectionWon        ElectionState = 3
)

// lossWindow is how long after a loss a win still counts as a loss.
const lossWindow = 2 * time.Second

// An Election picks one node of a group: the DC, or the attribute writer. The
// oldest feature set wins, then the most CPU time used, then the smaller name.
// Spec: pacemaker-cluster.md 3.
type Election struct {
	State ElectionState
	Age   time.Duration // CPU time used by this process; the owner keeps it fresh

	self     uint32
	name     string
	version  string
	timeout  time.Duration
	round    int
	voted    map[string]bool
	deadline time.Duration // 0: none
	lostAt   time.Duration
	hasLost  bool
}

// NewElection returns an election of node self. timeout is how long a round may
// stay without all answers until this node declares itself the winner.
func NewElection(self uint32, name, version string, timeout time.Duration) *Election {
	return &Election{self: self, name: name, version: version, timeout: timeout, voted: map[string]bool{}}
}

// Vote begins a new round and returns the vote to broadcast.
func (e *Election) Vote(now time.Duration, w *Writer) *xml.Element {
	e.round++
	e.State = ElectionInProgress
	clear(e.voted)
	e.deadline = now + e.timeout
	return w.Request(Request{Origin: "election_vote", Task: "vote", To: "crmd", From: "crmd", Attrs: []xml.Attr{
		{Name: "election-owner", Value: strconv.FormatUint(uint64(e.self), 10)},
		{Name: "election-id", Value: strconv.Itoa(e.round)},
		{Name: "election-age-sec", Value: strconv.FormatInt(int64(e.Age/time.Second), 10)},
		{Name: "election-age-nano-sec", Value: strconv.FormatInt(int64(e.Age%time.Second/time.Microsecond), 10)},
	}})
}

// Reset leaves the election without a result, as when this node becomes a
// candidate no more.
func (e *Election) Reset() {
	e.State = ElectionStart
	e.deadline = 0
	clear(e.voted)
}

// Lose takes another node's victory as given.
func (e *Election) Lose() {
	e.Reset()
	e.State = ElectionLost
}

// Outcome of counting one vote.
type Outcome int

// Outcomes.
const (
	VoteIgnored  Outcome = iota
	VoteCounted          // an answer to our own round; see Complete
	VoteLost             // the other node is better: reply is its no-vote
	VotePassed           // we are better: begin a round of our own
	VoteTooEarly         // we are better but lost a moment ago: reply is a no-vote
)

// Count judges a vote or no-vote from a node. candidate says whether this node
// may win at all, active whether the voter is an active peer.
func (e *Election) Count(now time.Duration, w *Writer, msg *xml.Element, from string, candidate, active bool) (Outcome, *xml.Element) {
	owner, _ := strconv.ParseUint(msg.Get("election-owner"), 10, 32)
	mine := uint32(owner) == e.self
	round, _ := strconv.Atoi(msg.Get("election-id"))
	self := strings.EqualFold(from, e.name)
	isVote := msg.Get("crm_task") == "vote"
	switch {
	case !candidate && !self && isVote:
		return e.lose(now, w, msg, from)
	case mine && round != e.round, !active:
		return VoteIgnored, nil
	case !isVote || self:
		if !mine || e.State != ElectionInProgress {
			return VoteIgnored, nil
		}
		e.voted[strings.ToLower(from)] = true
		return VoteCounted, nil
	}
	if !e.better(msg, from) {
		return e.lose(now, w, msg, from)
	}
	if e.hasLost && now-e.lostAt < lossWindow {
		return VoteTooEarly, e.noVote(w, msg, from)
	}
	e.State = ElectionStart
	e.deadline = 0
	return VotePassed, nil
}

func (e *Election) better(msg *xml.Element, from string) bool {
	if c := compareVersions(msg.Get("version"), e.version); c != 0 {
		return c > 0 // the older feature set wins
	}
	sec, _ := strconv.ParseInt(msg.Get("election-age-sec"), 10, 32)
	usec, _ := strconv.ParseInt(msg.Get("election-age-nano-sec"), 10, 32)
	theirs := time.Duration(sec)*time.Second + time.Duration(usec)*time.Microsecond
	if age := e.Age.Truncate(time.Microsecond); age != theirs {
		return age > theirs
	}
	return strings.ToLower(e.name) <= strings.ToLower(from)
}

func (e *Election) lose(now time.Duration, w *Writer, msg *xml.Element, from string) (Outcome, *xml.Element) {
	e.Lose()
	e.lostAt, e.hasLost = now, true
	return VoteLost, e.noVote(w, msg, from)
}

func (e *Election) noVote(w *Writer, msg *xml.Element, from string) *xml.Element {
	return w.Request(Request{Origin: "send_no_vote", Task: "no-vote", To: "crmd", From: "crmd", Host: from, Attrs: []xml.Attr{
		{Name: "election-owner", Value: msg.Get("election-owner")},
		{Name: "election-id", Value: msg.Get("election-id")},
	}})
}

// Complete tells whether every one of the active peers has answered our round,
// and if so makes this node the winner.
func (e *Election) Complete(active int) bool {
	if e.State != ElectionInProgress || len(e.voted) < active {
		return false
	}
	e.win()
	return true
}

// Expired tells whether the round took too long; this node then is the winner.
func (e *Election) Expired(now time.Duration) bool {
	if e.deadline == 0 || now < e.deadline {
		return false
	}
	e.win()
	return true
}

func (e *Election) win() {
	e.Reset()
	e.State = ElectionWon
}

// Deadline returns when Expired may become true, 0 for never.
func (e *Election) Deadline() time.Duration { return e.deadline }

func compareVersions(a, b string) int {
	for a != "" || b != "" {
		var x, y string
		x, a, _ = strings.Cut(a, ".")
		y, b, _ = strings.Cut(b, ".")
		m, _ := strconv.Atoi(x)
		n, _ := strconv.Atoi(y)
		if m != n {
			if m < n {
				return -1
			}
			return 1
		}
	}
	return 0
}
