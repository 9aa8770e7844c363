package controller

import (
	"strconv"
	"testing"
	"time"
)

// TestDegradedIsNoFailure: a degraded resource runs. What a monitor says of it raises
// no fail count; what it runs as has to be right all the same.
func TestDegradedIsNoFailure(t *testing.T) {
	for _, tt := range []struct {
		rc, target int
		counts     bool
	}{
		{0, 0, false}, {190, 0, false}, {191, 8, false}, {8, 8, false},
		{1, 0, true}, {191, 0, true}, {190, 8, true}, {7, 0, true},
	} {
		m := newMember(t)
		m.isDC, m.dc, m.state = true, "n1", Idle
		m.begin(time.Second)
		m.event(parsed(t, `<lrm_rsc_op operation_key="w_monitor_10000" interval="10000" op-status="0" rc-code="`+strconv.Itoa(tt.rc)+`" transition-key="1:1:`+strconv.Itoa(tt.target)+`:u"/>`), "n2")
		counts := false
		for _, a := range m.out {
			if a, ok := a.(Attr); ok && a.Name == "fail-count-w#monitor_10000" {
				counts = true
			}
		}
		if counts != tt.counts {
			t.Errorf("%d where %d was expected: counts %v", tt.rc, tt.target, counts)
		}
	}
}
