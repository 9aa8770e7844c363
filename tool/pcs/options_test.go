package pcs

import (
	"testing"

	"github.com/gocorosync/gocorosync/tool/option/optiontest"
)

// TestProgram: the table of options and commands is sound.
func TestProgram(t *testing.T) { optiontest.Programs(t, Program()) }
