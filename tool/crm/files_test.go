package crm

import (
	"bytes"
	"context"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"testing"

	"github.com/gocorosync/gocorosync/captures"
	"github.com/gocorosync/gocorosync/conf"
	"github.com/gocorosync/gocorosync/tool"
)

// fileTranscripts are the runs on CIB files, good and broken.
var fileTranscripts = []string{"60-crm_verify.txt", "61-crm_simulate.txt", "62-crm_mon-file.txt", "64-crm_mon-html.txt"}

// TestFilesAsTheRealOnes repeats what the real tools were asked about CIB
// files and compares output and exit status. What is not equal yet stands in
// testdata/files-todo.txt, a list that only gets shorter.
func TestFilesAsTheRealOnes(t *testing.T) {
	todo := map[string]bool{}
	if b, err := os.ReadFile("testdata/files-todo.txt"); err == nil {
		for line := range strings.Lines(string(b)) {
			todo[strings.TrimSpace(line)] = true
		}
	}
	var failing []string
	count := 0
	cibs := captures.Folder(t, "crm", "cibs")
	for _, p := range []struct {
		name    string
		profile conf.Profile
	}{{"el7", conf.EL7}, {"el9", conf.EL9}} {
		for _, f := range fileTranscripts {
			for _, st := range transcript(t, path.Join(p.name, f)) {
				run, ok := fileCommand(t, st.command, cibs, p.name)
				if !ok {
					continue
				}
				count++
				name := p.name + " " + f[:2] + " " + st.command
				out, errs, code := run(p.profile)
				if variables(out) == variables(st.stdout) && variables(errs) == variables(st.stderr) && code == st.exit {
					if todo[name] {
						t.Errorf("%s: is equal now, strike it from the list", name)
					}
					continue
				}
				failing = append(failing, name)
				if !todo[name] {
					t.Errorf("%s:\ngot exit %s:\n%s# stderr:\n%swant exit %s:\n%s# stderr:\n%s", name, code, out, errs, st.exit, st.stdout, st.stderr)
				}
			}
		}
	}
	if to := os.Getenv("GOCOROSYNC_FILES_TODO"); to != "" {
		sort.Strings(failing)
		if err := os.WriteFile(to, []byte(strings.Join(failing, "\n")+"\n"), 0o644); err != nil {
			t.Error(err)
		}
	}
	t.Logf("%d of %d runs are equal", count-len(failing), count)
}

var changing = regexp.MustCompile(`(?m)(Last (?:updated|change): </span><span>|Last updated: |Last change: |last_(change|update) time="|<b>Last (updated|change):</b> |<last_(update|change) time="|Last (updated|change):</span><span[^>]*> ?)[^"<\n\t]*|\(version [^)]*\)`)

func variables(s string) string {
	return changing.ReplaceAllString(strings.ReplaceAll(s, "/run/v/", ""), "$1*")
}

// fileCommand makes a run of our tool from a command line of a transcript.
func fileCommand(t *testing.T, line, cibs, profile string) (run func(conf.Profile) (out, errs, code string), ok bool) {
	t.Helper()
	dir := filepath.Join(cibs, "verify")
	w := strings.Fields(line)
	var file string
	if v, ok := strings.CutPrefix(w[0], "CIB_file="); ok {
		w = w[1:]
		if _, err := os.Stat(filepath.Join(dir, filepath.Base(v))); err != nil {
			dir = filepath.Join(cibs, "live-"+profile)
		}
		file = filepath.Join(dir, filepath.Base(v))
	}
	var fn func(context.Context, *tool.Env) int
	switch w[0] {
	case "crm_verify":
		fn = Verify
	case "crm_simulate":
		fn = Simulate
	case "crm_mon":
		fn = Mon
	default:
		return nil, false
	}
	page := ""
	if before, ok := strings.CutSuffix(line, "=out.html; cat out.html"); ok { // the page is printed once it is written
		page = filepath.Join(t.TempDir(), "out.html")
		line = before
		w = append(strings.Fields(line)[1:len(strings.Fields(line))-1], "--as-html="+page)
	}
	if strings.ContainsAny(line, "$;|") || file != "" && w[0] != "crm_mon" {
		return nil, false
	}
	args := w[1:]
	for i := range args {
		if strings.HasSuffix(args[i], ".xml") && i > 0 && args[i-1] == "-x" {
			if _, err := os.Stat(filepath.Join(dir, args[i])); err == nil {
				args[i] = filepath.Join(dir, args[i])
			}
		}
	}
	return func(p conf.Profile) (string, string, string) {
		t.Setenv("CIB_file", file)
		var out, errs bytes.Buffer
		env := &tool.Env{Name: w[0], Args: args, Profile: p, Stdout: &out, Stderr: &errs}
		code := fn(context.Background(), env)
		if page != "" {
			b, _ := os.ReadFile(page)
			out.Write(b)
		}
		strip := func(s string) string { return strings.ReplaceAll(s, dir+"/", "/run/v/") }
		return strip(out.String()), strip(errs.String()), strconv.Itoa(code)
	}, true
}
