// Package crash keeps what the Go runtime says when it ends a program: with a
// panic that nobody recovers from, or a fatal error of its own. It is written
// beside standard error, which a service manager may throw away.
package crash

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"time"
)

const (
	kept    = 5       // reports of earlier crashes, for each name
	maxSize = 1 << 20 // of each; the beginning says the most
)

// Record makes the runtime write its last words to the file crash-NAME below dir,
// which is made if it is missing. If that holds those of an earlier process it is
// renamed, and its new path returned: a report that nobody was told of yet. One
// process of a name may run at a time.
func Record(dir, name string) (earlier string, err error) {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return "", fmt.Errorf("crash: %w", err)
	}
	path := filepath.Join(dir, "crash-"+name)
	if earlier, err = keep(path); err != nil {
		return "", fmt.Errorf("crash: %w", err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return earlier, fmt.Errorf("crash: %w", err)
	}
	defer f.Close() // the runtime has a descriptor of its own
	if err := debug.SetCrashOutput(f, debug.CrashOptions{}); err != nil {
		return earlier, fmt.Errorf("crash: %w", err)
	}
	return earlier, nil
}

// keep moves a report out of the way, and removes the oldest of those that are
// too many.
func keep(path string) (earlier string, err error) {
	st, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", nil
	case err != nil:
		return "", err
	case !st.Mode().IsRegular():
		return "", fmt.Errorf("%s is not a file", path)
	case st.Size() == 0:
		return "", nil
	}
	if st.Size() > maxSize {
		if err := os.Truncate(path, maxSize); err != nil {
			return "", err
		}
	}
	earlier = path + "-" + st.ModTime().UTC().Format(stamp)
	if err := os.Rename(path, earlier); err != nil {
		return "", err
	}
	old, err := filepath.Glob(path + "-[0-9]*Z")
	if err != nil {
		return earlier, err
	}
	old = slices.DeleteFunc(old, func(p string) bool {
		_, err := time.Parse(stamp, p[len(path)+1:])
		return err != nil
	})
	slices.Sort(old)
	for _, p := range old[:max(0, len(old)-kept)] {
		if err := os.Remove(p); err != nil {
			return earlier, err
		}
	}
	return earlier, nil
}

// stamp sorts by time.
const stamp = "20060102T150405.000000Z"
