package main

import (
	"testing"

	"github.com/gocorosync/gocorosync/tool/option/optiontest"
)

// TestDaemons: the box's own table and what completes all that is in it are sound.
func TestDaemons(t *testing.T) {
	b := daemons()
	optiontest.Programs(t, b.Program())
	optiontest.Completion(t, b.Program(), b.Programs)
}
