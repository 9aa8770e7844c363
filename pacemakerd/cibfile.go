package pacemakerd

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/gocorosync/gocorosync/durable"
	"github.com/gocorosync/gocorosync/pacemakerd/cib"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// cibDir is the folder with the CIB's files (cib.md 10). One writer owns it.
type cibDir struct {
	path     string
	log      *slog.Logger
	disabled error // why nothing is written any more
	uid, gid int   // -1: as they come

	// before is called before each change to the folder, by tests: a crash may
	// come there.
	before func(what string)
}

// backups is how many old versions are kept.
const backups = 100

// ErrModified says that somebody edited cib.xml while the cluster was running.
var ErrModified = errors.New("cib.xml was modified by hand while the cluster is running; it is not overwritten " +
	"(stop the cluster, or restore the file from a backup, and use cibadmin for changes)")

func openCIB(path string, log *slog.Logger) (*cibDir, error) {
	d := &cibDir{path: path, log: log, uid: -1, gid: -1, before: func(string) {}}
	if err := os.MkdirAll(path, 0o750); err != nil {
		return nil, fmt.Errorf("cib: %w", err)
	}
	if os.Getuid() == 0 {
		d.uid, d.gid = haclusterIDs()
		_ = os.Chown(path, d.uid, d.gid)
	}
	return d, nil
}

func (d *cibDir) file(name string) string { return filepath.Join(d.path, name) }

// read returns the CIB in a file if its signature is right or missing.
func (d *cibDir) read(name string) (*xml.Element, error) {
	b, err := os.ReadFile(d.file(name))
	if err != nil {
		return nil, err
	}
	n, err := xml.ParseKeepingComments(b)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", d.file(name), err)
	}
	if n.Name != "cib" {
		return nil, fmt.Errorf("%s: the root element is <%s>, not <cib>", d.file(name), n.Name)
	}
	sig, err := os.ReadFile(d.file(name + ".sig"))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return n, nil
	case err != nil:
		return nil, err
	}
	if got := xml.DigestOnDisk(n); got != strings.TrimSpace(string(sig)) {
		return n, fmt.Errorf("%s: %w: it is %s, %s.sig says %s", d.file(name), errDigest, got, name, strings.TrimSpace(string(sig)))
	}
	return n, nil
}

// errDigest says that a file is not the one that its signature is of.
var errDigest = errors.New("wrong digest")

// settle ends a save that a crash or a power cut broke off between its two
// renames: cib.xml is whole then, the new one or the one before, and its
// signature stands in a file that was not renamed yet, or beside the newest
// backup. It tells whether n, read from cib.xml, is such a document.
func (d *cibDir) settle(n *xml.Element) bool {
	digest := xml.DigestOnDisk(n)
	left, _ := filepath.Glob(d.file("cib.[0-9]*"))
	if b := d.backups(); len(b) > 0 {
		left = append(left, b[0]+".sig")
	}
	for _, f := range left {
		b, err := os.ReadFile(f)
		if err != nil || strings.TrimSpace(string(b)) != digest {
			continue
		}
		sig, err := d.write("cib.", []byte(digest), 0o600)
		if err == nil {
			err = os.Rename(sig, d.file("cib.xml.sig"))
		}
		if err != nil { // the next save writes both anew
			d.log.Warn("the signature of cib.xml was not written", "err", err)
		}
		d.log.Warn("writing the CIB was broken off; cib.xml is whole", "version", cib.VersionOf(n).String(), "signature", f)
		return true
	}
	return false
}

// tidy removes what a save that was broken off has left.
func (d *cibDir) tidy() {
	left, _ := filepath.Glob(d.file("cib.[0-9]*"))
	last, _ := filepath.Glob(d.file("cib.last.[0-9]*"))
	for _, f := range append(left, last...) {
		if err := os.Remove(f); err != nil {
			d.log.Warn("a file that a broken-off write left is not removed", "err", err)
		}
	}
}

// load returns the CIB to start with: cib.xml, else the newest good backup,
// else an empty one. A bad file is moved aside, never overwritten.
func (d *cibDir) load() (*xml.Element, error) {
	n, err := d.read("cib.xml")
	switch {
	case err == nil, errors.Is(err, errDigest) && d.settle(n):
	case errors.Is(err, fs.ErrNotExist):
		d.log.Info("no CIB on disk; starting with an empty one", "file", d.file("cib.xml"))
		return cib.Empty(), nil
	default:
		kept, merr := d.setAside()
		if merr != nil {
			return nil, fmt.Errorf("cib: %w; and it cannot be moved aside: %v", err, merr)
		}
		d.log.Error("the CIB on disk is broken; it was moved aside", "err", err, "kept", kept)
		if n = d.newestBackup(); n == nil {
			d.log.Error("no usable backup of the CIB; starting with an empty one")
			return cib.Empty(), nil
		}
	}
	d.tidy()
	n.Set("num_updates", "0")
	n.Unset("dc-uuid")
	n.Child("status").Remove()
	for _, s := range []string{"crm_config", "nodes", "resources", "constraints"} {
		n.Ensure("configuration").Ensure(s)
	}
	n.Append(xml.New("status"))
	return n, nil
}

