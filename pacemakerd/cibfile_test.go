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

func withResource(id string) *xml.Node {
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
