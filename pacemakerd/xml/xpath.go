package xml

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/antchfx/xpath"
)

// Limits of one selection. A CIB of 5,000 resources has about 200,000 elements
// and attributes, so that some 25 whole walks over it fit; they take up to half a second.
const (
	MaxXPath      = 64 << 10  // bytes of an expression
	MaxXPathSteps = 5_000_000 // moves from node to node while it is evaluated
)

// Errors of Select, wrapped with the expression.
var (
	ErrXPathTooLong   = fmt.Errorf("longer than %d bytes", MaxXPath)
	ErrXPathTooCostly = fmt.Errorf("takes more than %d steps in this document", MaxXPathSteps)
	ErrXPathPanic     = errors.New("the evaluation broke down")
	ErrXPathNoNodes   = errors.New("does not select elements")
	ErrXPathCounts    = errors.New("a number as the second predicate of a step is not supported behind //; write the path to the parent")
)

// Select returns the elements that an XPath expression picks from the document
// that n is the root of, in document order, each once. An attribute that an
// expression picks is returned as its element.
//
// This is the one place where an expression, which anybody may have written, is
// evaluated: it ends within limits, and a panic of the evaluator is an error.
// The same expression on the same document has the same outcome everywhere.
func (n *Element) Select(expr string) (found []*Element, err error) {
	return n.selectWithin(expr, MaxXPathSteps)
}

func (n *Element) selectWithin(expr string, steps int) (found []*Element, err error) {
	if len(expr) > MaxXPath {
		return nil, fmt.Errorf("xpath %q...: %w", expr[:64], ErrXPathTooLong)
	}
	if name := foreignFunction(expr); name != "" {
		return nil, fmt.Errorf("xpath %q: there is no function %s", expr, name)
	}
	found, err = evaluate(&cursor{doc: n, steps: &steps}, expr)
	if err != nil || len(found) < 2 {
		return found, err
	}
	picked := make(map[*Element]bool, len(found))
	for _, e := range found {
		picked[e] = true
	}
	found = found[:0] // a union comes in the order of its parts
	for e := range n.all() {
		if picked[e] {
			found = append(found, e)
		}
	}
	return found, nil
}

// evaluate returns the elements that expr picks, each once, in the order in
// which the engine comes to them.
func evaluate(root xpath.NodeNavigator, expr string) (found []*Element, err error) {
	if miscounted(expr) {
		return nil, fmt.Errorf("xpath %q: %w", expr, ErrXPathCounts)
	}
	defer func() {
		switch r := recover().(type) {
		case nil:
		case outOfSteps:
			found, err = nil, fmt.Errorf("xpath %q: %w", expr, ErrXPathTooCostly)
		default:
			found, err = nil, fmt.Errorf("xpath %q: %w: %v", expr, ErrXPathPanic, r)
		}
	}()
	e, err := xpath.Compile(expr)
	if err != nil {
		return nil, fmt.Errorf("xpath %q: %w", expr, err)
	}
	v, ok := e.Evaluate(root).(*xpath.NodeIterator)
	if !ok {
		return nil, fmt.Errorf("xpath %q: %w", expr, ErrXPathNoNodes)
	}
	picked := map[*Element]bool{}
	for v.MoveNext() {
		if c := v.Current().(*cursor); c.at != nil && !picked[c.at] {
			picked[c.at] = true
			found = append(found, c.at)
		}
	}
	return found, nil
}

// all yields n and everything below it, comments too, in document order.
func (n *Element) all() iter.Seq[*Element] {
	return func(yield func(*Element) bool) { n.each(yield) }
}

func (n *Element) each(yield func(*Element) bool) bool {
	if !yield(n) {
		return false
	}
	for _, c := range n.Children {
		if !c.each(yield) {
			return false
		}
	}
	return true
}

// miscounted tells whether an expression has a predicate that is a number behind
// another predicate, and looks at more than one parent: the evaluator counts all
// that it has found so far there, and not anew below each parent.
func miscounted(expr string) bool {
	counts, deep := false, false
	behind := false // the last thing was the end of a predicate
	for i := 0; i < len(expr); i++ {
		switch c := expr[i]; {
		case c == '"' || c == '\'':
			end := strings.IndexByte(expr[i+1:], c)
			if end < 0 {
				return false // the parser will say so
			}
			i += end + 1
			behind = false
		case c == '[' && behind:
			if end := strings.IndexByte(expr[i:], ']'); end > 0 {
				n := strings.TrimSpace(expr[i+1 : i+end])
				counts = counts || n != "" && strings.Trim(n, "0123456789") == ""
			}
			behind = false
		case c == ']':
			behind = true
		case c != ' ' && c != '\t' && c != '\n' && c != '\r':
			deep = deep || strings.HasPrefix(expr[i:], "//") || strings.HasPrefix(expr[i:], "descendant")
			behind = false
		}
	}
	return counts && deep
}

