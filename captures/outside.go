package captures

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// What a test can ask for that may not be there. GOCOROSYNC_REQUIRE lists, with
// commas, what has to be: tests that lack it fail instead of being skipped.
const (
	Peers = "peers" // the original daemons and tools, and what they need of the machine
	Cases = "cases" // material outside this repository, in the folder that GOCOROSYNC_SHARED names
	// Vectors are the archives of this package. They are always here, so to
	// require them is to say what is so.
	Vectors = "vectors"
)

// Outside returns the path of a file or folder that is not part of this
// repository: the originals' own test data and long texts, which are under
// their licence. It is looked for in the folder that GOCOROSYNC_SHARED names, by
// default ../shared: beside the checkout.
func Outside(t testing.TB, path string) string {
	t.Helper()
	dir := os.Getenv("GOCOROSYNC_SHARED")
	if dir == "" {
		dir = "../shared"
	}
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(root(t), dir)
	}
	path = filepath.Join(dir, filepath.FromSlash(path))
	if _, err := os.Stat(path); err != nil {
		Lack(t, Cases, err.Error()+"; GOCOROSYNC_SHARED names the folder of what is outside the repository")
	}
	return path
}

// Lack skips a test for want of something, or fails it where GOCOROSYNC_REQUIRE
// names the kind of what is missing.
func Lack(t testing.TB, kind, why string) {
	t.Helper()
	if required(t, kind) {
		t.Fatalf("%s (GOCOROSYNC_REQUIRE wants %s)", why, kind)
	}
	t.Skip(why)
}

func required(t testing.TB, kind string) bool {
	t.Helper()
	list := strings.FieldsFunc(os.Getenv("GOCOROSYNC_REQUIRE"), func(r rune) bool { return r == ',' || r == ' ' })
	for _, word := range list {
		if word != Peers && word != Cases && word != Vectors {
			t.Fatalf("GOCOROSYNC_REQUIRE: there is no %q, only %s, %s and %s", word, Peers, Cases, Vectors)
		}
	}
	return slices.Contains(list, kind)
}

// root is the folder of this module.
func root(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		if dir == filepath.Dir(dir) {
			t.Fatal("no go.mod above this folder")
		}
		dir = filepath.Dir(dir)
	}
}
