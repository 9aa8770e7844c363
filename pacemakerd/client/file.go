package client

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/gocorosync/gocorosync/durable"
	"github.com/gocorosync/gocorosync/pacemakerd/cib"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// A file is a CIB in a file.
type file struct {
	path string
	text []byte // as it was read or written last
	doc  *xml.Element
	env  cib.Env
	live bool // it is the cluster's own, with a signature beside it
}

// ErrChanged says that somebody else wrote a file since it was read.
var ErrChanged = errors.New("it was changed by somebody else in the meantime, nothing was written")

func openFile(o Open) (*file, error) {
	path := o.Place.File
	f := &file{env: cib.Env{Schemas: o.Schemas, InGroup: o.InGroup}}
	if path == "" {
		return nil, cib.NotFound
	}
	f.path = path
	if o.Path != nil {
		f.path = o.Path(path)
	}
	if real, err := filepath.EvalSymlinks(f.path); err == nil {
		f.path = real
		f.live = filepath.Base(real) == "cib.xml" && filepath.Dir(real) == configDir
	}
	// A pipe would wait for a writer, and what a device gives never ends.
	st, err := os.Stat(f.path)
	if err != nil || !st.Mode().IsRegular() {
		return nil, cib.NotFound
	}
	if st.Size() > xml.MaxSize {
		return nil, fmt.Errorf("%s: %d bytes are too much for a CIB", path, st.Size())
	}
	if f.text, err = os.ReadFile(f.path); err != nil {
		return nil, err
	}
	doc, err := xml.ParseKeepingComments(f.text)
	if err != nil || doc.Name != "cib" {
		return nil, cib.SchemaInvalid
	}
	if f.live {
		if err := f.genuine(doc); err != nil {
			return nil, err
		}
	}
	if doc.Get("validate-with") == "" {
		doc.Set("validate-with", "none")
	}
	doc.Ensure("status")
	if f.env.Schemas != nil {
		if err := f.env.Schemas.Validate(doc); err != nil {
			return nil, cib.SchemaInvalid
		}
	}
	f.doc = doc
	return f, nil
}

// genuine checks the signature beside the cluster's own file.
func (f *file) genuine(doc *xml.Element) error {
	sig, err := os.ReadFile(f.path + ".sig")
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil
	case err != nil:
		return err
	case strings.TrimSpace(string(sig)) != xml.DigestOnDisk(doc):
		return cib.Modified
	}
	return nil
}

// do carries out an operation. What it changes is on disk when it returns.
func (f *file) do(op *cib.Op) (*xml.Element, error) {
	o := *op
	// What was written last, and by whom, is the cluster's to say.
	o.Options |= cib.NoMtime
	r := cib.Apply(f.doc, &o, cib.Stamp{}, f.env)
	if r.Panic != nil {
		return nil, r.Panic
	}
	if r.Code != cib.OK {
		return r.Output, r.Code
	}
	if r.Doc != f.doc && o.Options&cib.DryRun == 0 {
		if err := f.write(r.Doc); err != nil {
			return nil, fmt.Errorf("%s: %w", f.path, err)
		}
		f.doc = r.Doc
	}
	if r.Output == nil {
		return nil, nil
	}
	return r.Output.Clone(), nil
}

// write replaces the file as a whole: what a crash leaves is the old one or the
// new one.
func (f *file) write(doc *xml.Element) error {
	now, err := os.ReadFile(f.path)
	if err != nil {
		return err
	}
	if !bytes.Equal(now, f.text) {
		return ErrChanged
	}
	var sig string
	if f.live {
		doc = forDisk(doc)
		if sig, err = f.temporary(f.path+".sig", []byte(xml.DigestOnDisk(doc))); err != nil {
			return err
		}
		defer os.Remove(sig) // gone once it is renamed
	}
	text := doc.Format()
	name, err := f.temporary(f.path, text)
	if err != nil {
		return err
	}
	defer os.Remove(name)
	dir := filepath.Dir(f.path)
	if err := durable.SyncDir(dir); err != nil {
		return err
	}
	if err := os.Rename(name, f.path); err != nil {
		return err
	}
	if sig != "" {
		if err := os.Rename(sig, f.path+".sig"); err != nil {
			return err
		}
	}
	f.text = text
	return durable.SyncDir(dir)
}

// forDisk is a document as the cluster keeps it: without what it knows only
// while it runs.
func forDisk(doc *xml.Element) *xml.Element {
	out := doc.ShallowClone()
	out.Set("num_updates", "0")
	for _, c := range doc.Children {
		if c.Name != "status" {
			out.Append(c.Clone())
		}
	}
	return out
}

// temporary writes a file through to the disk that has mode and owner of the
// one it will take the place of, and returns its name. Beside the cluster's own
// CIB it is named as the daemon's are, which finds it after a crash.
func (f *file) temporary(like string, b []byte) (name string, err error) {
	pattern := "." + filepath.Base(f.path) + "."
	if f.live {
		pattern = "cib."
	}
	as, err := durable.Like(like)
	if errors.Is(err, os.ErrNotExist) {
		as, err = durable.Like(f.path)
	}
	if err != nil {
		return "", err
	}
	return durable.Stage(filepath.Dir(f.path), pattern, b, as, nil)
}
