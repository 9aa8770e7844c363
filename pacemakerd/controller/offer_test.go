package controller

import (
	"testing"
	"time"
)

// TestOffers: a member follows the DC that it knows; of another's offer, which may
// be old, it makes only the question who is the DC, and then takes the next.
func TestOffers(t *testing.T) {
	said := func(out []Action) (tasks string) {
		for _, a := range out {
			if s, ok := a.(Send); ok {
				tasks += s.Msg.Get("crm_task") + " "
			}
		}
		return tasks
	}
	m := newMember(t)
	offer := `<m t="crmd" subt="request" crm_task="join_offer" crm_sys_to="crmd" crm_sys_from="dc" crm_feature_set="3.16.1" version="3.16.1" join_id="7"/>`
	for i, step := range []struct{ from, says, dc string }{
		{"n2", "join_request ", "n2"}, // the DC's new round
		{"n1", "", "n2"},              // our own, from before an election that we lost
		{"n3", "join_announce ", ""},  // somebody else's
		{"n2", "join_request ", "n2"}, // the DC's answer to the question
	} {
		if got := said(m.Delivered(time.Duration(i+1)*time.Second, step.from, parsed(t, offer))); got != step.says || m.DC() != step.dc {
			t.Errorf("step %d: says %q, DC %q; want %q, %q", i, got, m.DC(), step.says, step.dc)
		}
	}
}
