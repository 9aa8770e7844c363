package pcs

import (
	"errors"
	"strconv"

	"github.com/gocorosync/gocorosync/pacemakerd/cib"
	"github.com/gocorosync/gocorosync/pacemakerd/client"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// pushTries is how often a change is sent anew because the cluster changed its
// status while it was on the way.
const pushTries = 20

// push writes the changed configuration back, as the difference from what was
// read, so that what others changed meanwhile stays. It leaves what is in force
// then in c.cib.
func (c *call) push() error {
	s := c.cib
	old, changed := configOnly(s.base), configOnly(s.doc)
	diff := xml.Diff(old, changed)
	if diff == nil {
		return nil
	}
	diff.Child("version").Remove()
	for range pushTries {
		now, err := s.db.Query(c.ctx)
		if err != nil {
			return failf("unable to get cib: %v", err)
		}
		next := now.Clone()
		if err := xml.Apply(next, diff); err != nil || overwritten(s.base, now, diff) {
			return failf("Unable to update cib: what this command changes was changed by somebody else in the meantime").
				hint("nothing was written; look at the configuration and run the command again")
		}
		if s.live != nil { // a patch is for one version, and must lead to a later one
			next.Set("num_updates", strconv.Itoa(cib.VersionOf(now).NumUpdates+1))
		}
		patch := xml.Diff(now, next)
		if patch == nil {
			return nil
		}
		if s.live == nil {
			patch.Child("version").Remove()
		}
		if _, err = s.db.Do(c.ctx, &cib.Op{Name: cib.OpApplyDiff, Data: patch}); err == nil {
			if s.base, err = s.db.Query(c.ctx); err != nil {
				return failf("unable to get cib: %v", err)
			}
			s.doc = s.base.Clone()
			return nil
		}
		switch n := code(err); {
		case cib.Code(n) == cib.OldData, cib.Code(n) == cib.DiffResync, cib.Code(n) == cib.DiffFailed:
			continue // it is not what was asked a moment ago
		case errors.Is(err, client.ErrChanged):
			return failf("Unable to update cib: %v", err)
		default:
			return failf("Unable to update cib\nCall cib_apply_diff failed (%d): %v", n, err)
		}
	}
	return failf("Unable to update cib: it changes all the time").hint("nothing was written; run the command again")
}

// configOnly is a CIB without what the cluster writes.
func configOnly(doc *xml.Element) *xml.Element {
	out := xml.New("cib")
	if c := doc.Child("configuration"); c != nil {
		out.Append(c.Clone())
	}
	return out
}

// overwritten tells whether a difference would take back what somebody else has
// changed since base was read: the elements that it modifies, moves or deletes
// must be what they were.
func overwritten(base, now, diff *xml.Element) bool {
	for ch := range diff.Each("change") {
		path := ch.Get("path")
		was, is := base.First(path), now.First(path)
		switch ch.Get("operation") {
		case "modify":
			if was == nil || is == nil || xml.Diff(was.ShallowClone(), is.ShallowClone()) != nil {
				return true
			}
		case "delete":
			if was != nil && is != nil && xml.Diff(was, is) != nil {
				return true
			}
		}
	}
	return false
}
