package xml

import (
	"strconv"
)

// Diff returns the patch, format 2, that turns old into new, or nil when they
// do not differ. Deletes come first, then modify, create and move in document
// order of new (pacemaker-ipc.md 4.4). Neither tree is changed.
//
// Children are the same child when they have the same name and id; comments
// when they have the same text.
func Diff(old, new *Element) *Element {
	d := differ{}
	d.compare(old, new)
	if len(d.deletes)+len(d.changes) == 0 {
		return nil
	}
	patch := New("diff", "format", "2")
	v := patch.Append(New("version"))
	v.Append(version("source", old))
	v.Append(version("target", new))
	for _, c := range d.deletes {
		patch.Append(c)
	}
	for _, c := range d.changes {
		patch.Append(c)
	}
	return patch
}

func version(name string, cib *Element) *Element {
	n := New(name)
	for _, a := range []string{"admin_epoch", "epoch", "num_updates"} {
		v := cib.Get(a)
		if v == "" {
			v = "0"
		}
		n.Set(a, v)
	}
	return n
}

type differ struct{ deletes, changes []*Element }

// key identifies a child among its siblings for matching.
type key struct{ name, id string }

func keyOf(n *Element) key {
	if n.IsComment() {
		return key{n.Name, n.Text}
	}
	return key{n.Name, n.Get("id")}
}

// Pair tells which children of two versions of an element are the same child:
// partner has for each new one the index of the old one, -1 for none, and paired
// for each old one whether it has a partner: the first with the same key that
// is not taken.
func Pair(old, new *Element) (partner []int, paired []bool) {
	at := make(map[key][]int, len(old.Children))
	for i, c := range old.Children {
		k := keyOf(c)
		at[k] = append(at[k], i)
	}
	partner = make([]int, len(new.Children))
	paired = make([]bool, len(old.Children))
	for i, c := range new.Children {
		k := keyOf(c)
		partner[i] = -1
		if l := at[k]; len(l) > 0 {
			partner[i], at[k] = l[0], l[1:]
			paired[l[0]] = true
		}
	}
	return partner, paired
}

func (d *differ) compare(old, new *Element) {
	d.attributes(old, new)
	if len(old.Children) == 0 && len(new.Children) == 0 {
		return
	}

	partner, paired := Pair(old, new)
	for i, c := range old.Children {
		if paired[i] {
			continue
		}
		del := New("change", "operation", "delete", "path", c.Path())
		if c.IsComment() {
			del.Set("position", strconv.Itoa(i))
		}
		d.deletes = append(d.deletes, del)
	}
	moved := outOfOrder(partner)
	for i, c := range new.Children {
		if partner[i] < 0 {
			d.changes = append(d.changes, New("change", "operation", "create", "path", new.Path(), "position", strconv.Itoa(i)))
			d.changes[len(d.changes)-1].Append(c.Clone())
			continue
		}
		if moved[i] {
			d.changes = append(d.changes, New("change", "operation", "move", "path", c.Path(), "position", strconv.Itoa(i)))
		}
		if !c.IsComment() {
			d.compare(old.Children[partner[i]], c)
		}
	}
}

// outOfOrder picks the fewest paired children that have to move so that the
// rest keep their order: those outside a longest increasing run of partners.
func outOfOrder(partner []int) []bool {
	moved := make([]bool, len(partner))
	sorted := true
	last := -1
	for _, p := range partner {
		if p >= 0 {
			sorted = sorted && p > last
			last = p
		}
	}
	if sorted {
		return moved
	}
	var tails []int // index into partner of the smallest tail of each run length
	prev := make([]int, len(partner))
	for i, p := range partner {
		if p < 0 {
			continue
		}
		lo, hi := 0, len(tails)
		for lo < hi {
			if mid := (lo + hi) / 2; partner[tails[mid]] < p {
				lo = mid + 1
			} else {
				hi = mid
			}
		}
		prev[i] = -1
		if lo > 0 {
			prev[i] = tails[lo-1]
		}
		if lo == len(tails) {
			tails = append(tails, i)
		} else {
			tails[lo] = i
		}
	}
	for i, p := range partner {
		moved[i] = p >= 0
	}
	if len(tails) > 0 {
		for i := tails[len(tails)-1]; i >= 0; i = prev[i] {
			moved[i] = false
		}
	}
	return moved
}

func (d *differ) attributes(old, new *Element) {
	var list []*Element
	for _, a := range old.Attrs {
		if !new.Has(a.Name) {
			list = append(list, New("change-attr", "name", a.Name, "operation", "unset"))
		}
	}
	for _, a := range new.Attrs {
		if v, ok := old.Lookup(a.Name); !ok || v != a.Value {
			list = append(list, New("change-attr", "name", a.Name, "operation", "set", "value", a.Value))
		}
	}
	if len(list) == 0 {
		return
	}
	c := New("change", "operation", "modify", "path", new.Path())
	l := c.Append(New("change-list"))
	for _, e := range list {
		l.Append(e)
	}
	c.Append(New("change-result")).Append(&Element{Name: new.Name, Attrs: append([]Attr(nil), new.Attrs...)})
	d.changes = append(d.changes, c)
}
