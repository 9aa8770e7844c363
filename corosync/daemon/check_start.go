package daemon

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/gocorosync/gocorosync/conf"
	"github.com/gocorosync/gocorosync/conf/lint"
)

// checkStart finds what the daemon would not start with on this host although the
// file is right in itself: folders that are not there, a priority that is none.
func checkStart(f *conf.File, profile conf.Profile) (found []lint.Finding) {
	v := conf.FromKeys(f.Keys)
	add := func(key, check, remedy, format string, args ...any) {
		found = append(found, lint.Finding{Line: max(f.Line(key), 1), Column: 1, Severity: lint.Error, Check: check,
			Text: fmt.Sprintf(format, args...), Remedy: remedy})
	}
	if dir := v.Text("system.state_dir", ""); profile == conf.EL9 && dir != "" && !isFolder(dir) {
		add("system.state_dir", "state-dir", "make it, or take the key out", "there is no folder %s", dir)
	}
	if p := v.Text("system.priority", "max"); profile == conf.EL9 && !isPriority(p) {
		add("system.priority", "priority", "write max, min or a number", "%q is no priority", p)
	}
	if l, err := conf.ReadLogging(v, profile); err == nil && l.Path != "" && !isFolder(filepath.Dir(l.Path)) {
		add("logging.logfile", "logfile", "make it, or write another file", "there is no folder %s", filepath.Dir(l.Path))
	}
	return found
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// isPriority tells whether a value of system.priority is one.
func isPriority(v string) bool {
	_, err := strconv.Atoi(v)
	return err == nil || v == "max" || v == "min"
}
