package crash

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const env = "GOCOROSYNC_TEST_CRASH"

func TestMain(m *testing.M) {
	if dir := os.Getenv(env); dir != "" {
		earlier, err := Record(dir, "me")
		if err != nil {
			fmt.Println(err)
			os.Exit(3)
		}
		fmt.Println(earlier)
		go panic("the reason") // as from any goroutine
		time.Sleep(time.Minute)
	}
	os.Exit(m.Run())
}

// TestRecord lets processes panic: each next one tells of the one before, and the
// last few are kept.
func TestRecord(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "lib", "me")
	for i := range kept + 3 {
		c := exec.Command(os.Args[0])
		c.Env = append(os.Environ(), env+"="+dir)
		out, err := c.Output()
		if c.ProcessState.ExitCode() != 2 {
			t.Fatalf("process %d: %v, %s", i, err, out)
		}
		said := strings.TrimSpace(string(out))
		if i == 0 {
			if said != "" {
				t.Errorf("the first tells of %q", said)
			}
			continue
		}
		b, err := os.ReadFile(said)
		if err != nil || !strings.Contains(string(b), "panic: the reason") || !strings.Contains(string(b), "goroutine ") {
			t.Errorf("process %d tells of %q: %v, %q", i, said, err, b)
		}
	}
	list, _ := filepath.Glob(filepath.Join(dir, "*"))
	if len(list) != kept+1 {
		t.Errorf("%d files, want %d: %v", len(list), kept+1, list)
	}
}

// TestLarge: a report has a bound, and what is not one is left alone.
func TestLarge(t *testing.T) {
	path := filepath.Join(t.TempDir(), "crash-me")
	other := path + "-2-notZ"
	for _, p := range []string{path, other} {
		if err := os.WriteFile(p, make([]byte, maxSize+7), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	earlier, err := keep(path)
	if err != nil {
		t.Fatal(err)
	}
	if st, err := os.Stat(earlier); err != nil || st.Size() != maxSize {
		t.Errorf("%v %v", st, err)
	}
	if _, err := os.Stat(other); err != nil {
		t.Error(err)
	}
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := keep(path); err == nil {
		t.Error("a folder is taken for a report")
	}
}
