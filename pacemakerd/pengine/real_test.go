package pengine_test

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestReal compares with what crm_simulate of pacemaker 2.1.5 made of the CIBs
// in testdata/real. They are the smallest ones, or the random ones themselves, that
// showed a difference.
func TestReal(t *testing.T) {
	files, err := filepath.Glob("testdata/real/xml/*.xml")
	if err != nil || len(files) == 0 {
		t.Fatal("no CIBs", err)
	}
	for _, f := range files {
		name := strings.TrimSuffix(filepath.Base(f), ".xml")
		t.Run(name, func(t *testing.T) {
			if diff := runCase(t, "testdata/real", name, ""); diff != "" {
				t.Error(diff)
			}
		})
	}
}
