package cib

import (
	"testing"

	"github.com/gocorosync/gocorosync/captures"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// onlySchema refuses what the captured cluster refused: an attribute named
// bogus. Real validation is tested where schemas live.
type onlySchema struct{}

func (onlySchema) Validate(doc *xml.Element) error {
	for n := range doc.Walk() {
		if n.Has("bogus") {
			return SchemaInvalid
		}
	}
	return nil
}

func (onlySchema) Upgrade(doc *xml.Element, max string) (*xml.Element, bool, error) {
	return doc, false, nil
}

// TestReplayOfRealClusters applies every message that a real cluster delivered
// in its group "cib", and compares the digest after each one that had an
// effect with the one the real daemon computed.
func TestReplayOfRealClusters(t *testing.T) {
	for _, version := range []string{"2.1.5", "1.1.20"} {
		t.Run(version, func(t *testing.T) {
			ops, err := xml.ParseKeepingComments(captures.Read(t, "pacemaker", version+"/cib-ops.xml"))
			if err != nil {
				t.Fatal(err)
			}
			replay, err := xml.ParseKeepingComments(captures.Read(t, "pacemaker", version+"/cib-replay.xml"))
			if err != nil {
				t.Fatal(err)
			}
			node := ops.Get("node")
			doc := replay.Child("start").Child("cib").Clone()
			var steps []*xml.Element
			for s := range replay.Each("step") {
				steps = append(steps, s)
			}
			done := 0
			for d := range ops.Each("delivered") {
				msg := d.Child("")
				if h := d.Get("host-id"); msg == nil || h != "0" {
					continue
				}
				if r := msg.Get("cib_isreplyto"); r != "" && msg.Get("cib_update") != "true" {
					continue
				}
				op := Decode(msg)
				if !op.Modifies() || op.Host != "" && op.Host != node || op.Name == OpUpgrade {
					continue
				}
				before := doc
				r := Apply(doc, op, Stamp{"now", msg.Get("src"), op.ClientName, op.User}, Env{Schemas: onlySchema{}})
				doc = r.Doc
				if !r.Changed && r.Code != SchemaInvalid {
					continue
				}
				if r.Changed && xml.Digest(before) == xml.Digest(doc) {
					continue // only the time stamps differ: ours is not theirs
				}
				if done == len(steps) {
					break
				}
				step := steps[done]
				done++
				if want := step.Get("md5"); want != "" && xml.Digest(doc) != want {
					t.Fatalf("step %d of %d:\nmessage %.600s\nours     %.900s\ntheirs   %.900s\nversion before %v",
						done, len(steps), msg, r.Patch, step, VersionOf(before))
				}
			}
			if done != len(steps) {
				t.Errorf("%d of %d steps", done, len(steps))
			}
			t.Logf("%s: %d effective operations, every digest equal", version, done)
		})
	}
}

// TestRealPatches applies every patch that real daemons sent to a subscriber.
func TestRealPatches(t *testing.T) {
	for _, version := range []string{"2.1.5", "1.1.20"} {
		replay, err := xml.ParseKeepingComments(captures.Read(t, "pacemaker", version+"/cib-replay.xml"))
		if err != nil {
			t.Fatal(err)
		}
		doc := replay.Child("start").Child("cib").Clone()
		n := 0
		for step := range replay.Each("step") {
			if step.Get("cib_rc") != "0" {
				continue
			}
			if err := xml.Apply(doc, step.Child("diff")); err != nil {
				t.Fatalf("%s step %d: %v", version, n, err)
			}
			VersionOf(step.Child("diff").Descend("version", "target")).set(doc)
			if want := step.Get("md5"); want != "" && xml.Digest(doc) != want {
				t.Fatalf("%s step %d: digest differs after %s", version, n, step)
			}
			n++
		}
		t.Logf("%s: %d patches", version, n)
	}
}
