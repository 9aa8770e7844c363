package xml

import (
	"fmt"
	"slices"

	"github.com/antchfx/xpath"
)

// Select returns the elements that an XPath expression picks from the document
// that n is the root of, in document order. Attributes and text that an
// expression picks are returned as their element, once.
func (n *Node) Select(expr string) ([]*Node, error) {
	e, err := xpath.Compile(expr)
	if err != nil {
		return nil, fmt.Errorf("xpath %q: %w", expr, err)
	}
	v, ok := e.Evaluate(&cursor{doc: n}).(*xpath.NodeIterator)
	if !ok {
		return nil, fmt.Errorf("xpath %q: does not select elements", expr)
	}
	var found []*Node
	for v.MoveNext() {
		if c := v.Current().(*cursor); c.at != nil && !slices.Contains(found, c.at) {
			found = append(found, c.at)
		}
	}
	return found, nil
}

// First returns the first element that expr picks, or nil; an expression that
// does not compile picks nothing.
func (n *Node) First(expr string) *Node {
	found, err := n.Select(expr)
	if err != nil || len(found) == 0 {
		return nil
	}
	return found[0]
}

// A cursor walks the tree for the xpath engine. at nil is the document node
// above doc; attr counts from 1 when the cursor is on an attribute.
type cursor struct {
	doc  *Node
	at   *Node
	attr int
}

var _ xpath.NodeNavigator = (*cursor)(nil)

func (c *cursor) NodeType() xpath.NodeType {
	switch {
	case c.at == nil:
		return xpath.RootNode
	case c.attr > 0:
		return xpath.AttributeNode
	case c.at.IsComment():
		return xpath.CommentNode
	}
	return xpath.ElementNode
}

func (c *cursor) LocalName() string {
	switch {
	case c.at == nil:
		return ""
	case c.attr > 0:
		return c.at.Attrs[c.attr-1].Name
	}
	return c.at.Name
}

func (c *cursor) Prefix() string { return "" }

func (c *cursor) Value() string {
	switch {
	case c.at == nil:
		return ""
	case c.attr > 0:
		return c.at.Attrs[c.attr-1].Value
	}
	return c.at.Text
}

func (c *cursor) Copy() xpath.NodeNavigator { d := *c; return &d }

func (c *cursor) MoveToRoot() { c.at, c.attr = nil, 0 }

func (c *cursor) MoveToParent() bool {
	switch {
	case c.at == nil:
		return false
	case c.attr > 0:
		c.attr = 0
	case c.at == c.doc:
		c.at = nil
	default:
		c.at = c.at.Parent
	}
	return true
}

func (c *cursor) MoveToNextAttribute() bool {
	if c.at == nil || c.attr >= len(c.at.Attrs) {
		return false
	}
	c.attr++
	return true
}

func (c *cursor) MoveToChild() bool {
	switch {
	case c.attr > 0:
		return false
	case c.at == nil:
		c.at = c.doc
		return true
	case len(c.at.Children) == 0:
		return false
	}
	c.at = c.at.Children[0]
	return true
}

func (c *cursor) sibling(step int) bool {
	if c.at == nil || c.attr > 0 || c.at == c.doc {
		return false
	}
	i := c.at.Index() + step
	if i < 0 || i >= len(c.at.Parent.Children) {
		return false
	}
	c.at = c.at.Parent.Children[i]
	return true
}

func (c *cursor) MoveToFirst() bool {
	if c.at == nil || c.attr > 0 || c.at == c.doc || c.at.Index() == 0 {
		return false
	}
	c.at = c.at.Parent.Children[0]
	return true
}

func (c *cursor) MoveToNext() bool     { return c.sibling(1) }
func (c *cursor) MoveToPrevious() bool { return c.sibling(-1) }

func (c *cursor) MoveTo(other xpath.NodeNavigator) bool {
	o, ok := other.(*cursor)
	if !ok || o.doc != c.doc {
		return false
	}
	*c = *o
	return true
}
