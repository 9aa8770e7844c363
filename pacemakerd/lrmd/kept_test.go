package lrmd

import (
	"reflect"
	"testing"
	"time"

	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

func params(kv ...string) []xml.Attr {
	list := []xml.Attr{}
	for i := 0; i < len(kv); i += 2 {
		list = append(list, xml.Attr{Name: kv[i], Value: kv[i+1]})
	}
	return list
}

// A shell runs what the machine says at once, with results of its own choice, and
// keeps what it is told to.
type shell struct {
	m    *Machine
	rc   map[string]int
	kept map[string]Kept
	ran  []string // action ip timeout
}

func (s *shell) take(out []Action) {
	for len(out) > 0 {
		a := out[0]
		out = out[1:]
		switch a := a.(type) {
		case Run:
			s.ran = append(s.ran, a.Op.Action+" "+a.Op.Param("ip")+" "+a.Op.Param("CRM_meta_timeout"))
			out = append(out, s.m.Finished(0, Finish{ID: a.ID, RC: s.rc[a.Op.Action]})...)
		case Keep:
			if a.Params == nil {
				delete(s.kept, a.Resource)
			} else {
				s.kept[a.Resource] = a.Kept
			}
		}
	}
}

func (s *shell) exec(op Op) {
	_, out := s.m.Exec(0, op)
	s.take(out)
}

// TestStopGetsWhatWasStarted: what ends a resource gets the parameters it runs with,
// whatever the configuration says meanwhile.
func TestStopGetsWhatWasStarted(t *testing.T) {
	agent := Agent{"ocf", "heartbeat", "IPaddr2"}
	op := func(action, ip, timeout string, every time.Duration) Op {
		return Op{Resource: "vip", Agent: agent, Action: action, Interval: every, Params: params("ip", ip, "CRM_meta_timeout", timeout)}
	}
	restart := func(s *shell) { // of the daemon
		s.m = newMachine()
		var list []Kept
		for _, k := range s.kept {
			list = append(list, k)
		}
		s.m.Inherit(list)
	}
	active := map[string]int{"monitor": RCOK}
	gone := map[string]int{"monitor": RCNotRunning}
	for _, tt := range []struct {
		name string
		rc   map[string]int
		do   func(s *shell)
		want []string
		kept bool // something is kept at the end
	}{
		{"changed", active, func(s *shell) {
			s.exec(op("start", "1", "20", 0))
			s.exec(op("stop", "2", "30", 0))
			s.exec(op("start", "2", "20", 0))
		}, []string{"start 1 20", "stop 1 30", "start 2 20"}, true},
		{"deleted", active, func(s *shell) {
			s.exec(op("start", "1", "20", 0))
			s.exec(Op{Resource: "vip", Agent: agent, Action: "stop", Params: params("CRM_meta_timeout", "30")})
		}, []string{"start 1 20", "stop 1 30"}, false},
		{"reloaded", active, func(s *shell) {
			s.exec(op("start", "1", "20", 0))
			s.exec(op("reload-agent", "2", "20", 0))
			s.exec(op("stop", "3", "30", 0))
		}, []string{"start 1 20", "reload-agent 2 20", "stop 2 30"}, false},
		{"demoted", active, func(s *shell) {
			s.exec(op("start", "1", "20", 0))
			s.exec(op("promote", "1", "20", 0))
			s.exec(op("monitor", "3", "20", time.Second)) // with attributes of its own
			s.exec(op("notify", "2", "20", 0))
			s.exec(op("demote", "2", "20", 0))
			s.exec(op("stop", "2", "30", 0))
		}, []string{"start 1 20", "promote 1 20", "monitor 3 20", "notify 1 20", "demote 1 20", "stop 1 30"}, false},
		{"moved away", active, func(s *shell) {
			s.exec(op("start", "1", "20", 0))
			s.exec(op("migrate_to", "2", "20", 0))
			s.exec(op("stop", "2", "30", 0))
		}, []string{"start 1 20", "migrate_to 1 20", "stop 1 30"}, false},
		{"came by migration", active, func(s *shell) {
			s.exec(op("migrate_from", "1", "20", 0))
			s.exec(op("stop", "2", "30", 0))
		}, []string{"migrate_from 1 20", "stop 1 30"}, false},
		{"start failed", map[string]int{"start": RCError}, func(s *shell) {
			s.exec(op("start", "1", "20", 0))
			s.exec(op("stop", "2", "30", 0))
		}, []string{"start 1 20", "stop 1 30"}, false},
		{"stop failed", map[string]int{"stop": RCError}, func(s *shell) {
			s.exec(op("start", "1", "20", 0))
			s.exec(op("stop", "2", "30", 0))
			s.exec(op("stop", "2", "30", 0))
		}, []string{"start 1 20", "stop 1 30", "stop 1 30"}, true},
		{"found running by a probe", active, func(s *shell) {
			s.exec(op("monitor", "1", "20", 0))
			s.exec(op("stop", "2", "30", 0))
		}, []string{"monitor 1 20", "stop 1 30"}, false},
		{"a probe finds nothing", gone, func(s *shell) {
			s.exec(op("monitor", "1", "20", 0))
			s.exec(op("stop", "2", "30", 0))
		}, []string{"monitor 1 20", "stop 2 30"}, false},
		{"the history is forgotten", active, func(s *shell) {
			s.exec(op("start", "1", "20", 0))
			s.m.Forget("vip")
			s.exec(op("stop", "2", "30", 0))
		}, []string{"start 1 20", "stop 1 30"}, false},
		{"another resource of that name", active, func(s *shell) {
			s.exec(op("start", "1", "20", 0))
			o := op("stop", "2", "30", 0)
			o.Agent.Type = "IPaddr3"
			s.exec(o)
		}, []string{"start 1 20", "stop 2 30"}, false},
		{"daemon restarted", active, func(s *shell) {
			s.exec(op("start", "1", "20", 0))
			restart(s)
			s.exec(op("stop", "2", "30", 0))
		}, []string{"start 1 20", "stop 1 30"}, false},
		{"daemon restarted, probed", active, func(s *shell) {
			s.exec(op("start", "1", "20", 0))
			restart(s)
			s.exec(op("monitor", "2", "25", 0))
			s.exec(op("monitor", "2", "25", 0))
			s.exec(op("stop", "2", "30", 0))
		}, []string{"start 1 20", "monitor 1 25", "monitor 2 25", "stop 2 30"}, false},
		{"daemon restarted, gone meanwhile", gone, func(s *shell) {
			s.exec(op("start", "1", "20", 0))
			restart(s)
			s.exec(op("monitor", "2", "25", 0))
			s.exec(op("stop", "2", "30", 0))
		}, []string{"start 1 20", "monitor 1 25", "stop 2 30"}, false},
	} {
		s := &shell{m: newMachine(), rc: tt.rc, kept: map[string]Kept{}}
		tt.do(s)
		if !reflect.DeepEqual(s.ran, tt.want) {
			t.Errorf("%s: ran %q, want %q", tt.name, s.ran, tt.want)
		}
		if got := len(s.kept) > 0; got != tt.kept {
			t.Errorf("%s: kept %v", tt.name, s.kept)
		}
	}
}
