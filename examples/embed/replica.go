package main

import (
	"encoding/json"
	"maps"

	"github.com/gocorosync/gocorosync/corosync"
)

// A replica is one copy of a map that is the same on all nodes: it is changed
// only by what the group delivers, and the group delivers the same to all.
//
// Whoever meets others tells them what it has, and all take the map with the
// most changes: only a quorate part of the cluster changes anything, so that
// one has all the changes of the others.
type replica struct {
	self     corosync.Member
	values   map[string]string
	version  int  // how many changes made it
	quorate  bool // this part of the cluster may change something
	member   bool // we have joined
	changing bool // a change of ours is under way

	silent map[corosync.Member]bool // who has yet to tell what it had when we met
	met    int                      // the version of the best map told since
	since  []change                 // and the changes since
}

// A change is a message of the group: one value, or all that its sender had.
type change struct {
	Key     string            `json:"key,omitempty"`
	Value   string            `json:"value,omitempty"`
	All     map[string]string `json:"all,omitempty"`
	Version int               `json:"version,omitempty"`
	Whole   bool              `json:"whole,omitempty"`
}

// apply takes one event, and returns what to tell the group, if anything.
func (r *replica) apply(ev corosync.Event) (tell []byte) {
	switch ev := ev.(type) {
	case corosync.QuorumChange:
		r.quorate = ev.Quorate
	case corosync.Change:
		r.member = true
		for _, m := range ev.Left {
			delete(r.silent, m)
		}
		if len(ev.Joined) > 0 {
			r.silent, r.met, r.since = make(map[corosync.Member]bool), r.version, nil
			for _, m := range ev.Members {
				r.silent[m] = true
			}
			tell, _ = json.Marshal(change{Whole: true, All: r.values, Version: r.version})
		}
	case corosync.Message:
		var c change
		if json.Unmarshal(ev.Data, &c) != nil {
			return nil
		}
		if !c.Whole {
			r.set(c)
			r.changing = r.changing && ev.Member != r.self
			if len(r.silent) > 0 {
				r.since = append(r.since, c)
			}
			return nil
		}
		delete(r.silent, ev.Member)
		if c.Version > r.met {
			r.values, r.version, r.met = maps.Clone(c.All), c.Version, c.Version
			for _, s := range r.since {
				r.set(s)
			}
		}
	}
	return tell
}

func (r *replica) set(c change) {
	r.values[c.Key] = c.Value
	r.version++
}
