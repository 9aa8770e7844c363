package cib

import (
	"testing"
	"time"

	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// outcome is what a machine did with an event.
type outcome struct {
	saves   int
	changed bool
	rc      string // of the answer to the client, "" for none
	refused Code
	unsaved []Code
}

func look(actions []Action) (o outcome) {
	for _, a := range actions {
		switch a := a.(type) {
		case Save:
			o.saves++
		case Changed:
			o.changed = true
		case Notify:
			o.rc = a.Msg.Get("cib_rc")
		case Refused:
			o.refused = a.Code
		case Unsaved:
			o.unsaved = append(o.unsaved, a.Code)
		}
	}
	return o
}

func primitive(m *Machine, id string) bool { return m.Doc().First("//primitive[@id='"+id+"']") != nil }

// TestUnsaved: where no other node holds a change and this disk does not either,
// a client's change is refused with what the disk said; with other nodes it is
// acknowledged, told of, and written again later.
func TestUnsaved(t *testing.T) {
	peers := []uint32{1}
	m := New(Config{Node: "n1", Peers: func() []uint32 { return peers }})
	m.Step(0, Connected{Client: "c1", Privileged: true, Name: "cibadmin"})
	m.Step(0, Connected{Client: "in", Privileged: true, Name: "crmd", Inside: true})
	create := func(client, id string) Delivered {
		msg := ask(OpCreate, 0, "resources", xml.New("primitive", "id", id))
		msg.Set("cib_clientid", client)
		return Delivered{From: "n1", Msg: msg}
	}

	// Alone: nothing is in force, and nobody hears of it, before it is on disk.
	if o := look(m.Step(1, create("c1", "a"))); o.saves != 1 || o.changed || o.rc != "" {
		t.Fatalf("before the disk answers: %+v", o)
	}
	if o := look(m.Step(1, create("c1", "b"))); o.saves+len(o.unsaved) != 0 || o.rc != "" {
		t.Fatalf("a second operation meanwhile: %+v", o)
	}
	o := look(m.Step(1, Saved{NoSpace}))
	if o.rc != "-28" || o.refused != NoSpace || o.changed || o.saves != 1 || primitive(m, "a") {
		t.Fatalf("a full disk: %+v", o) // the save is that of b, which was waiting
	}
	if o = look(m.Step(1, Saved{})); o.rc != "0" || !o.changed || !primitive(m, "b") {
		t.Fatalf("room again: %+v", o)
	}

	// What the process itself writes goes on in memory.
	if o = look(m.Step(2, create("in", "inside"))); !o.changed || o.saves != 1 {
		t.Fatalf("inside: %+v", o)
	}
	if o = look(m.Step(2, Saved{ReadOnly})); len(o.unsaved) != 1 || o.unsaved[0] != ReadOnly {
		t.Fatalf("inside, read-only: %+v", o)
	}
	if at, _ := m.Next(); at != 2+saveAgain {
		t.Fatalf("written again at %v", at)
	}
	if o = look(m.Step(2+saveAgain, Tick{})); o.saves != 1 {
		t.Fatalf("written again: %+v", o)
	}
	if o = look(m.Step(2+saveAgain, Saved{})); len(o.unsaved) != 1 || o.unsaved[0] != OK {
		t.Fatalf("written: %+v", o)
	}
	if at, _ := m.Next(); at != 0 {
		t.Fatalf("written once more at %v", at)
	}

	// With another node the change is in force; that it is not on this disk is told.
	peers = []uint32{1, 2}
	now := time.Minute
	if o = look(m.Step(now, create("c1", "c"))); !o.changed || o.saves != 1 || o.rc != "0" {
		t.Fatalf("two nodes: %+v", o)
	}
	if o = look(m.Step(now, Saved{IOError})); len(o.unsaved) != 1 || !primitive(m, "c") {
		t.Fatalf("two nodes, broken disk: %+v", o)
	}
}
