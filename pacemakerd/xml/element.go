package xml

import (
	"iter"
	"slices"
)

// CommentName is the Name of a node that holds a comment in its Text. Parse
// drops comments; ParseKeepingComments keeps them.
const CommentName = "#comment"

// An Attr is one attribute, value unescaped.
type Attr struct{ Name, Value string }

// An Element is one element, or a comment. The zero value is not useful: use New.
//
// Text is the concatenated character data directly inside the element, white
// space trimmed at both ends. The CIB has none; agents' meta-data has.
type Element struct {
	Name     string
	Attrs    []Attr
	Children []*Element
	Parent   *Element
	Text     string
}

// New returns an element without a parent. kv are attribute names and values
// by turns, in the order they are to be written; a pair whose value is the
// empty string is set like any other.
func New(name string, kv ...string) *Element {
	if len(kv)%2 != 0 {
		panic("xml: New: odd number of attribute words") // a caller's bug
	}
	n := &Element{Name: name}
	if len(kv) > 0 {
		n.Attrs = make([]Attr, 0, len(kv)/2)
	}
	for i := 0; i < len(kv); i += 2 {
		n.Set(kv[i], kv[i+1])
	}
	return n
}

// IsComment tells whether n is a comment and not an element.
func (n *Element) IsComment() bool { return n.Name == CommentName }

// Lookup returns the value of an attribute and whether it is there.
func (n *Element) Lookup(name string) (string, bool) {
	if n == nil {
		return "", false
	}
	for i := range n.Attrs {
		if n.Attrs[i].Name == name {
			return n.Attrs[i].Value, true
		}
	}
	return "", false
}

// Get returns the value of an attribute, "" where it is missing or n is nil.
func (n *Element) Get(name string) string {
	v, _ := n.Lookup(name)
	return v
}

// ID returns the attribute id.
func (n *Element) ID() string { return n.Get("id") }

// AttrList returns the attributes, none for nil.
func (n *Element) AttrList() []Attr {
	if n == nil {
		return nil
	}
	return n.Attrs
}

// Has tells whether an attribute is there, even an empty one.
func (n *Element) Has(name string) bool {
	_, ok := n.Lookup(name)
	return ok
}

// Set gives an attribute a value: in place where it exists, else at the end.
// It returns whether anything changed.
func (n *Element) Set(name, value string) bool {
	for i := range n.Attrs {
		if n.Attrs[i].Name == name {
			changed := n.Attrs[i].Value != value
			n.Attrs[i].Value = value
			return changed
		}
	}
	n.Attrs = append(n.Attrs, Attr{name, value})
	return true
}

// Unset removes an attribute and returns whether it was there.
func (n *Element) Unset(name string) bool {
	for i := range n.Attrs {
		if n.Attrs[i].Name == name {
			n.Attrs = slices.Delete(n.Attrs, i, i+1)
			return true
		}
	}
	return false
}

// Child returns the first child element with that name, nil if there is none
// or n is nil. An empty name means any element.
func (n *Element) Child(name string) *Element {
	if n == nil {
		return nil
	}
	for _, c := range n.Children {
		if c.Name == name || name == "" && !c.IsComment() {
			return c
		}
	}
	return nil
}

// Each yields the child elements with that name in document order; an empty
// name means all of them. Comments are never yielded. The children must not
// change meanwhile.
func (n *Element) Each(name string) iter.Seq[*Element] {
	return func(yield func(*Element) bool) {
		if n == nil {
			return
		}
		for _, c := range n.Children {
			if (c.Name == name || name == "" && !c.IsComment()) && !yield(c) {
				return
			}
		}
	}
}

// Descend follows child names downwards and returns nil where one is missing.
func (n *Element) Descend(names ...string) *Element {
	for _, name := range names {
		n = n.Child(name)
	}
	return n
}

// Ensure returns the first child with that name, appending one if needed.
func (n *Element) Ensure(name string) *Element {
	if c := n.Child(name); c != nil {
		return c
	}
	return n.Append(New(name))
}

// Walk yields n and every element below it in document order.
func (n *Element) Walk() iter.Seq[*Element] {
	return func(yield func(*Element) bool) { n.walk(yield) }
}

