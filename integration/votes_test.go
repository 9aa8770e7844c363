//go:build interop

package integration

import (
	"strings"
	"testing"
)

// TestVotes: the rules of votequorum, on clusters that lose and regain nodes.
func TestVotes(t *testing.T) {
	if testing.Short() {
		t.Skip("takes minutes")
	}
	halves := func(s *story) {
		s.start(1, 2, 3, 4)
		s.state("all there", 4)
		s.split(3, 4)
		s.state("two halves", 2)
		s.join(3, 4)
		s.state("one again", 4)
		s.split(1, 4)
		s.state("two other halves", 2)
		s.kill(1)
		s.state("1 died", 0, 2, 2, 1)
		s.join(4)
		s.state("three", 3)
		s.kill(3)
		s.state("and 3", 2)
		s.kill(4)
		s.state("2 is alone", 1)
	}
	for _, tt := range []struct {
		name    string
		nodes   int
		quorum  string
		happens func(*story)
	}{
		{"allow_downscale", 3, " allow_downscale: 1\n", func(s *story) {
			s.start(1, 2, 3)
			s.state("all there", 3)
			s.stop(3)
			s.state("3 has left", 2)
			s.stop(2)
			s.state("2 has left", 1)
			s.start(2)
			s.state("2 is back", 2)
			s.start(3)
			s.state("3 is back", 3)
			s.kill(1)
			s.state("1 died", 2)
		}},
		{"tie breaker lowest", 4, " auto_tie_breaker: 1\n", halves},
		{"tie breaker highest", 4, " auto_tie_breaker: 1\n auto_tie_breaker_node: highest\n", halves},
		{"tie breaker list", 4, " auto_tie_breaker: 1\n auto_tie_breaker_node: 3 2\n", halves},
		{"tie breaker in an odd cluster", 3, " auto_tie_breaker: 1\n", func(s *story) {
			s.start(1, 2, 3)
			s.state("all there", 3)
			s.split(1)
			s.state("1 apart", 1, 2, 2)
		}},
		{"tie breaker in an odd cluster that waits", 3, " auto_tie_breaker: 1\n wait_for_all: 1\n", func(s *story) {
			s.start(1, 2)
			s.state("3 is missing", 2)
			s.start(3)
			s.state("all there", 3)
			s.split(1)
			s.state("1 apart", 1, 2, 2)
			s.kill(2)
			s.state("2 died", 1)
			s.join(1)
			s.state("1 and 3", 2)
			s.kill(3)
			s.state("1 is alone", 1)
		}},
		{"last_man_standing", 4, " last_man_standing: 1\n last_man_standing_window: 1000\n wait_for_all: 1\n", func(s *story) {
			s.start(1, 2, 3, 4)
			s.state("all there", 4)
			s.kill(4)
			s.state("4 died", 3)
			s.kill(3)
			s.state("3 died", 2)
			s.start(4)
			s.state("4 is back", 3)
			s.kill(1)
			s.state("1 died", 2)
			s.kill(2)
			s.state("4 is alone", 1)
		}},
		{"last_man_standing and tie breaker", 4, " last_man_standing: 1\n last_man_standing_window: 1000\n auto_tie_breaker: 1\n wait_for_all: 1\n", func(s *story) {
			s.start(1, 2, 3, 4)
			s.state("all there", 4)
			s.split(1)
			s.state("1 apart", 1, 3, 3, 3)
			s.kill(4)
			s.state("4 died", 1, 2, 2)
			s.kill(2)
			s.state("2 died", 1)
			s.join(1)
			s.state("1 and 3", 2)
		}},
		{"two_node", 2, twoNode, func(s *story) {
			s.start(1)
			s.state("1 waits", 1)
			s.run(1, "corosync-cmapctl", "-s", "quorum.cancel_wait_for_all", "u8", "1")
			s.state("no longer", 1)
			s.start(2)
			s.state("both", 2)
			s.split(2)
			s.state("apart", 1)
			s.join(2)
			s.state("together", 2)
			s.stop(2)
			s.state("2 has left", 1)
		}},
		{"votes at run time", 3, "", func(s *story) {
			s.start(1, 2, 3)
			s.state("all there", 3)
			for _, args := range [][]string{{"-e", "5"}, {"-e", "6"}, {"-e", "2"}, {"-e", "3"}, {"-v", "2"}, {"-v", "3", "-n", "2"}, {"-v", "0"}, {"-v", "1", "-n", "9"}} {
				s.run(1, append([]string{"corosync-quorumtool"}, args...)...)
				s.state("after it", 3)
			}
			s.kill(2)
			s.state("2 died", 2)
			s.start(2)
			s.state("2 is back", 3)
		}},
		{"expected_votes_tracking", 3, " expected_votes_tracking: 1\n", func(s *story) {
			s.start(1, 2)
			s.state("two", 2)
			s.run(1, "corosync-quorumtool", "-e", "5")
			s.state("five expected", 2)
			s.start(3)
			s.state("three", 3)
			s.run(1, "corosync-quorumtool", "-e", "3")
			s.state("three expected", 3)
			s.stop(2)
			s.state("2 has left", 2)
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel() // it mostly waits for tokens to be lost
			tell(t, tt.nodes, 0, " token: 1000\n", tt.quorum, tt.happens)
		})
	}
}

// TestClear: what corosync 3 does when its counters are cleared, or asked to
// form the ring anew.
func TestClear(t *testing.T) {
	tell(t, 2, 0, " token: 1000\n", twoNode, func(s *story) {
		s.start(1, 2)
		s.state("both", 2)
		for _, args := range []string{"-m stats -s stats.clear.ipc u8 1", "-m stats stats.ipcs.global.closed", "-m stats -s stats.clear.bogus str x",
			"-m stats -s stats.srp.mcast_tx u64 1", "-m stats -d stats.srp.mcast_tx", "-m stats -g stats.clear.all", "-m stats -s stats.clear.all str x",
			"-m stats stats.srp.operational_entered", "-s runtime.force_gather str yes"} {
			s.run(1, append([]string{"corosync-cmapctl"}, strings.Fields(args)...)...)
		}
		s.log(1, "Forcing into GATHER state")
		s.log(1, "A processor failed, forming new configuration")
		s.state("after a new ring", 2)
		s.run(1, "corosync-cmapctl", "runtime.force_gather")
		s.run(1, "corosync-cmapctl", "-m", "stats", "stats.srp.operational_token_lost")
		s.run(1, "corosync-cmapctl", "-m", "stats", "stats.srp.operational_entered")
	})
}