// core1 are the functions of XPath 1.0 and its tests of a node's kind, but for id
// and processing-instruction, which the evaluator takes for something else. It
// knows more, which pacemaker's does not; some of those make text that grows
// without bound.
var core1 = []string{
	"last", "position", "count", "local-name", "namespace-uri", "name", "string", "concat", "starts-with", "contains",
	"substring-before", "substring-after", "substring", "string-length", "normalize-space", "translate", "boolean", "not",
	"true", "false", "lang", "number", "sum", "floor", "ceiling", "round", "node", "text", "comment",
	"and", "or", "div", "mod", // operators before a parenthesis
}

// foreignFunction returns the first name before a parenthesis that XPath 1.0
// does not know, or "".
func foreignFunction(expr string) string {
	for i := 0; i < len(expr); {
		switch c := expr[i]; {
		case c == '"' || c == '\'':
			end := strings.IndexByte(expr[i+1:], c)
			if end < 0 {
				return "" // the parser will say so
			}
			i += end + 2
		case nameByte(c):
			j := i
			for j < len(expr) && nameByte(expr[j]) {
				j++
			}
			name := expr[i:j]
			name = name[strings.LastIndex(name, "::")+1:] // behind an axis
			name = strings.TrimPrefix(name, ":")
			i = j
			if strings.HasPrefix(strings.TrimLeft(expr[j:], " \t\r\n"), "(") && !slices.Contains(core1, name) {
				return name
			}
		default:
			i++
		}
	}
	return ""
}

func nameByte(c byte) bool {
	return c == '-' || c == '_' || c == ':' || c == '.' || c >= 0x80 || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// First returns the first element that expr picks, or nil; an expression that
// does not compile picks nothing.
func (n *Element) First(expr string) *Element {
	found, err := n.Select(expr)
	if err != nil || len(found) == 0 {
		return nil
	}
	return found[0]
}

// A cursor walks the tree for the xpath engine. at nil is the document node
// above doc; attr counts from 1 when the cursor is on an attribute. index is
// where at stands among its siblings, counted from 1; 0 is not known yet. All
// cursors of one evaluation share steps, what is left of its moves.
type cursor struct {
	doc   *Element
	at    *Element
	attr  int
	index int
	steps *int
}

// outOfSteps ends an evaluation from inside: the engine has no other way out.
type outOfSteps struct{}

func (c *cursor) step() {
	if *c.steps--; *c.steps < 0 {
		panic(outOfSteps{})
	}
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

func (c *cursor) Copy() xpath.NodeNavigator { c.step(); d := *c; return &d }

func (c *cursor) MoveToRoot() { c.step(); c.at, c.attr, c.index = nil, 0, 0 }

func (c *cursor) MoveToParent() bool {
	c.step()
	switch {
	case c.at == nil:
		return false
	case c.attr > 0:
		c.attr = 0
	case c.at == c.doc:
		c.at, c.index = nil, 0
	default:
		c.at, c.index = c.at.Parent, 0
	}
	return true
}

func (c *cursor) MoveToNextAttribute() bool {
	c.step()
	if c.at == nil || c.attr >= len(c.at.Attrs) {
		return false
	}
	c.attr++
	return true
}

func (c *cursor) MoveToChild() bool {
	c.step()
	switch {
	case c.attr > 0:
		return false
	case c.at == nil:
		c.at, c.index = c.doc, 1
		return true
	case len(c.at.Children) == 0:
		return false
	}
	c.at, c.index = c.at.Children[0], 1
	return true
}

// alone tells that the cursor is on something without siblings.
func (c *cursor) alone() bool { return c.at == nil || c.attr > 0 || c.at == c.doc }

// place is where at stands among its siblings, counted from 0.
func (c *cursor) place() int {
	if c.index == 0 {
		c.index = c.at.Index() + 1
	}
	return c.index - 1
}

func (c *cursor) sibling(by int) bool {
	c.step()
	if c.alone() {
		return false
	}
	i := c.place() + by
	if i < 0 || i >= len(c.at.Parent.Children) {
		return false
	}
	c.at, c.index = c.at.Parent.Children[i], i+1
	return true
}

func (c *cursor) MoveToFirst() bool {
	c.step()
	if c.alone() || c.place() == 0 {
		return false
	}
	c.at, c.index = c.at.Parent.Children[0], 1
	return true
}

func (c *cursor) MoveToNext() bool     { return c.sibling(1) }
func (c *cursor) MoveToPrevious() bool { return c.sibling(-1) }

func (c *cursor) MoveTo(other xpath.NodeNavigator) bool {
	c.step()
	o, ok := other.(*cursor)
	if !ok || o.doc != c.doc {
		return false
	}
	*c = *o
	return true
}

// Quoted returns an XPath literal that holds s.
func Quoted(s string) string {
	if strings.Contains(s, "'") {
		return `"` + strings.ReplaceAll(s, `"`, "") + `"`
	}
	return "'" + s + "'"
}
