package votequorum

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gocorosync/gocorosync/totem"
)

// Keys is where the configuration is read from: a cmap.Map.
type Keys interface {
	Uint(name string, def uint64) uint64
	Text(name, def string) string
	Keys(prefix string) []string
}

// TieBreaker says which half of an evenly split cluster goes on.
type TieBreaker uint32

// The tie breakers. The numbers are those of runtime.votequorum.atb_type.
const (
	TieNone    TieBreaker = 0
	TieLowest  TieBreaker = 1 // the half with the lowest node id
	TieHighest TieBreaker = 2
	TieList    TieBreaker = 3 // the half with the first of a list of nodes
)

// Settings are the quorum section of corosync.conf, with what follows from the
// nodelist.
type Settings struct {
	Votes    uint32 // of this node
	Expected uint32 // of the cluster
	Counted  bool   // Expected is what the nodes of the list have together

	TwoNode    bool // a cluster of two stays quorate with one
	WaitForAll bool // not quorate at start until all have been seen

	LastManStanding       bool
	LastManStandingWindow time.Duration

	TieBreaker TieBreaker
	TieList    []totem.NodeID

	AllowDownscale   bool
	ExpectedTracking bool

	Device Device

	// Warnings are for the log.
	Warnings []Remark

	waitForAllGiven bool
	tieAsked        bool // auto_tie_breaker is set, in force or not
}

// A Remark is a line for the log, at critical level or that of warnings.
type Remark struct {
	Text    string
	Warning bool
}

// A Refusal is why the daemon does not start.
type Refusal struct {
	Reason string
	Before []Remark // what the log says first
}

func (r *Refusal) Error() string { return r.Reason }

func critical(texts ...string) (list []Remark) {
	for _, t := range texts {
		list = append(list, Remark{Text: t})
	}
	return list
}

// Device is a quorum device: an outside voter.
type Device struct {
	Configured  bool // quorum.device.model is set
	Votes       uint32
	Timeout     time.Duration // between two polls
	SyncTimeout time.Duration // for a poll during a synchronisation
	MasterWins  bool
	CanOperate  bool
}

const (
	defaultWindow      = 10000
	defaultDevTimeout  = 10000
	defaultDevSyncTime = 30000
)

// Read reads the settings. At start, conflicts are errors, whose text is the
// reason that the daemon gives for not starting; later they switch something
// off and say so in Warnings. before are the settings in force, nil at start.
// countAny counts every entry of the nodelist, as corosync 3 does; otherwise
// only those with a ring0_addr.
func Read(k Keys, before *Settings, countAny bool) (*Settings, error) {
	s := &Settings{}
	starting := before == nil
	nodes := readNodelist(k, countAny)
	expected := uint32(k.Uint("quorum.expected_votes", 0))
	s.TwoNode = k.Uint("quorum.two_node", 0) != 0
	s.Device = readDevice(k)

	s.Votes, s.Expected = uint32(k.Uint("quorum.votes", 1)), expected
	if nodes.count > 0 {
		s.Votes = nodes.own
		if expected == 0 {
			s.Expected, s.Counted = nodes.sum, true
		}
	}
	if s.Expected == 0 {
		return nil, fmt.Errorf("configuration error: nodelist or quorum.expected_votes must be configured!")
	}

	if starting {
		s.readOptions(k)
	} else {
		s.keepOptions(before)
		if !before.waitForAllGiven && countAny {
			s.WaitForAll = s.TwoNode
		}
	}

	if s.Device.Configured && s.TwoNode {
		const both = "configuration error: two_node and quorum device cannot be configured at the same time!"
		if starting {
			return nil, fmt.Errorf("%s", both)
		}
		s.Warnings = append(s.Warnings, critical(both)...)
		s.TwoNode = false
	}
	if reason := s.deviceVotes(k, nodes, expected); reason != "" {
		if starting {
			return nil, fmt.Errorf("configuration error: %s", reason)
		}
		s.Warnings = append(s.Warnings, critical("configuration error: "+reason, "quorum device is disabled")...)
		s.Device.CanOperate = false
	}
	if starting {
		if err := s.checkTies(); err != nil {
			return nil, err
		}
	}
	if s.TwoNode && s.TieBreaker != TieNone {
		s.Warnings = append(s.Warnings, critical(
			"two_node and auto_tie_breaker are both specified but are not compatible.",
			"two_node has been disabled, please fix your corosync.conf")...)
		s.TwoNode = false
	}
	return s, nil
}

