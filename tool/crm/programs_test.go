package crm

import (
	"testing"

	"github.com/gocorosync/gocorosync/tool/option/optiontest"
)

// TestPrograms: every tool has a table, which is sound.
func TestPrograms(t *testing.T) { optiontest.Tools(t, Tools(), Programs()) }
