package agent

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gocorosync/gocorosync/durable"
	"github.com/gocorosync/gocorosync/pacemakerd/lrmd"
)

// What each resource runs with is in the journal's folder too, one file a resource.

const keptSuffix = ".kept"

// Keep notes what a resource runs with, or without parameters that it does not run.
func (j *Journal) Keep(k lrmd.Kept) error {
	if j == nil {
		return nil
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	path := strings.TrimSuffix(j.path(k.Resource), entrySuffix) + keptSuffix
	if k.Params == nil {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	}
	b, err := json.Marshal(k)
	if err != nil {
		return err
	}
	return durable.Write(path, b, durable.Owned(0o600)) // parameters may be secrets
}

// Kept returns what an earlier process has noted of what runs. A file that cannot be
// read is removed.
func (j *Journal) Kept() []lrmd.Kept {
	if j == nil {
		return nil
	}
	files, err := filepath.Glob(filepath.Join(j.dir, "*"+keptSuffix))
	if err != nil {
		return nil
	}
	slices.Sort(files)
	var list []lrmd.Kept
	for _, f := range files {
		var k lrmd.Kept
		b, err := os.ReadFile(f)
		if err != nil || json.Unmarshal(b, &k) != nil || k.Resource == "" {
			os.Remove(f)
			continue
		}
		list = append(list, k)
	}
	return list
}
