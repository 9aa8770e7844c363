package client

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gocorosync/gocorosync/pacemakerd/cib"
	"github.com/gocorosync/gocorosync/pacemakerd/schema"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

func lookup(env ...string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		for _, e := range env {
			if v, ok := strings.CutPrefix(e, name+"="); ok {
				return v, true
			}
		}
		return "", false
	}
}

func TestPlace(t *testing.T) {
	for _, c := range []struct {
		env  []string
		want Place
	}{
		{nil, Place{}},
		{[]string{"CIB_user=alice"}, Place{User: "alice"}},
		{[]string{"CIB_file=/a"}, Place{File: "/a", Named: true, Why: "CIB_file"}},
		{[]string{"CIB_file=/a", "CIB_user=bob"}, Place{File: "/a", Named: true, Why: "CIB_file", User: "bob"}},
		{[]string{"CIB_file="}, Place{Named: true, Why: "CIB_file"}}, // not the running cluster
		{[]string{"CIB_shadow="}, Place{}},
		{[]string{"CIB_shadow=x", "CIB_shadow_dir=/d", "CIB_file=/a"}, Place{File: "/d/shadow.x", Named: true, Why: "CIB_shadow"}},
		{[]string{"CIB_file=/a", "CIB_port=1"}, Place{File: "/a", Named: true, Why: "CIB_file"}},
		{[]string{"CIB_port=99"}, Place{Remote: "localhost:99", Named: true, Why: "CIB_port"}},
		{[]string{"CIB_port=99", "CIB_server=h", "CIB_user=u"}, Place{Remote: "h:99", Named: true, Why: "CIB_port"}},
		{[]string{"CIB_server=h"}, Place{}},
	} {
		if got := PlaceOf(lookup(c.env...)); got != c.want {
			t.Errorf("%q: %+v, want %+v", c.env, got, c.want)
		}
	}
}

const offline = `<cib crm_feature_set="3.16.1" validate-with="pacemaker-3.9" epoch="5" num_updates="3" admin_epoch="0" cib-last-written="then"><configuration><crm_config/><nodes/><resources><primitive id="a" class="ocf" provider="pacemaker" type="Dummy"/></resources><constraints/></configuration></cib>`

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "cib.xml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func open(path string) (*CIB, error) {
	return OpenCIB(context.Background(), Open{Program: "test", Place: Place{File: path, Named: true}, Schemas: schema.Set{}})
}

func TestFile(t *testing.T) {
	path := write(t, offline)
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	if os.Getuid() == 0 {
		if err := os.Chown(path, 65534, 65533); err != nil {
			t.Fatal(err)
		}
	}
	before, _ := os.Stat(path)
	c, err := open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ctx := context.Background()
	if _, err := c.Do(ctx, &cib.Op{Name: cib.OpDelete, Section: "resources", Data: xml.New("primitive", "id", "a")}); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if s := string(b); !strings.Contains(s, `epoch="6" num_updates="0"`) || !strings.Contains(s, `cib-last-written="then"`) || strings.Contains(s, "primitive") {
		t.Errorf("written:\n%s", s)
	}
	after, _ := os.Stat(path)
	if before.Mode() != after.Mode() || !sameOwner(before, after) {
		t.Errorf("mode or owner changed: %v %v", before, after)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), "*")); len(left) != 1 {
		t.Errorf("left behind: %q", left)
	}
	// What is refused, changes nothing.
	if _, err := c.Do(ctx, &cib.Op{Name: cib.OpCreate, Section: "resources", Data: xml.New("primitive", "id", "b")}); codeIs(err) != cib.SchemaInvalid {
		t.Errorf("a resource without a type: %v", err)
	}
	// Neither is what somebody else wrote meanwhile.
	if err := os.WriteFile(path, []byte(offline), 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Do(ctx, &cib.Op{Name: cib.OpBump}); !errors.Is(err, ErrChanged) {
		t.Errorf("written over another's change: %v", err)
	}
	if b, _ := os.ReadFile(path); string(b) != offline {
		t.Error("another's change is lost")
	}
}

func codeIs(err error) (c cib.Code) {
	errors.As(err, &c)
	return c
}

func TestNoFile(t *testing.T) {
	for _, c := range []struct {
		path string
		want cib.Code
	}{
		{filepath.Join(t.TempDir(), "nope"), cib.NotFound},
		{"", cib.NotFound},
		{t.TempDir(), cib.NotFound},
		{"/dev/zero", cib.NotFound},
		{write(t, ""), cib.SchemaInvalid},
		{write(t, offline[:200]), cib.SchemaInvalid}, // cut off: what is missing would be lost for good
		{write(t, "<foo/>"), cib.SchemaInvalid},
		{write(t, strings.Replace(offline, ` type=`, ` typ=`, 1)), cib.SchemaInvalid},
	} {
		if _, err := open(c.path); codeIs(err) != c.want {
			t.Errorf("%s: %v, want %v", c.path, err, c.want)
		}
	}
	if _, err := OpenCIB(context.Background(), Open{Place: PlaceOf(lookup("CIB_port=1"))}); !errors.Is(err, ErrRemote) {
		t.Errorf("another host: %v", err)
	}
}
