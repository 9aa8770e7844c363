package status

import (
	"fmt"

	"github.com/gocorosync/gocorosync/pacemakerd/pengine"
)

// Summary lays out the lines of a transition summary. The columns only grow
// while lines are printed, so one Summary is used for a whole run
// (scheduler.md 23.4).
type Summary struct {
	Words                *Words
	idWidth, detailWidth int
}

// NodeLine is a line about a node.
func (s *Summary) NodeLine(ch pengine.NodeChange) string {
	node := ch.Node.Name
	if ch.Resource != "" {
		node += " (resource: " + ch.Resource + ")"
	}
	line := ch.Verb
	if ch.Op != "" {
		line += " (" + ch.Op + ")"
	}
	line += " " + node
	if ch.Reason != "" {
		line += " '" + ch.Reason + "'"
	}
	return line
}

// Line is a line about a resource.
func (s *Summary) Line(ch pengine.Change) string {
	s.idWidth, s.detailWidth = max(s.idWidth, 5), max(s.detailWidth, 5)
	details := s.Words.details(ch)
	if len(details) > s.detailWidth {
		s.detailWidth = len(details)
	}
	if len(ch.ID) > s.idWidth {
		s.idWidth = len(ch.ID) + 2
	}
	line := fmt.Sprintf("%-8s   %-*s   ( %*s )", ch.Verb, s.idWidth, ch.ID, s.detailWidth, details) + s.Words.tail
	reason := ""
	switch {
	case ch.Reason != "" && ch.Blocked:
		reason = "due to " + ch.Reason + " (blocked)"
	case ch.Reason != "":
		reason = "due to " + ch.Reason
	case ch.Blocked:
		reason = "blocked"
	}
	if reason != "" {
		line += s.Words.reason + reason
	}
	return line
}

func (w *Words) details(ch pengine.Change) string {
	role, next := w.role(ch.Role), w.role(ch.NextRole)
	plain := func(s string) string { // with the role where it is worth showing
		if ch.NeedRole {
			return role + " " + s
		}
		return s
	}
	switch {
	case ch.Origin == nil && ch.NeedRole:
		return role + " -> " + next + " " + ch.Dest.Name
	case ch.Origin == nil:
		return ch.Dest.Name
	case ch.Dest == nil, ch.SameRole && ch.SameHost:
		return plain(ch.Origin.Name)
	case ch.SameRole && ch.NeedRole:
		return ch.Origin.Name + " -> " + ch.Dest.Name + " " + role
	case ch.SameRole:
		return ch.Origin.Name + " -> " + ch.Dest.Name
	case ch.SameHost:
		return role + " -> " + next + " " + ch.Origin.Name
	}
	return role + " " + ch.Origin.Name + " -> " + next + " " + ch.Dest.Name
}