func (n *Element) walk(yield func(*Element) bool) bool {
	if n == nil || n.IsComment() {
		return true
	}
	if !yield(n) {
		return false
	}
	for _, c := range n.Children {
		if !c.walk(yield) {
			return false
		}
	}
	return true
}

// ByID returns the first element at or below n with that name (any if empty)
// and id, depth first.
func (n *Element) ByID(name, id string) *Element {
	for e := range n.Walk() {
		if (name == "" || e.Name == name) && e.Get("id") == id {
			return e
		}
	}
	return nil
}

// Append makes c, which must have no parent, the last child of n, and returns c.
func (n *Element) Append(c *Element) *Element {
	c.Parent = n
	n.Children = append(n.Children, c)
	return c
}

// Insert makes c the child number at of n, or the last one when there are
// fewer, and returns c.
func (n *Element) Insert(at int, c *Element) *Element {
	c.Parent = n
	n.Children = slices.Insert(n.Children, max(0, min(at, len(n.Children))), c)
	return c
}

// Remove detaches n from its parent, if it has one.
func (n *Element) Remove() {
	if n == nil || n.Parent == nil {
		return
	}
	p := n.Parent
	if i := slices.Index(p.Children, n); i >= 0 {
		p.Children = slices.Delete(p.Children, i, i+1)
	}
	n.Parent = nil
}

// Index returns the position of n among its parent's children, comments
// counted, or 0 for a root.
func (n *Element) Index() int {
	if n.Parent == nil {
		return 0
	}
	return slices.Index(n.Parent.Children, n)
}

// Clone returns a deep copy of n without a parent. It shares nothing but
// strings with n.
func (n *Element) Clone() *Element {
	if n == nil {
		return nil
	}
	nodes, attrs, kids := n.count()
	s := &slab{nodes: make([]Element, 0, nodes), attrs: make([]Attr, 0, attrs), kids: make([]*Element, 0, kids)}
	return s.clone(n)
}

// A slab holds the memory of a copied tree in three allocations.
type slab struct {
	nodes []Element
	attrs []Attr
	kids  []*Element
}

func (n *Element) count() (nodes, attrs, kids int) {
	nodes, attrs, kids = 1, len(n.Attrs), len(n.Children)
	for _, c := range n.Children {
		a, b, d := c.count()
		nodes, attrs, kids = nodes+a, attrs+b, kids+d
	}
	return nodes, attrs, kids
}

func (s *slab) clone(n *Element) *Element {
	s.nodes = append(s.nodes, Element{Name: n.Name, Text: n.Text})
	c := &s.nodes[len(s.nodes)-1]
	if len(n.Attrs) > 0 {
		from := len(s.attrs)
		s.attrs = append(s.attrs, n.Attrs...)
		c.Attrs = s.attrs[from:len(s.attrs):len(s.attrs)] // a later append must not run into its neighbour
	}
	if len(n.Children) > 0 {
		from := len(s.kids)
		s.kids = append(s.kids, n.Children...)
		c.Children = s.kids[from:len(s.kids):len(s.kids)]
		for i, old := range c.Children {
			c.Children[i] = s.clone(old)
			c.Children[i].Parent = c
		}
	}
	return c
}

// ShallowClone returns a copy of n's name and attributes without children.
func (n *Element) ShallowClone() *Element {
	return &Element{Name: n.Name, Attrs: slices.Clone(n.Attrs), Text: n.Text}
}

// Equal tells whether a and b have the same names, attributes in the same
// order, text and children.
func Equal(a, b *Element) bool {
	return a.Name == b.Name && a.Text == b.Text && slices.Equal(a.Attrs, b.Attrs) &&
		slices.EqualFunc(a.Children, b.Children, Equal)
}

// Path returns the path of n as patches write it: element names, each with
// [@id='...'] where it has an id, from the root (pacemaker-ipc.md 4.4).
func (n *Element) Path() string {
	var b []byte
	return string(n.appendPath(b))
}

func (n *Element) appendPath(b []byte) []byte {
	if n.Parent != nil {
		b = n.Parent.appendPath(b)
	}
	if n.IsComment() {
		return append(b, "/comment()"...)
	}
	b = append(append(b, '/'), n.Name...)
	if id, ok := n.Lookup("id"); ok {
		b = append(b, "[@id='"...)
		b = append(b, id...)
		b = append(b, "']"...)
	}
	return b
}