func (d *cibDir) setAside() (string, error) {
	f, err := os.CreateTemp(d.path, "cib.auto.")
	if err != nil {
		return "", err
	}
	f.Close()
	if err := os.Rename(d.file("cib.xml"), f.Name()); err != nil {
		return "", err
	}
	_ = os.Rename(d.file("cib.xml.sig"), f.Name()+".sig")
	return f.Name(), nil
}

// backups returns the files of earlier versions, the newest first.
func (d *cibDir) backups() []string {
	files, _ := filepath.Glob(d.file("cib-*.raw"))
	age := func(f string) int64 {
		st, err := os.Stat(f)
		if err != nil {
			return 0
		}
		return st.ModTime().UnixNano()
	}
	slices.SortFunc(files, func(a, b string) int { return cmp.Compare(age(b), age(a)) })
	return files
}

func (d *cibDir) newestBackup() *xml.Element {
	for _, f := range d.backups() {
		n, err := d.read(filepath.Base(f))
		if err == nil {
			d.log.Warn("CIB taken from a backup", "file", f, "version", cib.VersionOf(n).String())
			return n
		}
		d.log.Error("backup of the CIB is broken too", "err", err)
	}
	return nil
}

// save makes the configuration of doc durable: it is on disk when save returns
// nil. The previous version becomes a backup.
func (d *cibDir) save(doc *xml.Element) error {
	if d.disabled != nil {
		return d.disabled
	}
	if _, err := d.read("cib.xml"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		d.disabled = fmt.Errorf("%w: %v", ErrModified, err)
		return d.disabled
	}
	if err := d.backup(); err != nil {
		return fmt.Errorf("cib: backup: %w", err)
	}
	out := doc.ShallowClone()
	out.Set("num_updates", "0")
	for _, c := range doc.Children {
		if c.Name != "status" {
			out.Append(c.Clone())
		}
	}
	sig, err := d.write("cib.", []byte(xml.DigestOnDisk(out)), 0o600)
	if err != nil {
		return fmt.Errorf("cib: %w", err)
	}
	text, err := d.write("cib.", out.Format(), 0o600)
	if err != nil {
		os.Remove(sig)
		return fmt.Errorf("cib: %w", err)
	}
	// Both names must be on disk before the first takes its place: what a crash
	// between the renames leaves, settle finds.
	if err := durable.SyncDir(d.path); err != nil {
		return fmt.Errorf("cib: %w", err)
	}
	d.before("rename cib.xml")
	if err := os.Rename(text, d.file("cib.xml")); err != nil {
		os.Remove(sig)
		os.Remove(text)
		return fmt.Errorf("cib: %w", err)
	}
	d.before("rename cib.xml.sig")
	if err := os.Rename(sig, d.file("cib.xml.sig")); err != nil {
		return fmt.Errorf("cib: %w", err)
	}
	d.before("sync the folder")
	return durable.SyncDir(d.path)
}

// write writes a temporary file through to the disk and returns its name.
func (d *cibDir) write(prefix string, b []byte, mode fs.FileMode) (name string, err error) {
	as := durable.As{Mode: mode, UID: d.uid, GID: d.gid}
	return durable.Stage(d.path, prefix, b, as, func(what string) { d.before(what + " " + prefix) })
}

// backup links the current files to the next numbered names.
func (d *cibDir) backup() error {
	seq := 0
	if b, err := os.ReadFile(d.file("cib.last")); err == nil {
		seq, _ = strconv.Atoi(strings.TrimSpace(string(b)))
	}
	if seq < 0 || seq >= backups {
		seq = 0
	}
	for _, suffix := range []string{"", ".sig"} {
		name := d.file(fmt.Sprintf("cib-%d.raw%s", seq, suffix))
		d.before("remove " + name)
		if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		d.before("link " + name)
		if err := os.Link(d.file("cib.xml"+suffix), name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	next, err := d.write("cib.last.", []byte(strconv.Itoa((seq+1)%backups)), 0o640)
	if err != nil {
		return err
	}
	d.before("rename cib.last")
	return os.Rename(next, d.file("cib.last"))
}