// readOptions reads what is only looked at when the daemon starts.
func (s *Settings) readOptions(k Keys) {
	s.waitForAllGiven = k.Uint("quorum.wait_for_all", 2) != 2
	s.WaitForAll = s.TwoNode
	if s.waitForAllGiven {
		s.WaitForAll = k.Uint("quorum.wait_for_all", 0) != 0
	}
	s.LastManStanding = k.Uint("quorum.last_man_standing", 0) != 0
	s.LastManStandingWindow = time.Duration(k.Uint("quorum.last_man_standing_window", defaultWindow)) * time.Millisecond
	s.AllowDownscale = k.Uint("quorum.allow_downscale", 0) != 0
	s.ExpectedTracking = s.AllowDownscale || k.Uint("quorum.expected_votes_tracking", 0) != 0
	atb := k.Uint("quorum.auto_tie_breaker", 0) != 0
	nodes := k.Text("quorum.auto_tie_breaker_node", "")
	s.tieAsked = atb
	if !atb {
		if nodes != "" {
			s.Warnings = append(s.Warnings, Remark{"auto_tie_breaker_node: is meaningless if auto_tie_breaker is set to 0", true})
		}
		return
	}
	switch nodes {
	case "", "lowest":
		s.TieBreaker = TieLowest
	case "highest":
		s.TieBreaker = TieHighest
	default:
		s.TieBreaker = TieList
		for _, word := range strings.Fields(nodes) {
			id, err := strconv.ParseUint(word, 10, 32)
			if err != nil || id == 0 {
				s.TieBreaker, s.TieList = TieNone, nil
				s.Warnings = append(s.Warnings, Remark{"auto_tie_breaker_nodes is not valid. It must be 'lowest', 'highest' or a space-separated list of node IDs. auto_tie_breaker is disabled", true})
				break
			}
			s.TieList = append(s.TieList, totem.NodeID(id))
		}
	}
}

func (s *Settings) keepOptions(before *Settings) {
	s.WaitForAll, s.waitForAllGiven = before.WaitForAll, before.waitForAllGiven
	s.LastManStanding, s.LastManStandingWindow = before.LastManStanding, before.LastManStandingWindow
	s.AllowDownscale, s.ExpectedTracking = before.AllowDownscale, before.ExpectedTracking
	s.TieBreaker, s.TieList = before.TieBreaker, before.TieList
}

// checkTies refuses or drops what needs an even number of votes.
func (s *Settings) checkTies() error {
	if s.TieBreaker == TieNone || s.Expected%2 == 0 || s.WaitForAll {
		return nil
	}
	if s.LastManStanding {
		return &Refusal{"configuration error: auto_tie_breaker & last_man_standing not available in odd sized cluster", critical(
			"auto_tie_breaker is set, the cluster has an odd number of nodes",
			"and last_man_standing is also set. With this situation a better",
			"solution would be to disable LMS, leave ATB enabled, and also",
			"enable wait_for_all (mandatory for ATB in odd-numbered clusters).",
			"Due to this ambiguity, corosync will fail to start. Please fix your corosync.conf")}
	}
	s.TieBreaker, s.TieList = TieNone, nil
	s.Warnings = append(s.Warnings, critical(
		"auto_tie_breaker is set and the cluster has an odd number of nodes.",
		"wait_for_all needs to be set for this configuration but it is missing",
		"Therefore auto_tie_breaker has been disabled. Please fix your corosync.conf")...)
	return nil
}

// nodelist is what the nodelist section says about votes.
type nodelist struct {
	count    int
	sum, own uint32
	allOne   bool
}

func readNodelist(k Keys, countAny bool) nodelist {
	l := nodelist{allOne: true}
	local := k.Uint("nodelist.local_node_pos", 1<<32)
	var seen []uint64
	for _, key := range k.Keys("nodelist.node.") {
		rest := strings.TrimPrefix(key, "nodelist.node.")
		num, field, _ := strings.Cut(rest, ".")
		pos, err := strconv.ParseUint(num, 10, 32)
		if err != nil || slices.Contains(seen, pos) || !countAny && field != "ring0_addr" {
			continue
		}
		seen = append(seen, pos)
		votes := uint32(k.Uint(fmt.Sprintf("nodelist.node.%d.quorum_votes", pos), 1))
		l.count++
		l.sum += votes
		if votes != 1 {
			l.allOne = false
		}
		if pos == local {
			l.own = votes
		}
	}
	return l
}

func readDevice(k Keys) Device {
	return Device{
		Configured:  k.Text("quorum.device.model", "") != "",
		Votes:       uint32(k.Uint("quorum.device.votes", 0)),
		Timeout:     time.Duration(k.Uint("quorum.device.timeout", defaultDevTimeout)) * time.Millisecond,
		SyncTimeout: time.Duration(k.Uint("quorum.device.sync_timeout", defaultDevSyncTime)) * time.Millisecond,
		MasterWins:  k.Uint("quorum.device.master_wins", 0) != 0,
		CanOperate:  true,
	}
}

// deviceVotes settles the votes of a configured device and returns what stands
// against it.
func (s *Settings) deviceVotes(k Keys, nodes nodelist, expected uint32) (reason string) {
	d := &s.Device
	if !d.Configured {
		return ""
	}
	switch {
	case s.LastManStanding:
		return "quorum.device is not compatible with last_man_standing"
	case s.TieBreaker != TieNone:
		return "quorum.device is not compatible with auto_tie_breaker"
	case s.AllowDownscale:
		return "quorum.device is not compatible with allow_downscale"
	}
	if len(k.Keys("quorum.device.votes")) == 0 {
		switch {
		case expected != 0:
			return "quorum.device.votes must be specified when quorum.expected_votes is set"
		case !nodes.allOne:
			return "quorum.device.votes must be specified when not all nodes votes 1"
		}
		d.Votes = uint32(max(nodes.count, 1)) - 1
		s.Expected += d.Votes
	}
	// What the nodes alone are expected to have. The sum of a nodelist does not
	// have a device's votes in it when they were given.
	alone := s.Expected
	if expected != 0 || len(k.Keys("quorum.device.votes")) == 0 {
		alone -= min(d.Votes, alone)
	}
	if alone < 2 {
		return "quorum.device.votes is too high or expected_votes is too low"
	}
	return ""
}
