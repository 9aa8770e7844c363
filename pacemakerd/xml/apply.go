package xml

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Apply changes doc as a format 2 patch says, versions and digests not looked
// at: those are the CIB's business (package cib). On an error doc may be half
// changed; give it a copy. Spec: pacemaker-ipc.md 4.4.
func Apply(doc, patch *Element) error {
	if f := patch.Get("format"); f != "2" {
		return fmt.Errorf("patch: format %q is not supported, only 2", f)
	}
	type placed struct {
		pos    int
		node   *Element // what to insert, or what to move
		parent *Element // nil for a move
	}
	var later []placed
	for c := range patch.Each("change") {
		op, path := c.Get("operation"), c.Get("path")
		pos, _ := strconv.Atoi(c.Get("position"))
		target := find(doc, path, c.Get("position"))
		switch op {
		case "delete":
			target.Remove() // nil and root are fine
		case "modify":
			result := c.Child("change-result").Child("")
			if target == nil || result == nil {
				return fmt.Errorf("patch: modify %s: not found", path)
			}
			target.Attrs = slices.Clone(result.Attrs)
		case "move":
			if target == nil || target.Parent == nil {
				return fmt.Errorf("patch: move %s: not found", path)
			}
			parent := target.Parent
			target.Remove()
			parent.Append(target)
			later = append(later, placed{pos: pos, node: target})
		case "create":
			if target == nil || len(c.Children) == 0 {
				return fmt.Errorf("patch: create in %s: not found", path)
			}
			later = append(later, placed{pos, c.Children[0].Clone(), target})
		default:
			return fmt.Errorf("patch: unknown operation %q", op)
		}
	}
	slices.SortStableFunc(later, func(a, b placed) int { return cmp.Compare(a.pos, b.pos) })
	for _, l := range later {
		parent := l.parent
		if parent == nil {
			parent = l.node.Parent
			l.node.Remove()
		}
		parent.Insert(l.pos, l.node)
	}
	return nil
}

// find resolves the path of a patch: steps of name, name[@id='x'] or comment().
func find(doc *Element, path, position string) *Element {
	steps, ok := splitPath(path)
	if !ok || len(steps) == 0 || !steps[0].matches(doc) {
		return nil
	}
	at := doc
	for _, s := range steps[1:] {
		var next *Element
		for i, c := range at.Children {
			if s.comment {
				if c.IsComment() && (position == "" || strconv.Itoa(i) == position) {
					next = c
					break
				}
				continue
			}
			if s.matches(c) {
				next = c
				break
			}
		}
		if next == nil {
			return nil
		}
		at = next
	}
	return at
}

type step struct {
	name, id string
	hasID    bool
	comment  bool
}

func (s step) matches(n *Element) bool {
	return n.Name == s.name && (!s.hasID || n.Get("id") == s.id)
}

func splitPath(path string) (steps []step, ok bool) {
	for path != "" {
		if path[0] != '/' {
			return nil, false
		}
		path = path[1:]
		end := strings.IndexAny(path, "/[")
		if end < 0 {
			end = len(path)
		}
		s := step{name: path[:end]}
		path = path[end:]
		if s.name == "comment()" {
			s.comment = true
		}
		if rest, found := strings.CutPrefix(path, "[@id='"); found {
			if end = strings.Index(rest, "']"); end < 0 {
				return nil, false
			}
			s.id, s.hasID, path = rest[:end], true, rest[end+2:]
		}
		steps = append(steps, s)
	}
	return steps, true
}
