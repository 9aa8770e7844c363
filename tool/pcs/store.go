package pcs

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"github.com/gocorosync/gocorosync/pacemakerd/cib"
	"github.com/gocorosync/gocorosync/pacemakerd/client"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
	"github.com/gocorosync/gocorosync/tool/crm"
)

// store is the CIB that commands work on: the running cluster's, or a file.
type store struct {
	doc  *xml.Element // being edited
	base *xml.Element // as it was read
	db   *client.CIB  // where it came from
	live *client.CIB  // db, nil for a file
}

// errNoCIB is pcs' word for a CIB that cannot be had.
var errNoCIB = failf("unable to get cib")

// open loads the CIB. pcs edits it through cibadmin, so that is the name that
// the cluster remembers.
func (c *call) open() (*xml.Element, error) {
	if c.cib != nil {
		return c.cib.doc, nil
	}
	var db *client.CIB
	var err error
	if c.opt.file != "" {
		if err := c.makeFile(); err != nil {
			return nil, err
		}
		db, err = crm.OpenFile(c.ctx, c.env, c.opt.file)
	} else {
		db, err = crm.OpenCIB(c.ctx, c.env, "cibadmin")
	}
	switch {
	case errors.Is(err, client.ErrNotRunning):
		return nil, errNoCIB
	case err != nil && c.opt.file != "":
		return nil, failf("unable to get cib: '%s': %v", c.opt.file, err)
	case err != nil:
		return nil, failf("unable to get cib: %v", err)
	}
	doc, err := db.Query(c.ctx)
	if err != nil {
		db.Close()
		return nil, failf("unable to get cib: %v", err)
	}
	c.cib = &store{doc: doc, base: doc.Clone(), db: db}
	if !db.IsFile() {
		c.cib.live = db
	}
	return doc, nil
}

// makeFile makes the file of -f where there is none.
func (c *call) makeFile() error {
	f, err := os.OpenFile(c.env.Path(c.opt.file), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return failf("Unable to write to file: '%s': '%v'", c.opt.file, err)
	}
	doc := cib.Empty()
	doc.Attrs = nil
	for _, a := range []string{"admin_epoch", "epoch", "num_updates"} {
		doc.Set(a, "0")
	}
	doc.Set("validate-with", "pacemaker-3.1")
	_, err = f.Write(doc.Format())
	if err = errors.Join(err, f.Close()); err != nil {
		return failf("Unable to write to file: '%s': '%v'", c.opt.file, err)
	}
	return nil
}

// config returns the configuration section.
func (c *call) config() (*xml.Element, error) {
	doc, err := c.open()
	if err != nil {
		return nil, err
	}
	return doc.Ensure("configuration"), nil
}

// section returns a section of the configuration, making it if needed.
func (c *call) section(name string) (*xml.Element, error) {
	conf, err := c.config()
	if err != nil {
		return nil, err
	}
	return conf.Ensure(name), nil
}

func code(err error) int {
	var c cib.Code
	if errors.As(err, &c) {
		return int(c)
	}
	return -1
}

// uniqueID returns id, or id-1, id-2, ... if the document has it already.
func uniqueID(doc *xml.Element, id string) string {
	for n := doc; n != nil; n = n.Parent {
		doc = n
	}
	taken := map[string]bool{}
	for e := range doc.Walk() {
		if v := e.ID(); v != "" {
			taken[v] = true
		}
	}
	if !taken[id] {
		return id
	}
	for i := 1; ; i++ {
		if s := id + "-" + strconv.Itoa(i); !taken[s] {
			return s
		}
	}
}

// xmlID replaces what an id cannot hold.
func xmlID(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '-', r == '_', r == '.', r >= 0x80:
			return r
		}
		return -1
	}, s)
}

// pair is one name=value word.
type pair struct{ name, value string }

// pairs reads words of the form name=value, sorted by name as pcs writes them. A
// name that comes twice with different values is refused.
func pairs(words []string) ([]pair, error) {
	seen := map[string]string{}
	for _, w := range words {
		if name, value, ok := strings.Cut(w, "="); ok && name != "" {
			if before, twice := seen[name]; twice && before != value {
				return nil, failf("duplicate option '%s' with different values '%s' and '%s'", name, before, value)
			}
			seen[name] = value
		}
	}
	return lastPairs(words)
}

// lastPairs is pairs, but of equal names the last one wins.
func lastPairs(words []string) ([]pair, error) {
	var list []pair
	for _, w := range words {
		name, value, ok := strings.Cut(w, "=")
		if !ok {
			return nil, failf("missing value of '%s' option", w)
		}
		if name == "" {
			return nil, failf("missing key in '%s' option", w)
		}
		at := 0
		for at < len(list) && list[at].name < name {
			at++
		}
		if at < len(list) && list[at].name == name {
			list[at].value = value
			continue
		}
		list = append(list[:at], append([]pair{{name, value}}, list[at:]...)...)
	}
	return list, nil
}

// nvset returns the first set of a kind in n, making it if create is true.
func nvset(n *xml.Element, kind string, create bool) *xml.Element {
	set := n.Child(kind)
	if set == nil && create {
		set = n.Append(xml.New(kind, "id", uniqueID(n, n.ID()+"-"+kind)))
	}
	return set
}

// setPairs sets or, for an empty value, removes pairs of a set.
func setPairs(set *xml.Element, list []pair) {
	for _, p := range list {
		var found *xml.Element
		for nv := range set.Each("nvpair") {
			if nv.Get("name") == p.name {
				found = nv
			}
		}
		switch {
		case p.value == "":
			found.Remove()
		case found != nil:
			found.Set("value", p.value)
		default:
			set.Append(xml.New("nvpair", "id", uniqueID(set, xmlID(set.ID()+"-"+p.name)), "name", p.name, "value", p.value))
		}
	}
}

// setText is "a=1 b=2" of a set, sorted by name, values with blanks in quotes.
func setText(set *xml.Element) string {
	var words []string
	for nv := range set.Each("nvpair") {
		words = append(words, nv.Get("name")+"="+nv.Get("value"))
	}
	list, err := lastPairs(words)
	if err != nil {
		return strings.Join(words, " ")
	}
	words = words[:0]
	for _, p := range list {
		if strings.Contains(p.value, " ") {
			p.value = `"` + p.value + `"`
		}
		words = append(words, p.name+"="+p.value)
	}
	return strings.Join(words, " ")
}

func quoteList(list []string) string {
	q := make([]string, len(list))
	for i, s := range list {
		q[i] = fmt.Sprintf("'%s'", s)
	}
	return strings.Join(q, ", ")
}
