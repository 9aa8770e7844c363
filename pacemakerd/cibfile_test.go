package pacemakerd

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gocorosync/gocorosync/pacemakerd/cib"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

func newDisk(t *testing.T) *cibDir {
	t.Helper()
	d, err := openCIB(filepath.Join(t.TempDir(), "cib"), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func withResource(id string) *xml.Element {
	doc := cib.Empty()
	doc.Set("epoch", "7")
	doc.Set("num_updates", "5")
	cib.Section(doc, "resources").Append(xml.New("primitive", "id", id, "class", "ocf", "provider", "p", "type", "T"))
	doc.Child("status").Append(xml.New("node_state", "id", "1"))
	return doc
}

// TestSaveThenLoad keeps the configuration and drops what belongs to a run.
func TestSaveThenLoad(t *testing.T) {
	d := newDisk(t)
	if err := d.save(withResource("a")); err != nil {
		t.Fatal(err)
	}
	if err := d.save(withResource("b")); err != nil {
		t.Fatal(err)
	}
	doc, err := d.load()
	if err != nil {
		t.Fatal(err)
	}
	if doc.ByID("primitive", "b") == nil || doc.Get("num_updates") != "0" || doc.Child("status").Child("") != nil {
		t.Errorf("loaded %s", doc)
	}
	b, err := os.ReadFile(d.file("cib.xml"))
	if err != nil || strings.Contains(string(b), "<status") {
		t.Errorf("file %s, %v", b, err)
	}
	if old, err := d.read("cib-1.raw"); err != nil || old.ByID("primitive", "a") == nil {
		t.Errorf("backup: %v, %v", old, err)
	}
}

// TestBrokenFileIsMovedAside starts from the backup and keeps what it found.
func TestBrokenFileIsMovedAside(t *testing.T) {
	d := newDisk(t)
	for _, id := range []string{"a", "b"} {
		if err := d.save(withResource(id)); err != nil {
			t.Fatal(err)
		}
	}
	broken := []byte("<cib><configuration>")
	os.Remove(d.file("cib.xml")) // it is linked to nothing: save makes new files
	if err := os.WriteFile(d.file("cib.xml"), broken, 0o600); err != nil {
		t.Fatal(err)
	}
	doc, err := d.load()
	if err != nil || doc.ByID("primitive", "a") == nil {
		t.Fatalf("loaded %v, %v; want the backup", doc, err)
	}
	kept, _ := filepath.Glob(d.file("cib.auto.*"))
	for _, k := range kept {
		if b, _ := os.ReadFile(k); string(b) == string(broken) {
			return
		}
	}
	t.Errorf("the broken file is not among %v", kept)
}

// TestHandEditedFileIsNotOverwritten refuses to write, now and later.
func TestHandEditedFileIsNotOverwritten(t *testing.T) {
	d := newDisk(t)
	if err := d.save(withResource("a")); err != nil {
		t.Fatal(err)
	}
	edited := withResource("mine").Format()
	if err := os.WriteFile(d.file("cib.xml"), edited, 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := d.save(withResource("b")); !errors.Is(err, ErrModified) {
			t.Fatalf("save: %v, want ErrModified", err)
		}
	}
	if b, _ := os.ReadFile(d.file("cib.xml")); string(b) != string(edited) {
		t.Error("the administrator's file was overwritten")
	}
}

// TestCrashWhileSaving takes a copy of the folder before each change to it and
// starts from every copy: with the version before or the new one, never an
// older one, and with the new one once save has returned.
func TestCrashWhileSaving(t *testing.T) {
	d := newDisk(t)
	for _, id := range []string{"a", "b", "c"} {
		if err := d.save(withResource(id)); err != nil {
			t.Fatal(err)
		}
	}
	type crash struct{ what, dir string }
	var crashes []crash
	d.before = func(what string) {
		crashes = append(crashes, crash{what, copyOf(t, d.path)})
	}
	if err := d.save(withResource("new")); err != nil {
		t.Fatal(err)
	}
	d.before("afterwards")
	if len(crashes) < 10 {
		t.Fatalf("%d places to crash at", len(crashes))
	}
	for i, c := range crashes {
		again, err := openCIB(c.dir, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		doc, err := again.load()
		if err != nil {
			t.Fatalf("%s: %v", c.what, err)
		}
		if id := doc.Descend("configuration", "resources", "primitive").ID(); id != "new" && (id != "c" || i == len(crashes)-1) {
			t.Errorf("crash before %q: started with %q", c.what, id)
		}
		if left, _ := filepath.Glob(filepath.Join(c.dir, "cib.*[0-9]*")); len(left) > 0 {
			t.Errorf("crash before %q: left behind %v", c.what, left)
		}
		if err := again.save(withResource("next")); err != nil {
			t.Errorf("crash before %q: then save: %v", c.what, err)
		}
	}
}

// TestPowerCut brings the second rename to disk and not the first: the version
// before goes on.
func TestPowerCut(t *testing.T) {
	d := newDisk(t)
	for _, id := range []string{"a", "b"} {
		if err := d.save(withResource(id)); err != nil {
			t.Fatal(err)
		}
	}
	var dir string
	d.before = func(what string) {
		if what == "rename cib.xml" {
			dir = copyOf(t, d.path)
		}
	}
	if err := d.save(withResource("new")); err != nil {
		t.Fatal(err)
	}
	sig, err := os.ReadFile(d.file("cib.xml.sig"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "cib.xml.sig"), sig, 0o600); err != nil {
		t.Fatal(err)
	}
	again, err := openCIB(dir, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	doc, err := again.load()
	if err != nil {
		t.Fatal(err)
	}
	if id := doc.Descend("configuration", "resources", "primitive").ID(); id != "b" {
		t.Errorf("started with %q, want b", id)
	}
}

// copyOf copies a folder with the times of its files.
func copyOf(t *testing.T, path string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "cib")
	if err := os.CopyFS(dir, os.DirFS(path)); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		st, err := e.Info()
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(filepath.Join(dir, e.Name()), st.ModTime(), st.ModTime()); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
