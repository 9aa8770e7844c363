package crm

import (
	"slices"
	"testing"

	"github.com/gocorosync/gocorosync/tool/option"
	"github.com/gocorosync/gocorosync/tool/option/optiontest"
)

// TestPrograms: every tool has a table, which is sound.
func TestPrograms(t *testing.T) {
	for name := range Tools() {
		if !slices.ContainsFunc(Programs(), func(p *option.Program) bool { return p.Name == name }) {
			t.Errorf("%s has no table", name)
		}
	}
	optiontest.Programs(t, Programs()...)
}
